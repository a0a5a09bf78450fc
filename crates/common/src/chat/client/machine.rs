//! The whole client: takes what happens to where it belongs, and says when it must be woken.

use std::collections::BTreeMap;

use super::{
    Random,
    connection::{HttpRefusal, Phase},
    effects::{Effect, Out},
    health::Health,
    heartbeat::{Beat, PROBE_AFTER_MS},
    inputs::{Ask, Input, Role},
    outbox::{Outbox, Record},
    reconnect::{FAILED_AFTER, Reconnect},
    streams::Streams,
    thread::Threads,
    typing::Typing,
    user_log::UserLog,
};
use crate::{
    chat::{
        ClientFrame, ConnectionHealth, ConnectionState, ErrorState, Quality, Seq,
        client_frames::{AuthRefresh, CancelStream, MarkRead, OwnPresence, SetPresence},
        limits::BATCH_MAX,
    },
    ids::{SocketSessionId, ThreadId, UserId},
};

/// The state of one tab's client.
#[derive(Debug, Clone)]
pub struct Machine {
    pub(super) device: String,
    pub(super) tab: String,
    pub(super) user: Option<UserId>,
    pub(super) role: Role,
    pub(super) phase: Phase,
    /// Of the attempt that is going on, or was last.
    pub(super) generation: u64,
    pub(super) session: Option<SocketSessionId>,
    pub(super) sseq: u64,
    pub(super) reconnect: Reconnect,
    pub(super) health: Health,
    pub(super) outbox: Outbox,
    pub(super) threads: Threads,
    pub(super) streams: Streams,
    pub(super) typing: Typing,
    pub(super) user_log: UserLog,
    pub(super) presence: OwnPresence,
    idle_s: u64,
    /// What the server was told.
    pub(super) told_presence: OwnPresence,
    /// Read marks that nobody was told yet.
    pub(super) unsaid_reads: BTreeMap<ThreadId, Seq>,
    pub(super) slow_closes: Vec<u64>,
    pub(super) is_lite: bool,
    wake_at: Option<u64>,
    shown: Option<(ConnectionState, Quality, Option<ErrorState>)>,
}

impl Machine {
    /// A client that waits for `SignedIn`.
    pub fn new(device: impl Into<String>, tab: impl Into<String>, role: Role) -> Self {
        Self {
            device: device.into(),
            tab: tab.into(),
            user: None,
            role,
            phase: Phase::Idle(None),
            generation: 0,
            session: None,
            sseq: 0,
            reconnect: Reconnect::default(),
            health: Health::default(),
            outbox: Outbox::default(),
            threads: Threads::default(),
            streams: Streams::default(),
            typing: Typing::default(),
            user_log: UserLog::default(),
            presence: OwnPresence::default(),
            idle_s: 0,
            told_presence: OwnPresence::default(),
            unsaid_reads: BTreeMap::new(),
            slow_closes: Vec::new(),
            is_lite: false,
            wake_at: None,
            shown: None,
        }
    }

    /// Takes one event and gives back what is to be done, in order.
    pub fn handle(&mut self, input: Input, now_ms: u64, random: Random<'_>) -> Vec<Effect> {
        let mut out = Out::default();
        self.obey(input, now_ms, random, &mut out);
        self.run_due(now_ms, random, &mut out);
        self.transmit(&mut out);
        let wake_at = self.deadline(now_ms);
        if wake_at != self.wake_at {
            self.wake_at = wake_at;
            out.push(Effect::WakeAt(wake_at));
        }
        let state = self.state();
        let shown = Some((state, self.health.quality(), self.error(state)));
        if shown != self.shown {
            self.shown = shown;
            out.push(Effect::HealthChanged(self.health(now_ms)));
        }
        out.effects
    }

