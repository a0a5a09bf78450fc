//! What the server says, taken to where it belongs.

use super::{
    Random,
    connection::Phase,
    effects::{Effect, Out},
    machine::Machine,
};
use crate::{
    chat::{
        Change, ClientFrame, Event, ServerFrame, UserChange, UserEvent, client_frames::Pong, events::Membership,
        items::ItemStatus, server_frames::ServerPong,
    },
    ids::{ItemId, ThreadId},
};

impl Machine {
    /// A frame of the open socket; before the welcome only the welcome counts.
    pub(super) fn received(&mut self, frame: ServerFrame, now: u64, random: Random<'_>, out: &mut Out) {
        if let ServerFrame::Welcome(welcome) = frame {
            return self.welcomed(&welcome, now, out);
        }
        self.heard(now);
        let Phase::Open { heartbeat, .. } = &mut self.phase else {
            return;
        };
        match frame {
            ServerFrame::Ping(ping) => {
                out.say(Pong { n: ping.n });
                out.frames.extend(heartbeat.measure(now).map(ClientFrame::from));
            }
            ServerFrame::Pong(pong) => {
                if let Some(rtt) = heartbeat.pong(pong.n, now) {
                    self.health.clock_offset_ms = clock_offset(&pong, now);
                    self.health.round_trip(rtt, now);
                }
            }
            ServerFrame::Reconnect(reconnect) => self.reconnect.drain(Some(reconnect.window_ms), now, random),
            frame => {
                if let ServerFrame::Event(Event { sseq: Some(sseq), .. }) = &frame {
                    self.sseq = self.sseq.max(*sseq);
                }
                self.content(frame, now, out);
            }
        }
    }

    /// What leaders hear and followers are told.
    pub(super) fn content(&mut self, frame: ServerFrame, now: u64, out: &mut Out) {
        match frame {
            ServerFrame::Event(event) => {
                let thread = event.thread;
                let applied = self.threads.event(event, now, out);
                self.applied(thread, applied, now, out);
            }
            ServerFrame::Sync(sync) => {
                let thread = sync.thread;
                let applied = self.threads.sync(sync, now, out);
                self.applied(thread, applied, now, out);
            }
            ServerFrame::Live(live) => self.threads.live(&live, now, out),
            ServerFrame::Gap(gap) => {
                self.health.gaps += 1;
                self.threads.gap(gap, out);
            }
            ServerFrame::UserEvent(event) => {
                let applied = self.user_log.event(event, now, out);
                self.apply_user(applied, out);
            }
            ServerFrame::Ack(ack) => {
                if let Some(took) = self.outbox.acknowledged(&ack, now, out) {
                    self.health.acknowledged(took, now);
                }
                self.threads.acknowledged(ack.thread, ack.seq, ack.cid);
            }
            ServerFrame::Nack(nack) => self.outbox.refused(&nack, now, out),
            ServerFrame::StreamDelta(delta) => self.streams.delta(delta, out),
            ServerFrame::StreamSnap(snap) => self.streams.snap(snap, out),
            ServerFrame::Typing(typing) => self.typing.received(&typing, now, out),
            ServerFrame::Presence(presence) => out.push(Effect::PresenceChanged(presence)),
            ServerFrame::Error(error) => self.threads.refused(&error, now, out),
            ServerFrame::Welcome(_) | ServerFrame::Ping(_) | ServerFrame::Pong(_) | ServerFrame::Reconnect(_) => {}
        }
    }

    fn applied(&mut self, thread: ThreadId, events: Vec<Event>, now: u64, out: &mut Out) {
        let has_moved = !events.is_empty();
        self.apply(events, now, out);
        if has_moved {
            self.save_cursor(thread, out);
        }
    }

    pub(super) fn apply(&mut self, events: Vec<Event>, now: u64, out: &mut Out) {
        for event in events {
            let own = event.cid.or_else(|| self.threads.own(&event));
            if let Some(cid) = own
                && let Some(took) = self.outbox.committed(cid, item_of(&event.change), event.seq, now, out)
            {
                self.health.acknowledged(took, now);
            }
            match &event.change {
                Change::Created(created) => {
                    if let Some(by) = event.by {
                        self.typing.clear(event.thread, by, out);
                    }
                    if created.status == ItemStatus::Streaming {
                        self.streams.begin(created.item);
                    }
                }
                Change::Done(done) => self.streams.done(done.item),
                Change::Deleted(deleted) => self.streams.done(deleted.item),
                Change::Member(member) if member.state == Membership::Left => {
                    self.typing.clear(event.thread, member.user, out);
                }
                _ => {}
            }
            out.push(Effect::Apply { event, own });
        }
    }

    pub(super) fn save_cursor(&self, thread: ThreadId, out: &mut Out) {
        if let Some(cursor) = self.threads.cursor(thread) {
            out.push(Effect::SaveCursor {
                thread,
                cursor: cursor.clone(),
            });
        }
    }

    pub(super) fn apply_user(&mut self, events: Vec<UserEvent>, out: &mut Out) {
        for event in events {
            if let UserChange::Left(left) = &event.change {
                self.threads.forget(left.thread);
                self.typing.forget(left.thread);
            }
            out.push(Effect::ApplyUser(event));
        }
    }
}

fn item_of(change: &Change) -> Option<ItemId> {
    match change {
        Change::Created(created) => Some(created.item),
        Change::Edited(edited) => Some(edited.item),
        Change::Deleted(deleted) => Some(deleted.item),
        Change::Done(done) => Some(done.item),
        Change::Read(_) | Change::Member(_) | Change::Unknown { .. } => None,
    }
}

/// The server's clock minus ours, half a round trip ago.
fn clock_offset(pong: &ServerPong, now: u64) -> i64 {
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let middle = i64::midpoint(pong.ct, now);
    pong.st.saturating_sub(middle)
}
