//! One attempt at a time: ticket, socket, hello, welcome; and what follows when it fails or ends.

use super::{
    Random,
    effects::{Effect, Out},
    heartbeat::Heartbeat,
    inputs::Role,
    machine::Machine,
};
use crate::chat::{
    CloseClass, CloseReason, ErrorState, VERSION,
    client_frames::{Bye, Capability, Hello, MarkRead},
    server_frames::Welcome,
};

/// From asking for a ticket to the welcome.
const ATTEMPT_MS: u64 = 10_000;
/// So many closes for reading too slowly within the time, and the client asks for less.
const SLOW_CLOSES: usize = 3;
const SLOW_CLOSES_MS: u64 = 5 * 60_000;

/// Where the one connection stands.
#[derive(Debug, Clone)]
pub enum Phase {
    /// No attempt is planned, for a reason that a person must know, or because nobody asked for one.
    Idle(Option<ErrorState>),
    Waiting {
        until: u64,
    },
    GettingTicket {
        until: u64,
    },
    Opening {
        until: u64,
    },
    Greeting {
        until: u64,
    },
    Open {
        since: u64,
        heartbeat: Heartbeat,
    },
}

impl Phase {
    fn has_socket(&self) -> bool {
        matches!(
            self,
            Phase::Opening { .. } | Phase::Greeting { .. } | Phase::Open { .. }
        )
    }

    pub fn deadline(&self) -> Option<u64> {
        match self {
            Phase::Idle(_) => None,
            Phase::Waiting { until }
            | Phase::GettingTicket { until }
            | Phase::Opening { until }
            | Phase::Greeting { until } => Some(*until),
            Phase::Open { heartbeat, .. } => Some(heartbeat.deadline()),
        }
    }
}

/// An answer over HTTP that is not the wanted one.
#[derive(Debug, Clone, Copy)]
pub struct HttpRefusal {
    pub status: u16,
    pub retry_after_ms: Option<u64>,
}