    /// How the connection is at this moment.
    pub fn health(&self, now_ms: u64) -> ConnectionHealth {
        let state = self.state();
        let (queued, oldest) = self.outbox.waiting();
        let smoothed = self.health.smoothed();
        let last_frame_at = match &self.phase {
            Phase::Open { heartbeat, .. } => Some(heartbeat.last_frame_at()),
            _ => None,
        };
        ConnectionHealth {
            state,
            quality: self.health.quality(),
            error: self.error(state),
            outage_ms: self.health.down_since.map_or(0, |since| now_ms.saturating_sub(since)),
            retry_in_ms: match self.phase {
                Phase::Waiting { until } => Some(until.saturating_sub(now_ms)),
                _ => None,
            },
            failures: self.reconnect.failures(),
            srtt_ms: smoothed.map(|smoothed| smoothed.srtt.round() as u64),
            rttvar_ms: smoothed.map(|smoothed| smoothed.rttvar.round() as u64),
            rtt_min_ms: self.health.rtt_min(),
            rtt_p95_ms: self.health.rtt_p95(),
            ack_p95_ms: self.health.ack_p95(),
            pongs_lost: self.health.pongs_lost(),
            reconnects: self.health.reconnects(now_ms),
            last_frame_age_ms: last_frame_at.map(|at| now_ms.saturating_sub(at)),
            clock_offset_ms: self.health.clock_offset_ms,
            queued,
            queued_oldest_ms: oldest.map_or(0, |at| now_ms.saturating_sub(at)),
            resumed: self.health.resumed,
            gaps: self.health.gaps,
        }
    }

    /// Entries of the outbox, those that will not be sent included, and their bytes.
    pub fn outbox_size(&self) -> (usize, usize) {
        (self.outbox.count(), self.outbox.bytes())
    }

    /// Of the attempt that is going on, or was last; the first has 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a welcomed socket is open.
    pub fn is_connected(&self) -> bool {
        self.is_open()
    }

    fn state(&self) -> ConnectionState {
        match &self.phase {
            Phase::Idle(None) => ConnectionState::Idle,
            Phase::Idle(Some(_)) => ConnectionState::Failed,
            Phase::Open { .. } if self.health.is_degraded() => ConnectionState::Degraded,
            Phase::Open { .. } => ConnectionState::Open,
            _ if self.reconnect.is_offline() => ConnectionState::Offline,
            _ if self.reconnect.failures() >= FAILED_AFTER => ConnectionState::Failed,
            _ if self.health.was_open => ConnectionState::Reconnecting,
            _ => ConnectionState::Connecting,
        }
    }

    fn error(&self, state: ConnectionState) -> Option<ErrorState> {
        match (&self.phase, state) {
            (Phase::Idle(error), _) => *error,
            (_, ConnectionState::Failed) => Some(ErrorState::Unreachable),
            (_, ConnectionState::Offline) => Some(ErrorState::Offline),
            _ => None,
        }
    }

