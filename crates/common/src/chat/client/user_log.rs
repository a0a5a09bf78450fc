//! The person's own stream: threads joined and left, settings, purges, payments and invoices.

use std::collections::BTreeMap;

use super::{
    Random,
    effects::{Effect, Out},
};
use crate::chat::{Cursor, Seq, UserEvent};

const GAP_MS: u64 = 3_000;
const BUFFER: usize = 512;
const AGAIN_MS: f64 = 10_000.0;

#[derive(Debug, Clone, Default)]
pub struct UserLog {
    cursor: Cursor,
    buffer: BTreeMap<Seq, UserEvent>,
    /// The furthest event that is known to exist.
    target: Seq,
    gap_at: Option<u64>,
    /// The epoch that is read anew.
    reload: Option<String>,
    again_at: Option<u64>,
}

impl UserLog {
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    pub fn stored(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }

    /// Compares with where the server is; a first visit begins there.
    pub fn connected(&mut self, head: &Cursor, now: u64, out: &mut Out) {
        if self.cursor.epoch.is_empty() {
            self.cursor = head.clone();
            out.push(Effect::SaveUserCursor(head.clone()));
        } else if self.cursor.epoch != head.epoch {
            self.buffer.clear();
            self.reload(head.epoch.clone(), out);
        } else if self.cursor.seq < head.seq {
            self.gap_at = Some(now + GAP_MS);
        }
        self.target = head.seq;
    }

    pub fn disconnected(&mut self) {
        self.gap_at = None;
        self.buffer.clear();
    }

    /// Gives back what follows the head without a hole.
    pub fn event(&mut self, event: UserEvent, now: u64, out: &mut Out) -> Vec<UserEvent> {
        self.target = self.target.max(event.seq);
        if self.buffer.len() < BUFFER {
            self.buffer.insert(event.seq, event);
        }
        self.advance(now, out)
    }

    pub fn reloaded(&mut self, head: Seq, now: u64, out: &mut Out) -> Vec<UserEvent> {
        let Some(epoch) = self.reload.take() else { return vec![] };
        self.again_at = None;
        self.cursor = Cursor { epoch, seq: head };
        out.push(Effect::SaveUserCursor(self.cursor.clone()));
        self.advance(now, out)
    }

    pub fn reload_failed(&mut self, now: u64, random: Random<'_>) {
        if self.reload.is_some() {
            self.again_at = Some(now + (AGAIN_MS * (0.5 + random() / 2.0)) as u64);
        }
    }

    pub fn run_due(&mut self, now: u64, out: &mut Out) {
        if self.gap_at.take_if(|at| now >= *at).is_some() {
            self.reload(self.cursor.epoch.clone(), out);
        }
        if self.again_at.take_if(|at| now >= *at).is_some() {
            out.push(Effect::ReloadUser);
        }
    }

    pub fn deadline(&self) -> Option<u64> {
        [self.gap_at, self.again_at].into_iter().flatten().min()
    }

    fn reload(&mut self, epoch: String, out: &mut Out) {
        self.gap_at = None;
        if self.reload.replace(epoch).is_none() {
            out.push(Effect::ReloadUser);
        }
    }

    fn advance(&mut self, now: u64, out: &mut Out) -> Vec<UserEvent> {
        let mut applied = Vec::new();
        if self.reload.is_some() {
            return applied;
        }
        while let Some(first) = self.buffer.first_entry() {
            if *first.key() > self.cursor.seq.next() {
                break;
            }
            let event = first.remove();
            if event.seq > self.cursor.seq {
                self.cursor.seq = event.seq;
                applied.push(event);
            }
        }
        if self.cursor.seq >= self.target {
            self.gap_at = None;
        } else {
            self.gap_at.get_or_insert(now + GAP_MS);
        }
        if !applied.is_empty() {
            out.push(Effect::SaveUserCursor(self.cursor.clone()));
        }
        applied
    }
}
