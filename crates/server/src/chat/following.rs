//! The threads that one socket follows: catching up, telling in order, and what its person does in them.
//!
//! The log in the database is the truth. What the hub tells only says that there is more: whatever does not follow on
//! what was sent last is read from the log, so that neither order nor a loss between nodes matters.

use std::{collections::HashMap, sync::Arc};

use common::{
    ErrorCode,
    auth::StaffRole,
    chat::{
        Cursor, Event, ServerFrame,
        client_frames::{Fetch, MarkRead, SetTyping},
        limits::{CATCH_UP_MAX, FETCH_MAX, SERVER_FRAME_MAX, SUBSCRIPTIONS_MAX, TYPING_TTL_MS},
        server_frames::{FrameError, FrameErrorCode, Gap, GapReason, Live, Sync as SyncFrame, Typing},
        wire,
    },
    ids::{ThreadId, UserId},
};

use super::{
    hub::{Follower, LogEvent, Overflow, Told},
    log,
    threads::{self, Reader, store},
    writing::{self, Batch, Written},
};
use crate::{
    app::App,
    auth,
    db::{Conn, QueryResult},
    error::ApiError,
};

/// Events that are read at once.
const READ_AT_ONCE: i64 = 100;
/// Room that a `sync` leaves for what stands around its events.
const ENVELOPE_BYTES: usize = 1024;

pub struct Following {
    app: Arc<App>,
    reader: Reader,
    follower: Follower,
    /// The number that was sent last, of each thread.
    sent: HashMap<ThreadId, u64>,
}

impl Following {
    pub async fn of(app: Arc<App>, user_id: UserId) -> Result<Self, ApiError> {
        let person = app
            .db
            .read(move |conn: &mut Conn| -> QueryResult<_> { auth::service::find_person(conn, user_id) })
            .await?;
        let staff_role = person.and_then(|person| person.staff_role);
        Ok(Self {
            follower: app.hub.enter(),
            app,
            reader: Reader {
                user_id,
                is_staff: staff_role >= Some(StaffRole::Support),
            },
            sent: HashMap::new(),
        })
    }

    pub fn user_id(&self) -> UserId {
        self.reader.user_id
    }

    /// What the hub has told; waits for it.
    pub async fn next(&self) -> Result<Told, Overflow> {
        self.follower.queue.pop().await
    }

    /// Follows a thread from where the client left it: what was missed and `live`, or a `gap` and `live`.
    pub async fn subscribe(&mut self, thread: ThreadId, cursor: Cursor) -> Result<Vec<ServerFrame>, FrameErrorCode> {
        if !self.sent.contains_key(&thread) && self.sent.len() >= SUBSCRIPTIONS_MAX {
            return Err(FrameErrorCode::TooMany);
        }
        // First the place in the hub: what happens while the log is read waits there.
        self.follower.follow(thread);
        let reader = self.reader;
        let found = self
            .app
            .db
            .snapshot(move |conn| missed(conn, thread, &cursor, reader))
            .await;
        match found {
            Ok((head, frames)) => {
                self.sent.insert(thread, head);
                Ok(frames)
            }
            Err(error) => {
                self.leave(thread);
                Err(code_of(&error))
            }
        }
    }

    pub fn leave(&mut self, thread: ThreadId) {
        self.follower.leave(thread);
        self.sent.remove(&thread);
    }

    /// What to write about an event that the hub told: it, nothing, or also what came before it.
    pub async fn follow_up(&mut self, told: &LogEvent) -> Result<Vec<String>, ApiError> {
        let Some(sent) = self.sent.get(&told.thread).copied() else {
            return Ok(Vec::new());
        };
        if told.seq <= sent {
            return Ok(Vec::new());
        }
        if told.seq == sent + 1 {
            self.sent.insert(told.thread, told.seq);
            return Ok(vec![told.text_for(self.reader.user_id).to_owned()]);
        }
        let events = self.read(told.thread, sent, READ_AT_ONCE).await?;
        if let Some(last) = events.last() {
            self.sent.insert(told.thread, last.seq.get());
        }
        let own = self.reader.user_id;
        let texts = events
            .into_iter()
            .map(|event| LogEvent::new(event).text_for(own).to_owned());
        Ok(texts.collect())
    }

    async fn read(&self, thread: ThreadId, after: u64, limit: i64) -> QueryResult<Vec<Event>> {
        let after = stored(after);
        self.app
            .db
            .read(move |conn: &mut Conn| -> QueryResult<_> {
                let rows = store::load_events(conn, thread, after, limit)?;
                Ok(rows.iter().map(log::event).collect())
            })
            .await
    }

    /// Events after a position.
    pub async fn fetch(&self, wish: Fetch) -> Result<Vec<ServerFrame>, FrameErrorCode> {
        let (reader, thread) = (self.reader, wish.thread);
        let limit = i64::from(wish.limit.clamp(1, FETCH_MAX));
        let after = stored(wish.after.get());
        let found = self.app.db.snapshot(move |conn| -> Result<_, ApiError> {
            let row = threads::find(conn, thread, reader)?;
            let events = store::load_events(conn, thread, after, limit)?;
            let events = events.iter().map(log::event).map(|event| for_reader(event, reader));
            Ok(sync_frames(&row.epoch, events.collect(), row.head))
        });
        found.await.map_err(|error| code_of(&error))
    }