    fn obey(&mut self, input: Input, now: u64, random: Random<'_>, out: &mut Out) {
        match input {
            Input::SignedIn { user } => self.signed_in(user, now, out),
            Input::LoggedOut => self.logged_out(now, out),
            Input::RoleChanged(role) => {
                self.role = role;
                match role {
                    Role::Leader => self.start(now, out),
                    Role::Follower => self.hang_up(now, out),
                }
            }
            Input::Loaded { user, records } => self.outbox.load(user, records, out),

            Input::TicketGranted { generation, ticket } => self.ticket_granted(generation, ticket, out),
            Input::TicketRefused {
                generation,
                status,
                retry_after_ms,
            } => {
                let refusal = HttpRefusal { status, retry_after_ms };
                self.ticket_refused(generation, refusal, now, random, out);
            }
            Input::Opened { generation } => self.opened(generation, out),
            Input::UpgradeRefused {
                generation,
                status,
                retry_after_ms,
            } => {
                let refusal = HttpRefusal { status, retry_after_ms };
                self.upgrade_refused(generation, refusal, now, random);
            }
            Input::Received { generation, frame } if generation == self.generation => {
                self.received(frame, now, random, out);
            }
            Input::ReceivedUnknown { generation } if generation == self.generation => self.heard(now),
            Input::Received { .. } | Input::ReceivedUnknown { .. } => {}
            Input::Closed { generation, code } => self.closed(generation, code, now, random, out),

            Input::Online => {
                let at = self.reconnect.online(now, random);
                self.hurry(at);
                self.probe(now, out);
            }
            Input::Offline => {
                let planned = self.phase.deadline().unwrap_or(now);
                let until = self.reconnect.offline(planned);
                if matches!(self.phase, Phase::Waiting { .. }) {
                    self.phase = Phase::Waiting { until };
                }
                self.probe(now, out);
            }
            Input::Visible | Input::PageShown => self.visible(now, out),
            Input::Hidden => self.reconnect.hidden(now),
            Input::RetryNow => self.retry_now(now, out),
            Input::Tick => {}

            Input::Subscribe { thread, cursor } => self.threads.subscribe(thread, cursor, out),
            Input::Unsubscribe { thread } => {
                self.typing.stop(thread);
                self.typing.forget(thread);
                self.threads.unsubscribe(thread, out);
            }
            Input::Reloaded { thread, request, head } => {
                if let Some(applied) = self.threads.reloaded(thread, request, head, now, out) {
                    self.apply(applied, now, out);
                    self.save_cursor(thread, out);
                }
            }
            Input::ReloadFailed { thread, request } => {
                self.threads.reload_failed(thread, request, now, random, out);
            }
            Input::UserCursor(cursor) => self.user_log.stored(cursor),
            Input::UserReloaded { head } => {
                let applied = self.user_log.reloaded(head, now, out);
                self.apply_user(applied, out);
            }
            Input::UserReloadFailed => self.user_log.reload_failed(now, random),

            Input::Compose { cid, thread, op } => {
                self.typing.stop(thread);
                self.outbox.compose(cid, thread, op, now, out);
            }
            Input::Persisted { cid, revision } => {
                if let Some(record) = self.outbox.persisted(cid, revision, out) {
                    self.hand_over(record, out);
                }
            }
            Input::PersistFailed { cid } => self.outbox.persist_failed(cid, out),
            Input::EditQueued { cid, body } => self.outbox.edit(cid, body, out),
            Input::DeleteQueued { cid } => {
                self.outbox.delete(cid, out);
                if self.role == Role::Follower {
                    out.push(Effect::AskLeader(Ask::Drop(cid)));
                }
            }
            Input::RetryUnsent { cid } => self.outbox.retry(cid, now, out),

            Input::Key { thread } => self.key(thread, now),
            Input::Blur => self.typing.stop_all(),
            Input::MarkRead { thread, seq } => self.mark_read(thread, seq, out),
            Input::SetPresence { state, idle_s } => {
                (self.presence, self.idle_s) = (state, idle_s);
            }
            Input::CancelStream { item } => out.say(CancelStream { item }),
            Input::RefreshTicket { ticket } => out.say(AuthRefresh { ticket }),

            Input::Relayed(frame) if self.role == Role::Follower => self.content(frame, now, out),
            Input::Relayed(_) => {}
            Input::Asked(ask) if self.role == Role::Leader => self.asked(ask, out),
            Input::Asked(_) => {}
        }
    }

    fn signed_in(&mut self, user: UserId, now: u64, out: &mut Out) {
        if self.user.is_some_and(|before| before != user) {
            self.hang_up(now, out);
            self.forget_person();
        }
        self.user = Some(user);
        self.outbox.belong_to(user);
        self.start(now, out);
    }

    fn logged_out(&mut self, now: u64, out: &mut Out) {
        self.hang_up(now, out);
        self.outbox.wipe(out);
        self.forget_person();
        self.user = None;
    }

    fn forget_person(&mut self) {
        (self.session, self.sseq) = (None, 0);
        self.threads = Threads::default();
        self.streams = Streams::default();
        self.user_log = UserLog::default();
        self.unsaid_reads.clear();
        self.health = Health::default();
        self.presence = OwnPresence::default();
    }

    fn visible(&mut self, now: u64, out: &mut Out) {
        if let Some(at) = self.reconnect.visible(now) {
            self.hurry(at);
            if matches!(self.phase, Phase::Idle(Some(ErrorState::TooManyTabs))) {
                self.start(now, out);
            }
        }
        if let Phase::Open { heartbeat, .. } = &self.phase
            && now.saturating_sub(heartbeat.last_frame_at()) > PROBE_AFTER_MS
        {
            self.probe(now, out);
        }
    }

    fn retry_now(&mut self, now: u64, out: &mut Out) {
        let at = self.reconnect.allowed(now);
        self.hurry(at);
        if matches!(self.phase, Phase::Idle(Some(ErrorState::SignedOut))) {
            return out.push(Effect::SignIn);
        }
        self.start(now, out);
    }