impl Machine {
    pub(super) fn wants_connection(&self) -> bool {
        self.user.is_some() && self.role == Role::Leader
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// Starts when nothing is going on and somebody wants a connection.
    pub(super) fn start(&mut self, now: u64, out: &mut Out) {
        if self.wants_connection() && matches!(self.phase, Phase::Idle(_)) {
            self.health.lost(now);
            let at = self.reconnect.allowed(now);
            if at > now {
                self.phase = Phase::Waiting { until: at };
            } else {
                self.attempt(now, out);
            }
        }
    }

    /// An attempt is due at `at`, if one was planned for later.
    pub(super) fn hurry(&mut self, at: u64) {
        if let Phase::Waiting { until } = &mut self.phase {
            *until = at.min(*until);
        }
    }

    pub(super) fn attempt(&mut self, now: u64, out: &mut Out) {
        self.generation += 1;
        self.reconnect.attempt_starts(now);
        self.phase = Phase::GettingTicket {
            until: now + ATTEMPT_MS,
        };
        out.push(Effect::FetchTicket {
            generation: self.generation,
        });
    }

    pub(super) fn ticket_granted(&mut self, generation: u64, ticket: String, out: &mut Out) {
        if let Phase::GettingTicket { until } = self.phase
            && generation == self.generation
        {
            self.phase = Phase::Opening { until };
            out.push(Effect::Open { generation, ticket });
        }
    }

    pub(super) fn ticket_refused(
        &mut self,
        generation: u64,
        refusal: HttpRefusal,
        now: u64,
        random: Random<'_>,
        out: &mut Out,
    ) {
        if generation != self.generation || !matches!(self.phase, Phase::GettingTicket { .. }) {
            return;
        }
        if refusal.status == 401 {
            self.stop(ErrorState::SignedOut, now, random);
            return out.push(Effect::SignIn);
        }
        self.http_refused(refusal, now, random);
    }

    pub(super) fn upgrade_refused(&mut self, generation: u64, refusal: HttpRefusal, now: u64, random: Random<'_>) {
        if generation == self.generation && matches!(self.phase, Phase::Opening { .. }) {
            self.http_refused(refusal, now, random);
        }
    }

    fn http_refused(&mut self, refusal: HttpRefusal, now: u64, random: Random<'_>) {
        if refusal.status == 426 {
            return self.stop(ErrorState::UpdateNeeded, now, random);
        }
        if let Some(after) = refusal.retry_after_ms {
            self.reconnect.not_before(now.saturating_add(after));
        }
        self.wait(now, random);
    }

    pub(super) fn opened(&mut self, generation: u64, out: &mut Out) {
        let Phase::Opening { until } = self.phase else { return };
        if generation != self.generation {
            return;
        }
        self.phase = Phase::Greeting { until };
        let caps = if self.is_lite {
            vec![Capability::Batch, Capability::Lite]
        } else {
            vec![Capability::Batch, Capability::Stream]
        };
        self.told_presence = self.presence;
        let hello = Hello {
            v: VERSION,
            device: self.device.clone(),
            tab: self.tab.clone(),
            caps,
            session: self.session,
            sseq: self.sseq,
            cursors: self.threads.cursors(),
            user_cursor: self.user_log.cursor().clone(),
            streams: self.streams.positions(),
            presence: self.presence,
        };
        out.push(Effect::Transmit {
            generation,
            frames: vec![hello.into()],
        });
    }

    pub(super) fn welcomed(&mut self, welcome: &Welcome, now: u64, out: &mut Out) {
        if !matches!(self.phase, Phase::Greeting { .. }) {
            return;
        }
        let mut heartbeat = Heartbeat::new(welcome, now);
        out.frames.extend(heartbeat.measure(now).map(Into::into));
        self.phase = Phase::Open { since: now, heartbeat };
        self.reconnect.heard();
        self.health.opened(now);
        self.health.resumed += u32::from(welcome.resumed);
        if !welcome.resumed {
            self.sseq = 0;
        }
        self.session = Some(welcome.session);
        self.user_log.connected(&welcome.user_cursor, now, out);
        self.threads.connected(welcome.resumed, out);
        self.outbox.connected();
        for (thread, seq) in std::mem::take(&mut self.unsaid_reads) {
            out.say(MarkRead { thread, seq });
        }
    }

    pub(super) fn closed(&mut self, generation: u64, code: u16, now: u64, random: Random<'_>, out: &mut Out) {
        if generation != self.generation || !self.phase.has_socket() {
            return;
        }
        self.judge_close(code, now, random, out);
        let error = match (CloseClass::of(code), CloseReason::of(code)) {
            (CloseClass::Stop, Some(CloseReason::Revoked)) => ErrorState::SignedOut,
            (CloseClass::Stop, Some(CloseReason::Version)) => ErrorState::UpdateNeeded,
            (CloseClass::Stop, Some(CloseReason::Malformed)) => ErrorState::Rejected,
            (CloseClass::Stop, _) => ErrorState::Forbidden,
            (_, Some(CloseReason::TooManySockets)) => ErrorState::TooManyTabs,
            _ => return self.lose(now, random, out),
        };
        self.end(now, out);
        self.stop(error, now, random);
        if error == ErrorState::SignedOut {
            out.push(Effect::SignIn);
        }
    }

    /// What a code asks for besides coming back.
    fn judge_close(&mut self, code: u16, now: u64, random: Random<'_>, out: &mut Out) {
        match CloseReason::of(code) {
            Some(CloseReason::TooBig) => self.outbox.too_big(out),
            Some(CloseReason::SequenceLost | CloseReason::SessionUnknown | CloseReason::Replaced) => {
                (self.session, self.sseq) = (None, 0);
            }
            Some(CloseReason::Drain) => self.reconnect.drain(None, now, random),
            Some(CloseReason::RateLimited) => self.reconnect.rate_limited(now),
            Some(CloseReason::SlowConsumer) => {
                self.slow_closes.retain(|at| now.saturating_sub(*at) < SLOW_CLOSES_MS);
                self.slow_closes.push(now);
                self.is_lite |= self.slow_closes.len() >= SLOW_CLOSES;
            }
            _ => {}
        }
    }

    /// The attempt failed or the socket is gone: try again later.
    pub(super) fn lose(&mut self, now: u64, random: Random<'_>, out: &mut Out) {
        self.end(now, out);
        self.wait(now, random);
    }

    /// Closes the socket on our side, if there is one, without planning another.
    pub(super) fn hang_up(&mut self, now: u64, out: &mut Out) {
        if self.is_open() {
            out.say(Bye {});
            self.transmit(out);
        }
        if self.phase.has_socket() {
            out.push(Effect::Close {
                generation: self.generation,
            });
        }
        self.end(now, out);
        self.reconnect.stay();
        self.health.down_since = None;
        self.phase = Phase::Idle(None);
    }

    /// What waited too long: the attempt, or the silent line.
    pub(super) fn give_up(&mut self, now: u64, random: Random<'_>, out: &mut Out) {
        if self.phase.has_socket() {
            out.push(Effect::Close {
                generation: self.generation,
            });
        }
        self.lose(now, random, out);
    }

    /// The moment that was drawn when the node said that it goes away.
    pub(super) fn leave_node(&mut self, now: u64, out: &mut Out) {
        self.hang_up(now, out);
        self.health.lost(now);
        self.attempt(now, out);
    }

    /// Nothing is tried by itself any more; what a person or a sign-in starts keeps the distance of the backoff.
    fn stop(&mut self, error: ErrorState, now: u64, random: Random<'_>) {
        let at = self.reconnect.next_attempt(now, random);
        self.reconnect.not_before(at);
        self.phase = Phase::Idle(Some(error));
    }

    fn wait(&mut self, now: u64, random: Random<'_>) {
        self.phase = Phase::Waiting {
            until: self.reconnect.next_attempt(now, random),
        };
    }

    /// Forgets everything that only counts while a socket is open.
    fn end(&mut self, now: u64, out: &mut Out) {
        let Phase::Open { since, .. } = self.phase else { return };
        // No later frame of this input may go to a socket that is gone.
        out.frames.clear();
        self.reconnect.ended(since, now);
        self.health.lost(now);
        self.outbox.disconnected(out);
        self.threads.disconnected();
        self.user_log.disconnected();
        self.typing.disconnected(out);
        out.push(Effect::PresenceUnknown);
    }
}