    /// Writes a batch, tells the others, and says what became of each part of it.
    pub async fn write(&self, batch: Batch) -> Written {
        let mut written = writing::write(&self.app, self.reader, batch).await;
        written.events.drain(..).for_each(|event| self.tell(event));
        written
    }

    /// Moves the read marker, and tells so when it moved.
    pub async fn mark_read(&self, mark: MarkRead) -> Result<(), FrameErrorCode> {
        let (reader, now) = (self.reader, self.app.clock.now());
        let marked = self
            .app
            .db
            .write(move |conn| threads::mark_read(conn, mark.thread, reader, mark.seq, now))
            .await
            .map_err(|error| code_of(&error))?;
        if let Some(event) = marked {
            self.tell(event);
        }
        Ok(())
    }

    /// Tells the others of a thread that is followed that its person types, or no longer does.
    pub fn typing(&self, wish: SetTyping) -> Result<(), FrameErrorCode> {
        if !self.sent.contains_key(&wish.thread) {
            return Err(FrameErrorCode::Forbidden);
        }
        let frame = ServerFrame::Typing(Typing {
            thread: wish.thread,
            user: self.reader.user_id,
            on: wish.on,
            ttl_ms: TYPING_TTL_MS,
        });
        let told = Told::Moment(Arc::from(wire::write(&[frame])));
        self.app.hub.tell(wish.thread, &told, Some(&self.follower));
        Ok(())
    }

    fn tell(&self, event: Event) {
        let thread = event.thread;
        let told = Told::Event(Arc::new(LogEvent::new(event)));
        self.app.hub.tell(thread, &told, None);
    }
}

/// The end of the log, and the frames that lead there from the cursor.
fn missed(
    conn: &mut Conn,
    thread: ThreadId,
    cursor: &Cursor,
    reader: Reader,
) -> Result<(u64, Vec<ServerFrame>), ApiError> {
    let row = threads::find(conn, thread, reader)?;
    let (head, floor, from) = (log::seq(row.head), log::seq(row.floor), cursor.seq);
    let is_other_log = cursor.epoch != row.epoch && !(cursor.epoch.is_empty() && from.get() == 0);
    let why = if is_other_log || from > head {
        Some(GapReason::Epoch)
    } else if from < floor {
        Some(GapReason::Retention)
    } else if head.get() - from.get() > CATCH_UP_MAX {
        Some(GapReason::TooMany)
    } else {
        None
    };
    let mut frames = match why {
        Some(why) => vec![ServerFrame::Gap(Gap {
            thread,
            epoch: row.epoch,
            floor,
            head,
            why,
        })],
        None => {
            let events = store::load_events(conn, thread, stored(from.get()), stored(CATCH_UP_MAX))?;
            let events = events.iter().map(log::event).map(|event| for_reader(event, reader));
            sync_frames(&row.epoch, events.collect(), row.head)
        }
    };
    frames.push(ServerFrame::Live(Live { thread, seq: head }));
    Ok((head.get(), frames))
}

fn for_reader(event: Event, reader: Reader) -> Event {
    Event {
        cid: event.cid.filter(|_| event.by == Some(reader.user_id)),
        ..event
    }
}

/// The events in frames that a client takes.
fn sync_frames(epoch: &str, events: Vec<Event>, head: i64) -> Vec<ServerFrame> {
    let mut frames: Vec<SyncFrame> = Vec::new();
    let mut room = 0;
    for event in events {
        let bytes = serde_json::to_string(&event).map_or(0, |text| text.len());
        match frames.last_mut() {
            Some(frame) if bytes <= room => {
                frame.to = event.seq;
                frame.items.push(event);
            }
            _ => {
                room = SERVER_FRAME_MAX - ENVELOPE_BYTES;
                frames.push(SyncFrame {
                    thread: event.thread,
                    epoch: epoch.to_owned(),
                    from: event.seq,
                    to: event.seq,
                    items: vec![event],
                    more: true,
                });
            }
        }
        room = room.saturating_sub(bytes + 1);
    }
    if let Some(last) = frames.last_mut() {
        last.more = stored(last.to.get()) < head;
    }
    frames.into_iter().map(ServerFrame::Sync).collect()
}

/// A thread of others does not exist, which the protocol calls forbidden; everything else is ours to mend.
fn code_of(error: &ApiError) -> FrameErrorCode {
    match error {
        ApiError::Refused {
            code: ErrorCode::NotFound,
            ..
        } => FrameErrorCode::Forbidden,
        _ => FrameErrorCode::Unavailable,
    }
}

/// What is said about a frame that has no `nack`.
pub fn frame_error(id: Option<String>, code: FrameErrorCode) -> FrameError {
    let (msg, retry) = match code {
        FrameErrorCode::Forbidden => ("there is no such thread for you", false),
        FrameErrorCode::TooMany => ("a socket follows at most 128 threads", false),
        FrameErrorCode::Unavailable => ("this cannot be read or written right now", true),
        _ => ("this cannot be done", false),
    };
    FrameError {
        id,
        code,
        msg: msg.to_owned(),
        retry,
        after_ms: retry.then_some(1_000),
    }
}

fn stored(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
