//! The threads that one socket follows: catching up, telling in order, and what its person does in them.
//!
//! The log in the database is the truth. What the hub tells only says that there is more: whatever does not follow on
//! what was sent last is read from the log, so that neither order nor a loss between nodes matters.

use std::{collections::HashMap, sync::Arc};

use common::{
    ErrorCode,
    auth::StaffRole,
    chat::{
        Change, Cursor, Event, ServerFrame, UserChange, UserEvent,
        client_frames::{Fetch, MarkRead, SetTyping},
        limits::{CATCH_UP_MAX, FETCH_MAX, SERVER_FRAME_MAX, SUBSCRIPTIONS_MAX, TYPING_MEMBERS_MAX, TYPING_TTL_MS},
        server_frames::{FrameError, FrameErrorCode, Gap, GapReason, Live, Presence, Sync as SyncFrame, Typing},
        wire,
    },
    ids::ThreadId,
};

use super::{
    fanout, group,
    hub::{Follower, LogEvent, Moment, Overflow, Told},
    log,
    person::Person,
    settings,
    threads::{
        self, Reader, Receipt,
        store::{self, ThreadRow},
    },
    writing::{Batch, Written},
};
use crate::{
    app::App,
    auth::service::Login,
    db::{Conn, QueryResult},
    error::ApiError,
};

/// Events that are read at once.
const READ_AT_ONCE: i64 = 100;
/// Room that a `sync` leaves for what stands around its events.
const ENVELOPE_BYTES: usize = 1024;

pub struct Following {
    app: Arc<App>,
    pub person: Person,
    follower: Follower,
    /// The number that was sent last, of each thread.
    sent: HashMap<ThreadId, u64>,
}