    fn probe(&mut self, now: u64, out: &mut Out) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            out.frames.extend(heartbeat.probe(now).map(ClientFrame::from));
        }
    }

    pub(super) fn heard(&mut self, now: u64) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.heard(now);
            self.reconnect.heard();
        }
    }

    fn key(&mut self, thread: ThreadId, now: u64) {
        let has_listeners = self.is_open() || self.role == Role::Follower;
        if has_listeners && !self.is_lite && self.presence != OwnPresence::Invisible {
            self.typing.key(thread, now);
        }
    }

    fn mark_read(&mut self, thread: ThreadId, seq: Seq, out: &mut Out) {
        if self.is_open() || self.role == Role::Follower {
            return out.say(MarkRead { thread, seq });
        }
        let unsaid = self.unsaid_reads.entry(thread).or_default();
        *unsaid = seq.max(*unsaid);
    }

    /// What is stored is queued; a follower's leader sends it.
    fn hand_over(&self, record: Record, out: &mut Out) {
        if self.role == Role::Follower {
            out.push(Effect::AskLeader(Ask::Queue(Box::new(record))));
        }
    }

    fn asked(&mut self, ask: Ask, out: &mut Out) {
        match ask {
            Ask::Queue(record) => self.outbox.take_stored(*record, out),
            Ask::Drop(cid) => self.outbox.delete(cid, out),
            Ask::Say(frames) => {
                for frame in frames {
                    match frame {
                        ClientFrame::Subscribe(subscribe) => {
                            for (thread, cursor) in subscribe.threads {
                                self.threads.subscribe(thread, cursor, out);
                            }
                        }
                        // Other followers may still look at it; the limit ends what nobody opens again.
                        ClientFrame::Unsubscribe(_) => {}
                        ClientFrame::Read(read) => self.mark_read(read.thread, read.seq, out),
                        frame => out.frames.push(frame),
                    }
                }
            }
        }
    }

    /// Does everything whose time has come.
    fn run_due(&mut self, now: u64, random: Random<'_>, out: &mut Out) {
        self.run_connection(now, random, out);
        self.outbox.expire(now, out);
        self.health.gaps += self.threads.run_due(now, self.is_open(), out);
        self.user_log.run_due(now, out);
        self.typing.expire(now, out);
        self.typing.tell(now, out);
        if self.is_open() {
            if self.told_presence != self.presence {
                self.told_presence = self.presence;
                out.say(SetPresence {
                    state: self.presence,
                    idle_s: self.idle_s,
                });
            }
            self.outbox.flush(now, out);
        }
    }

    fn run_connection(&mut self, now: u64, random: Random<'_>, out: &mut Out) {
        if self.reconnect.leave_at().is_some_and(|at| now >= at) && self.is_open() {
            return self.leave_node(now, out);
        }
        match &mut self.phase {
            Phase::Waiting { until } if now >= *until => self.attempt(now, out),
            Phase::GettingTicket { until } | Phase::Opening { until } | Phase::Greeting { until } if now >= *until => {
                self.give_up(now, random, out);
            }
            Phase::Open { heartbeat, .. } => {
                while let Some(beat) = heartbeat.beat(now) {
                    match beat {
                        Beat::Dead => return self.give_up(now, random, out),
                        Beat::Missed => self.health.pong_missed(now),
                        Beat::Measure => out.frames.extend(heartbeat.measure(now).map(ClientFrame::from)),
                    }
                }
                if self.health.is_in_doubt() {
                    heartbeat.doubt(now);
                }
            }
            _ => {}
        }
    }

    fn deadline(&self, now: u64) -> Option<u64> {
        let leave_at = self.reconnect.leave_at().filter(|_| self.is_open());
        [
            self.phase.deadline(),
            leave_at,
            self.outbox.deadline(now, self.is_open()),
            self.threads.deadline(),
            self.user_log.deadline(),
            self.typing.deadline(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Hands what was said to the socket, or to the leader; without either it was said to nobody.
    pub(super) fn transmit(&mut self, out: &mut Out) {
        let frames = std::mem::take(&mut out.frames);
        let batches = std::mem::take(&mut out.batches);
        if self.is_open() {
            let loose = frames.chunks(BATCH_MAX).map(<[ClientFrame]>::to_vec);
            for frames in loose.chain(batches) {
                out.push(Effect::Transmit {
                    generation: self.generation,
                    frames,
                });
            }
        } else if self.role == Role::Follower && !frames.is_empty() {
            out.push(Effect::AskLeader(Ask::Say(frames)));
        }
    }
}
