//! One open socket: greets, answers pings, and closes when it must; one task per connection.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason as Close, Closed, ProtocolError, Session,
};
use common::{
    chat::{
        ClientFrame, CloseReason, Cursor, Limits, ServerFrame, VERSION,
        client_frames::{Capability, OwnPresence},
        limits::FRAME_RATE,
        server_frames::{FrameError, FrameErrorCode, NackCode, Reconnect, ServerPing, ServerPong, Welcome},
        wire,
    },
    ids::{SessionId, SocketSessionId, ThreadId},
};
use tokio::time::{Instant, sleep_until};

use super::{
    following::{self, Following},
    hub::{Overflow, Told},
    pace::{Breaches, Bucket, TooFast, random_fraction},
    presence::Lease,
    service,
    sockets::Place,
    writing::{self, Batch, Lane, Step},
};
use crate::{app::App, auth::service::Login, clock::deadline};

/// The first frame must come within this time.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Middle of the time between pings; each is up to a fifth shorter or longer, so that sockets do not ping in step.
const PING_EVERY: Duration = Duration::from_secs(25);
const PONG_WITHIN: Duration = Duration::from_secs(8);
/// A client that does not read for this long is cut.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Clients come back over this time when a node goes away.
const DRAIN_WINDOW_MS: u64 = 15_000;

/// Characters of a device's name that tell it from others.
const DEVICE_CHARS: usize = 64;
/// What follows on something that was refused for now waits this long.
const HALTED_MS: u64 = 1_000;
const HELLO_FIRST: &str = "the first frame is hello";

/// How a socket came to its end.
enum End {
    /// The other side left, or the line is dead: nothing can be said any more.
    Gone,
    Close(CloseReason),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        End::Gone
    }
}

struct Socket {
    app: Arc<App>,
    session_id: SessionId,
    connection: String,
    /// Its number among the sockets of this node.
    place: u64,
    following: Following,
    lease: Lease,
    /// Wants nothing of the moment.
    is_lite: bool,
    session: Session,
    is_greeted: bool,
    frames: Bucket,
    breaches: Breaches,
    /// Number of the last ping, and until when its pong must come.
    ping: u64,
    pong_due: Option<Instant>,
    next_ping: Instant,
}

/// Serves the socket until one side ends it.
pub async fn run(app: Arc<App>, login: Login, mut place: Place, session: Session, mut stream: AggregatedMessageStream) {
    let hello_due = deadline(HELLO_WITHIN);
    let following = match Following::of(Arc::clone(&app), login).await {
        Ok(following) => following,
        Err(error) => {
            tracing::error!(?error, "Could not open a socket");
            let _ = session.close(None).await;
            return;
        }
    };
    let (frame_rate, now) = (app.pace.scaled(FRAME_RATE), app.clock.now().timestamp_millis());
    let connection = app.clock.new_id::<SessionId>().to_string();
    let mut socket = Socket {
        lease: app.presences.lease(&connection, login.user_id),
        is_lite: false,
        connection,
        place: place.id,
        following,
        app,
        session_id: login.session_id,
        session,
        is_greeted: false,
        frames: Bucket::full(frame_rate, now),
        breaches: Breaches::default(),
        ping: 0,
        pong_due: None,
        next_ping: deadline(PING_EVERY.mul_f64(random_fraction())),
    };
    let end = loop {
        let due = match (socket.is_greeted, socket.pong_due) {
            (false, _) => hello_due,
            (true, Some(pong_due)) => pong_due,
            (true, None) => socket.next_ping,
        };
        let step = tokio::select! {
            // Closing comes first, however fast frames arrive.
            biased;
            reason = &mut place.closing => Err(End::Close(reason.unwrap_or(CloseReason::Drain))),
            message = stream.recv() => match message {
                Some(Ok(message)) => socket.receive(message).await,
                Some(Err(ProtocolError::Overflow)) => Err(End::Close(CloseReason::TooBig)),
                Some(Err(_)) => Err(End::Close(CloseReason::Malformed)),
                None => Err(End::Gone),
            },
            told = socket.following.next() => match told {
                Ok(told) => socket.tell(told).await,
                Err(Overflow) => Err(End::Close(CloseReason::SlowConsumer)),
            },
            () = sleep_until(due) => socket.tick().await,
        };
        if let Err(end) = step {
            break end;
        }
    };
    if let End::Close(reason) = end {
        socket.close(reason).await;
    }
}