impl Following {
    pub async fn of(app: Arc<App>, login: Login) -> QueryResult<Self> {
        let reader = Reader {
            user_id: login.user_id,
            is_staff: login.staff_role >= Some(StaffRole::Support),
        };
        // First the place in the hub: what happens while the person is read wakes it.
        let follower = app.hub.enter(login.user_id);
        Ok(Self {
            follower,
            person: Person::load(Arc::clone(&app), reader).await?,
            app,
            sent: HashMap::new(),
        })
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
        let reader = self.person.reader;
        let found = self
            .app
            .db
            .snapshot(move |conn| -> Result<_, ApiError> {
                let (head, frames) = missed(conn, thread, &cursor, reader)?;
                let members = store::load_member_ids(conn, &[thread])?;
                Ok((head, frames, members.into_iter().map(|(_, user_id)| user_id).collect()))
            })
            .await;
        match found {
            Ok((head, mut frames, members)) => {
                self.sent.insert(thread, head);
                let users = self.app.presences.follow(thread, members, &self.person.viewer);
                if !users.is_empty() {
                    frames.push(ServerFrame::Presence(Presence { users }));
                }
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

    /// What to write about an event that the hub told: it, nothing, or what came before it; asked again, the rest.
    pub async fn follow_up(&mut self, told: &LogEvent) -> Result<Vec<String>, ApiError> {
        let Some(sent) = self.sent.get(&told.thread).copied() else {
            return Ok(Vec::new());
        };
        if told.seq <= sent {
            return Ok(Vec::new());
        }
        if let Some(member) = &told.member {
            self.app.presences.member(told.thread, member);
        }
        if told.seq == sent + 1 {
            self.sent.insert(told.thread, told.seq);
            return Ok(vec![told.text_for(&self.person.viewer).to_owned()]);
        }
        let events = self.read(told.thread, sent).await?;
        if let Some(last) = events.last() {
            self.sent.insert(told.thread, last.seq.get());
        }
        let texts = events
            .into_iter()
            .map(|event| wire::write(&[ServerFrame::Event(for_reader(event, self.person.reader))]));
        Ok(texts.collect())
    }

    async fn read(&self, thread: ThreadId, after: u64) -> QueryResult<Vec<Event>> {
        let (after, reader) = (stored(after), self.person.user_id());
        self.app
            .db
            .snapshot(move |conn: &mut Conn| -> QueryResult<_> {
                let rows = store::load_events(conn, thread, after, READ_AT_ONCE)?;
                settings::mask(conn, rows.iter().map(log::event).collect(), reader)
            })
            .await
    }

    /// What a moment says to this person, if anything.
    pub fn hear(&self, moment: &Moment) -> Option<String> {
        let is_apart = self.person.viewer.is_apart_from(moment.by, &moment.hidden_from);
        (!is_apart && moment.by != self.person.user_id()).then(|| moment.text.clone())
    }

    /// What is new in the person's own stream; threads that were left are followed no more.
    pub async fn news(&mut self) -> QueryResult<Vec<UserEvent>> {
        let news = self.person.news().await?;
        for event in &news {
            if let UserChange::Left(left) = &event.change {
                self.leave(left.thread);
            }
        }
        Ok(news)
    }

    /// Events after a position.
    pub async fn fetch(&self, wish: Fetch) -> Result<Vec<ServerFrame>, FrameErrorCode> {
        let (reader, thread) = (self.person.reader, wish.thread);
        let limit = i64::from(wish.limit.clamp(1, FETCH_MAX));
        let after = stored(wish.after.get());
        let found = self.app.db.snapshot(move |conn| -> Result<_, ApiError> {
            let row = threads::find(conn, thread, reader)?;
            if after < row.floor {
                return Ok(vec![gap(&row, GapReason::Retention)]);
            }
            let events = shown(conn, thread, after, limit, reader)?;
            Ok(sync_frames(&row.epoch, events, row.head))
        });
        found.await.map_err(|error| code_of(&error))
    }

    /// Writes a batch, tells the others, and says what became of each part of it.
    pub async fn write(&self, batch: Batch) -> Written {
        let mut written = group::write(&self.app, self.person.reader, batch).await;
        if written
            .events
            .iter()
            .any(|event| matches!(event.change, Change::Member(_)))
        {
            self.app.hub.wake(self.person.user_id());
        }
        written.events.drain(..).for_each(|event| self.tell(event));
        written
    }

    /// Moves the read marker, and tells so when it moved.
    pub async fn mark_read(&self, mark: MarkRead) -> Result<(), FrameErrorCode> {
        let (reader, now) = (self.person.reader, self.app.clock.now());
        let receipt = match self.person.shows_reading() {
            true => Receipt::Told,
            false => Receipt::Kept,
        };
        let marked = self
            .app
            .db
            .write(move |conn| threads::mark_read(conn, mark.thread, reader, mark.seq, receipt, now))
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
        if !self.person.shows_typing() || self.app.presences.members_of(wish.thread) > TYPING_MEMBERS_MAX {
            return Ok(());
        }
        let frame = ServerFrame::Typing(Typing {
            thread: wish.thread,
            user: self.person.user_id(),
            on: wish.on,
            ttl_ms: TYPING_TTL_MS,
        });
        let moment = Moment {
            by: self.person.user_id(),
            hidden_from: Arc::clone(&self.person.viewer.blocked),
            text: wire::write(&[frame]),
        };
        fanout::tell_moment(&self.app, wish.thread, moment, &self.follower);
        Ok(())
    }

    fn tell(&self, event: Event) {
        fanout::tell(&self.app, event, Arc::clone(&self.person.viewer.blocked));
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
        Some(why) => vec![gap(&row, why)],
        None => {
            let events = shown(conn, thread, stored(from.get()), stored(CATCH_UP_MAX), reader)?;
            sync_frames(&row.epoch, events, row.head)
        }
    };
    frames.push(ServerFrame::Live(Live { thread, seq: head }));
    Ok((head.get(), frames))
}

fn gap(row: &ThreadRow, why: GapReason) -> ServerFrame {
    ServerFrame::Gap(Gap {
        thread: row.id,
        epoch: row.epoch.clone(),
        floor: log::seq(row.floor),
        head: log::seq(row.head),
        why,
    })
}

/// Events after a position, as far as the reader may see what they say.
fn shown(conn: &mut Conn, thread: ThreadId, after: i64, limit: i64, reader: Reader) -> QueryResult<Vec<Event>> {
    let rows = store::load_events(conn, thread, after, limit)?;
    let events = settings::mask(conn, rows.iter().map(log::event).collect(), reader.user_id)?;
    Ok(events.into_iter().map(|event| for_reader(event, reader)).collect())
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
