//! Who types: telling others sparingly, and never showing anybody for longer than eight seconds.

use std::collections::BTreeMap;

use super::effects::{Effect, Out};
use crate::{
    chat::{
        client_frames::SetTyping,
        limits::TYPING_TTL_MS,
        server_frames::{self},
    },
    ids::{ThreadId, UserId},
};

const REPEAT_MS: u64 = 4_000;
const IDLE_MS: u64 = 5_000;
/// The server takes one frame of a thread in this time.
const PACE_MS: u64 = 2_000;

#[derive(Debug, Clone, Default)]
pub struct Typing {
    own: BTreeMap<ThreadId, Own>,
    others: BTreeMap<ThreadId, BTreeMap<UserId, u64>>,
}

/// What this person does in one thread, and what was told of it.
#[derive(Debug, Clone, Copy)]
struct Own {
    is_typing: bool,
    idle_at: u64,
    is_told: bool,
    told_at: u64,
}

impl Typing {
    /// A key was pressed in a thread's composer; the person has left the other composers.
    pub fn key(&mut self, thread: ThreadId, now: u64) {
        for (other, own) in &mut self.own {
            own.is_typing &= *other == thread;
        }
        let own = self.own.entry(thread).or_insert(Own {
            is_typing: false,
            idle_at: 0,
            is_told: false,
            told_at: 0,
        });
        own.is_typing = true;
        own.idle_at = now + IDLE_MS;
    }

    /// The message was sent, or the thread was left.
    pub fn stop(&mut self, thread: ThreadId) {
        if let Some(own) = self.own.get_mut(&thread) {
            own.is_typing = false;
        }
    }

    pub fn stop_all(&mut self) {
        self.own.values_mut().for_each(|own| own.is_typing = false);
    }

    /// Says what is due. A key that repeats `on` is any key after four seconds.
    pub fn tell(&mut self, now: u64, out: &mut Out) {
        for (thread, own) in &mut self.own {
            own.is_typing &= now < own.idle_at;
            let has_changed = own.is_typing != own.is_told;
            let is_old = own.is_typing && now >= own.told_at + REPEAT_MS;
            if (has_changed || is_old) && now >= own.told_at + PACE_MS {
                own.is_told = own.is_typing;
                own.told_at = now;
                out.say(SetTyping {
                    thread: *thread,
                    on: own.is_typing,
                });
            }
        }
        // Kept until the pace allows the next frame.
        self.own
            .retain(|_, own| own.is_typing || own.is_told || now < own.told_at + PACE_MS);
    }

    /// There is nobody to tell: what was told ends by itself.
    pub fn disconnected(&mut self, out: &mut Out) {
        self.own.clear();
        for thread in std::mem::take(&mut self.others).into_keys() {
            out.push(Effect::TypingChanged { thread, users: vec![] });
        }
    }

    pub fn received(&mut self, frame: &server_frames::Typing, now: u64, out: &mut Out) {
        if !frame.on {
            return self.clear(frame.thread, frame.user, out);
        }
        let until = now + frame.ttl_ms.min(TYPING_TTL_MS);
        let users = self.others.entry(frame.thread).or_default();
        if users.insert(frame.user, until).is_none() {
            self.changed(frame.thread, out);
        }
    }

    /// That person's message came, or they left.
    pub fn clear(&mut self, thread: ThreadId, user: UserId, out: &mut Out) {
        let was_shown = self
            .others
            .get_mut(&thread)
            .is_some_and(|users| users.remove(&user).is_some());
        if was_shown {
            self.changed(thread, out);
        }
    }

    pub fn forget(&mut self, thread: ThreadId) {
        self.others.remove(&thread);
    }

    pub fn expire(&mut self, now: u64, out: &mut Out) {
        let threads: Vec<ThreadId> = self.others.keys().copied().collect();
        for thread in threads {
            let Some(users) = self.others.get_mut(&thread) else {
                continue;
            };
            let before = users.len();
            users.retain(|_, until| now < *until);
            if users.len() != before {
                self.changed(thread, out);
            }
        }
    }

    pub fn deadline(&self, now: u64) -> Option<u64> {
        let own = self.own.values().map(|own| {
            let paced = own.told_at + PACE_MS;
            match (own.is_typing, own.is_told) {
                (true, true) => (own.told_at + REPEAT_MS).min(own.idle_at).max(paced),
                (true, false) => paced.min(own.idle_at),
                (false, _) => paced,
            }
        });
        let others = self.others.values().flat_map(|users| users.values().copied());
        own.chain(others).min().map(|at| at.max(now))
    }

    fn changed(&mut self, thread: ThreadId, out: &mut Out) {
        let users: Vec<UserId> = self
            .others
            .get(&thread)
            .map(|users| users.keys().copied().collect())
            .unwrap_or_default();
        if users.is_empty() {
            self.others.remove(&thread);
        }
        out.push(Effect::TypingChanged { thread, users });
    }
}
