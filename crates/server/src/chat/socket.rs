//! One open socket: greets, answers pings, and closes when it must; one task per connection.

use std::{sync::Arc, time::Duration};

use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason as Close, Closed, Session};
use common::{
    chat::{BATCH_MAX, ClientFrame, CloseReason, FRAME_MAX, Limits, ServerFrame, VERSION},
    ids::SessionId,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{service, sockets::Place};
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
    session: Session,
    is_greeted: bool,
    /// Number of the last ping, and until when its pong must come.
    ping: u64,
    pong_due: Option<Instant>,
    next_ping: Instant,
}

/// Serves the socket until one side ends it.
pub async fn run(app: Arc<App>, login: Login, mut place: Place, session: Session, mut stream: AggregatedMessageStream) {
    let hello_due = deadline(HELLO_WITHIN);
    let mut socket = Socket {
        connection: app.clock.new_id::<SessionId>().to_string(),
        app,
        session_id: login.session_id,
        session,
        is_greeted: false,
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
                Some(Err(_)) => Err(End::Close(CloseReason::Malformed)),
                None => Err(End::Gone),
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
            AggregatedMessage::Ping(bytes) => Ok(self.session.pong(&bytes).await?),
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(End::Gone),
        }
    }

    async fn receive_text(&mut self, text: &str) -> Result<(), End> {
        let frames = match serde_json::from_str(text) {
            Ok(Value::Array(frames)) if frames.len() <= BATCH_MAX => frames,
            Ok(frame @ Value::Object(_)) => vec![frame],
            Ok(_) | Err(_) => return Err(End::Close(CloseReason::Malformed)),
        };
        for frame in frames {
            let id = frame.get("id").and_then(|id| id.as_str()).map(str::to_owned);
            match ClientFrame::deserialize(&frame) {
                Ok(frame) => self.obey(frame, id).await?,
                Err(_) if !frame.is_object() => return Err(End::Close(CloseReason::Malformed)),
                Err(error) => self.refuse(id, "unsupported", &error.to_string()).await?,
            }
        }
        Ok(())
    }

    async fn obey(&mut self, frame: ClientFrame, id: Option<String>) -> Result<(), End> {
        match frame {
            ClientFrame::Hello { v, .. } if v != VERSION => Err(End::Close(CloseReason::Version)),
            ClientFrame::Hello { .. } if self.is_greeted => self.refuse(id, "unsupported", "hello comes once").await,
            ClientFrame::Hello { .. } => {
                self.is_greeted = true;
                self.send(&ServerFrame::Welcome {
                    v: VERSION,
                    session: self.session_id,
                    conn: self.connection.clone(),
                    resumed: false,
                    ping_ms: millis(PING_EVERY),
                    pong_ms: millis(PONG_WITHIN),
                    limits: Limits { frame: FRAME_MAX },
                    st: self.now(),
                })
                .await
            }
            _ if !self.is_greeted => self.refuse(id, "unsupported", "the first frame is hello").await,
            ClientFrame::Ping { n, ct } => self.send(&ServerFrame::Pong { n, ct, st: self.now() }).await,
            ClientFrame::Pong { n } => {
                if n == self.ping {
                    self.pong_due = None;
                }
                Ok(())
            }
            ClientFrame::AuthRefresh { ticket } => match service::redeem_ticket(&self.app, &ticket).await {
                Ok(login) if login.session_id == self.session_id => Ok(()),
                Ok(_) | Err(_) => Err(End::Close(CloseReason::AuthExpired)),
            },
            ClientFrame::Bye {} => Err(End::Gone),
        }
    }

    /// Something is due: the hello that never came, the pong that never came, or the next ping.
    async fn tick(&mut self) -> Result<(), End> {
        if !self.is_greeted || self.pong_due.is_some() {
            return Err(End::Close(CloseReason::PongTimeout));
        }
        self.ping += 1;
        self.pong_due = Some(deadline(PONG_WITHIN));
        self.next_ping = deadline(PING_EVERY.mul_f64(0.8 + 0.4 * random_fraction()));
        let (n, st) = (self.ping, self.now());
        self.send(&ServerFrame::Ping { n, st }).await
    }

    async fn refuse(&mut self, id: Option<String>, code: &str, msg: &str) -> Result<(), End> {
        self.send(&ServerFrame::Error {
            id,
            code: code.to_owned(),
            msg: msg.to_owned(),
            retry: false,
        })
        .await
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let text = serde_json::to_string(frame).expect("a frame holds only text and numbers");
        match tokio::time::timeout(WRITE_WITHIN, self.session.text(text)).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(End::Gone),
        }
    }

    async fn close(mut self, reason: CloseReason) {
        if reason == CloseReason::Drain {
            let why = "drain".to_owned();
            let farewell = ServerFrame::Reconnect {
                window_ms: DRAIN_WINDOW_MS,
                why,
            };
            if self.send(&farewell).await.is_err() {
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

/// 0 to 1, for spreading what would else happen in step.
fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