impl Socket {
    async fn receive(&mut self, message: AggregatedMessage) -> Result<(), End> {
        match message {
            AggregatedMessage::Text(text) => self.receive_text(&text).await,
            AggregatedMessage::Binary(_) => Err(End::Close(CloseReason::Malformed)),
            AggregatedMessage::Ping(bytes) => match self.frames.take(self.app.pace.scaled(FRAME_RATE), self.now()) {
                Ok(()) => Ok(self.session.pong(&bytes).await?),
                Err(_) => self.breached(),
            },
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(End::Gone),
        }
    }

    async fn receive_text(&mut self, text: &str) -> Result<(), End> {
        let frames = wire::read_client(text).map_err(|unreadable| End::Close(unreadable.close_reason()))?;
        let mut is_breach = false;
        // What was refused for now halts its lane, so that nothing overtakes it.
        let mut halted: Vec<Option<Lane>> = Vec::new();
        for step in writing::steps(frames) {
            let allowed = self.frames.take(self.app.pace.scaled(FRAME_RATE), self.now());
            match (step, allowed) {
                (Step::Write(batch), allowed) => {
                    if self.is_greeted {
                        is_breach |= self.write_batch(batch, allowed, &mut halted).await?;
                    } else {
                        self.refuse(HELLO_FIRST).await?;
                    }
                }
                (Step::Obey(frame), Ok(())) => self.obey(frame).await?,
                (Step::Refused(refused), Ok(())) => self.send(&refused.into()).await?,
                (Step::Obey(_) | Step::Refused(_), Err(too_fast)) => {
                    is_breach = true;
                    self.slow_down(too_fast).await?;
                }
            }
        }
        match is_breach {
            true => self.breached(),
            false => Ok(()),
        }
    }

    /// Whether it came too fast; then all of it is refused for now.
    async fn write_batch(
        &mut self,
        batch: Batch,
        allowed: Result<(), TooFast>,
        halted: &mut Vec<Option<Lane>>,
    ) -> Result<bool, End> {
        let lane = batch.lane;
        let allowed = match halted.contains(&lane) {
            true => Err(TooFast { after_ms: HALTED_MS }),
            false => allowed.and_then(|()| self.app.pace.sends.take(self.following.person.user_id(), self.now())),
        };
        let (answers, is_halted) = match allowed {
            Ok(()) => {
                let written = self.following.write(batch).await;
                (written.answers, written.is_halted)
            }
            Err(too_fast) => (batch.refuse(NackCode::RateLimited, Some(too_fast.after_ms)), true),
        };
        if is_halted {
            halted.push(lane);
        }
        for answer in answers {
            self.send(&answer).await?;
        }
        Ok(allowed.is_err())
    }

    /// Whoever goes too fast again and again is cut.
    fn breached(&mut self) -> Result<(), End> {
        match self.breaches.add(self.now()) {
            true => Err(End::Close(CloseReason::RateLimited)),
            false => Ok(()),
        }
    }

    async fn slow_down(&mut self, too_fast: TooFast) -> Result<(), End> {
        let refused = FrameError {
            id: None,
            code: FrameErrorCode::RateLimited,
            msg: "too many frames; wait `after_ms`".to_owned(),
            retry: true,
            after_ms: Some(too_fast.after_ms),
        };
        self.send(&refused.into()).await
    }

    async fn obey(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Hello(hello) if hello.v != VERSION => Err(End::Close(CloseReason::Version)),
            ClientFrame::Hello(_) if self.is_greeted => self.refuse("hello comes once").await,
            ClientFrame::Hello(hello) => {
                let device = (
                    self.following.person.user_id(),
                    hello.device.chars().take(DEVICE_CHARS).collect(),
                );
                if let Err(too_fast) = self.app.pace.hellos.take(device, self.now()) {
                    self.slow_down(too_fast).await?;
                    return Err(End::Close(CloseReason::RateLimited));
                }
                let Ok((user_cursor, missed)) = self.following.person.greet(hello.user_cursor).await else {
                    return Err(End::Close(CloseReason::SequenceLost));
                };
                self.is_greeted = true;
                self.is_lite = hello.caps.contains(&Capability::Lite);
                self.set_presence(hello.presence);
                let session = self.app.clock.new_id::<SocketSessionId>();
                self.app.sockets.greet(self.place, session, hello.session);
                let welcome = Welcome {
                    v: VERSION,
                    // A session's ring is not kept: cursors bring back what was missed, on any node.
                    session,
                    conn: self.connection.clone(),
                    node: String::new(),
                    resumed: false,
                    ping_ms: millis(PING_EVERY),
                    pong_ms: millis(PONG_WITHIN),
                    limits: Limits::default(),
                    st: self.now(),
                    user_cursor,
                };
                self.send(&welcome.into()).await?;
                for event in missed {
                    self.send(&event.into()).await?;
                }
                self.subscribe(None, hello.cursors).await
            }
            _ if !self.is_greeted => self.refuse(HELLO_FIRST).await,
            ClientFrame::Subscribe(wish) => self.subscribe(wish.id, wish.threads).await,
            ClientFrame::Unsubscribe(wish) => {
                wish.threads.into_iter().for_each(|thread| self.following.leave(thread));
                Ok(())
            }
            // Steps are made of these.
            ClientFrame::Send(_) | ClientFrame::Edit(_) | ClientFrame::Delete(_) => Ok(()),
            ClientFrame::Fetch(wish) => {
                let id = wish.id.clone();
                let found = self.following.fetch(wish).await;
                self.answer(id, found).await
            }
            ClientFrame::Read(mark) => {
                let marked = self.following.mark_read(mark).await;
                self.answer(None, marked.map(|()| Vec::new())).await
            }
            ClientFrame::Typing(wish) => {
                let key = (self.following.person.user_id(), wish.thread);
                // Frames that a slow line brings together are no breach.
                if let Err(too_fast) = self.app.pace.typing.take(key, self.now()) {
                    return self.slow_down(too_fast).await;
                }
                let told = self.following.typing(wish);
                self.answer(None, told.map(|()| Vec::new())).await
            }
            ClientFrame::CancelStream(_) => self.refuse("this cannot be done yet").await,
            ClientFrame::Presence(wish) => {
                self.set_presence(wish.state);
                Ok(())
            }
            ClientFrame::Ping(ping) => {
                let pong = ServerPong {
                    n: ping.n,
                    ct: ping.ct,
                    st: self.now(),
                };
                self.send(&ServerFrame::Pong(pong)).await
            }
            ClientFrame::Pong(pong) => {
                if pong.n == self.ping {
                    self.pong_due = None;
                }
                Ok(())
            }
            ClientFrame::AuthRefresh(refresh) => match service::redeem_ticket(&self.app, &refresh.ticket).await {
                Ok(login) if login.session_id == self.session_id => Ok(()),
                Ok(_) | Err(_) => Err(End::Close(CloseReason::AuthExpired)),
            },
            ClientFrame::Bye(_) => Err(End::Gone),
        }
    }

    async fn subscribe(&mut self, id: Option<String>, threads: BTreeMap<ThreadId, Cursor>) -> Result<(), End> {
        for (thread, cursor) in threads {
            let mut found = self.following.subscribe(thread, cursor).await;
            if let (true, Ok(frames)) = (self.is_lite, &mut found) {
                frames.retain(|frame| !matches!(frame, ServerFrame::Presence(_)));
            }
            self.answer(id.clone(), found).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, id: Option<String>, found: Result<Vec<ServerFrame>, FrameErrorCode>) -> Result<(), End> {
        match found {
            Ok(frames) => {
                for frame in frames {
                    self.send(&frame).await?;
                }
                Ok(())
            }
            Err(code) => self.send(&following::frame_error(id, code).into()).await,
        }
    }

    /// Writes what the hub has told.
    async fn tell(&mut self, told: Told) -> Result<(), End> {
        match told {
            Told::Moment(_) if self.is_lite => Ok(()),
            Told::Moment(moment) => match self.following.hear(&moment) {
                Some(text) => self.write(text).await,
                None => Ok(()),
            },
            Told::Woken if !self.is_greeted => Ok(()),
            Told::Woken => match self.following.news().await {
                Ok(events) => {
                    for event in events {
                        self.send(&event.into()).await?;
                    }
                    Ok(())
                }
                Err(error) => {
                    tracing::error!(?error, "Could not read a person's own stream");
                    Err(End::Close(CloseReason::SequenceLost))
                }
            },
            Told::Event(event) => loop {
                match self.following.follow_up(&event).await {
                    Ok(texts) if texts.is_empty() => return Ok(()),
                    Ok(texts) => {
                        for text in texts {
                            self.write(text).await?;
                        }
                    }
                    // The client comes back with its cursors.
                    Err(error) => {
                        tracing::error!(?error, "Could not read the log of a thread");
                        return Err(End::Close(CloseReason::SequenceLost));
                    }
                }
            },
        }
    }

    fn set_presence(&mut self, presence: OwnPresence) {
        self.following.person.set_presence(presence);
        self.lease.set(presence);
    }

    /// Something is due: the hello that never came, the pong that never came, or the next ping.
    async fn tick(&mut self) -> Result<(), End> {
        if !self.is_greeted || self.pong_due.is_some() {
            return Err(End::Close(CloseReason::PongTimeout));
        }
        self.ping += 1;
        self.pong_due = Some(deadline(PONG_WITHIN));
        self.next_ping = deadline(PING_EVERY.mul_f64(0.8 + 0.4 * random_fraction()));
        let ping = ServerPing {
            n: self.ping,
            st: self.now(),
        };
        self.send(&ServerFrame::Ping(ping)).await
    }

    async fn refuse(&mut self, msg: &str) -> Result<(), End> {
        let refused = FrameError {
            id: None,
            code: FrameErrorCode::Unsupported,
            msg: msg.to_owned(),
            retry: false,
            after_ms: None,
        };
        self.send(&refused.into()).await
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        self.write(wire::write(std::slice::from_ref(frame))).await
    }

    async fn write(&mut self, text: String) -> Result<(), End> {
        match tokio::time::timeout(WRITE_WITHIN, self.session.text(text)).await {
            Ok(sent) => Ok(sent?),
            // Whoever does not read for so long is cut; nothing more can be said.
            Err(_) => Err(End::Gone),
        }
    }

    async fn close(mut self, reason: CloseReason) {
        if reason == CloseReason::Drain {
            let why = "drain".to_owned();
            let farewell = Reconnect {
                window_ms: DRAIN_WINDOW_MS,
                why,
            };
            if self.send(&farewell.into()).await.is_err() {
                return;
            }
        }
        let close = Close {
            code: CloseCode::Other(reason.code()),
            description: Some(reason.words().to_owned()),
        };
        // Whoever is gone already needs no farewell.
        let _ = tokio::time::timeout(WRITE_WITHIN, self.session.close(Some(close))).await;
    }

    fn now(&self) -> i64 {
        self.app.clock.now().timestamp_millis()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
