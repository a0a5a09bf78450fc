//! A shell that does nothing by itself: a virtual clock, one timer, one socket, and notes of what it was told.

use std::collections::{BTreeMap, BTreeSet};

use common::{
    chat::{
        BATCH_MAX, ClientFrame, ConnectionHealth, ConnectionState, Cursor, Limits, ServerFrame,
        client::{Effect, Input, Machine, OutgoingState, Record, Role},
        client_frames::Hello,
        server_frames::{Ack, Welcome},
    },
    ids::{ClientMessageId, ItemId, ThreadId, UserId},
};

use crate::frames::{cursor, id, seq};

pub const START: u64 = 1_790_000_000_000;
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub struct Shell {
    pub machine: Machine,
    pub now: u64,
    pub wake_at: Option<u64>,
    /// What the machine's randomness gives: a fraction, or the next of a sequence.
    pub fraction: f64,
    /// Generations that were told to open and are not closed.
    pub sockets: Vec<u64>,
    pub generation: u64,
    /// Effects since they were last taken.
    pub effects: Vec<Effect>,
    /// Every array that was transmitted since it was last taken.
    pub sent: Vec<Vec<ClientFrame>>,
    /// What is stored of the outbox.
    pub stored: Vec<Record>,
    /// Whether records reach the storage at once.
    pub stores_at_once: bool,
    /// Who is signed in, when the last welcome came, and what waits for an answer.
    user: Option<UserId>,
    welcomed_at: u64,
    pub in_flight: BTreeMap<ClientMessageId, ThreadId>,
}

pub fn thread(number: u128) -> ThreadId {
    id(0xa00 + number)
}

pub fn user(number: u128) -> UserId {
    id(0xb00 + number)
}

pub fn cid(number: u128) -> ClientMessageId {
    id(0xc000 + number)
}

pub fn item(number: u128) -> ItemId {
    id(0xd000 + number)
}

impl Shell {
    pub fn new() -> Self {
        Self {
            machine: Machine::new("d_1", "a", Role::Leader),
            now: START,
            wake_at: None,
            fraction: 0.5,
            sockets: vec![],
            generation: 0,
            effects: vec![],
            sent: vec![],
            stored: vec![],
            stores_at_once: true,
            user: None,
            welcomed_at: 0,
            in_flight: BTreeMap::new(),
        }
    }

    pub fn signed_in() -> Self {
        let mut shell = Self::new();
        shell.tell(Input::SignedIn { user: user(1) });
        shell
    }

    /// Signed in and welcomed.
    pub fn open() -> Self {
        let mut shell = Self::signed_in();
        shell.connect();
        shell
    }

    /// Open, and follows thread 1 up to `head`.
    pub fn following(head: u64) -> Self {
        let mut shell = Self::open();
        shell.tell(Input::Subscribe {
            thread: thread(1),
            cursor: cursor("e", head),
        });
        shell.hear(common::chat::server_frames::Live {
            thread: thread(1),
            seq: seq(head),
        });
        shell.take();
        shell
    }

    pub fn tell(&mut self, input: Input) {
        match &input {
            Input::SignedIn { user } => self.user = Some(*user),
            Input::Closed { generation, .. } if *generation == self.generation => self.in_flight.clear(),
            Input::Received { frame, .. } => match frame {
                ServerFrame::Ack(ack) => drop(self.in_flight.remove(&ack.cid)),
                ServerFrame::Nack(nack) => drop(self.in_flight.remove(&nack.cid)),
                ServerFrame::Event(event) => self.in_flight.retain(|cid, _| Some(*cid) != event.cid),
                _ => {}
            },
            _ => {}
        }
        let fraction = self.fraction;
        let (was_connected, failures) = (self.machine.is_connected(), self.health().failures);
        let effects = self.machine.handle(input, self.now, &mut || fraction);
        if self.health().failures < failures {
            assert!(
                self.now - self.welcomed_at >= 10_000,
                "only a steady socket starts the count anew"
            );
        }
        if self.machine.is_connected() && !was_connected {
            self.welcomed_at = self.now;
        }
        for effect in effects {
            self.effects.push(effect.clone());
            self.obey(effect);
        }
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::FetchTicket { generation } => {
                assert!(generation > self.generation, "each attempt has a generation of its own");
                self.generation = generation;
            }
            Effect::Open { generation, .. } => {
                assert_eq!(self.sockets, [0; 0], "never two sockets");
                self.sockets.push(generation);
            }
            Effect::Close { generation } => {
                self.sockets.retain(|open| *open != generation);
                self.in_flight.clear();
            }
            Effect::Transmit { generation, frames } => {
                assert_eq!(self.sockets, [generation], "only the open socket is written to");
                self.check_sends(&frames);
                self.sent.push(frames);
            }
            Effect::WakeAt(at) => self.wake_at = at,
            Effect::Persist { record, revision } => {
                let cid = record.cid;
                self.stored.retain(|stored| stored.cid != cid);
                self.stored.push(record);
                if self.stores_at_once {
                    self.tell(Input::Persisted { cid, revision });
                }
            }
            Effect::Remove { cid, .. } => self.stored.retain(|stored| stored.cid != cid),
            Effect::Wipe { user } => self.stored.retain(|stored| stored.user != user),
            _ => {}
        }
    }

    /// Whatever is sent is stored, is this person's, is younger than a day, and waits for nobody of its thread.
    fn check_sends(&mut self, frames: &[ClientFrame]) {
        assert!(frames.len() <= BATCH_MAX);
        let sends: Vec<_> = frames
            .iter()
            .filter_map(|frame| match frame {
                ClientFrame::Send(send) => Some(send),
                _ => None,
            })
            .collect();
        for send in &sends {
            let record = self.stored.iter().find(|record| record.cid == send.cid);
            let record = record.expect("what is sent is stored");
            assert_eq!(Some(record.user), self.user, "never under another user");
            assert!(
                record.unsent.is_none() && self.now < record.queued_at_ms + DAY_MS,
                "never after a day"
            );
            assert_eq!(send.thread, sends[0].thread, "a batch is one lane");
            let waits = self
                .in_flight
                .iter()
                .any(|(cid, thread)| *thread == send.thread && !sends.iter().any(|send| send.cid == *cid));
            assert!(!waits, "one lane waits for its answers");
        }
        self.in_flight.extend(sends.iter().map(|send| (send.cid, send.thread)));
        let lanes: BTreeSet<_> = self.in_flight.values().collect();
        assert!(lanes.len() <= 8);
    }

    /// Lets time pass; the timer rings on the way.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut rings_in_place = 0;
        while let Some(at) = self.wake_at.filter(|at| *at <= end) {
            rings_in_place = if at > self.now { 0 } else { rings_in_place + 1 };
            assert!(rings_in_place < 5, "the timer rings without end");
            self.now = self.now.max(at);
            self.tell(Input::Tick);
        }
        self.now = end;
    }

    pub fn grant(&mut self) {
        self.tell(Input::TicketGranted {
            generation: self.generation,
            ticket: "t".into(),
        });
    }

    pub fn refuse(&mut self, status: u16, retry_after_ms: Option<u64>) {
        self.tell(Input::TicketRefused {
            generation: self.generation,
            status,
            retry_after_ms,
        });
    }

    /// From the ticket that was asked for to the welcome; gives back the hello.
    pub fn connect(&mut self) -> Hello {
        self.connect_with(welcome(false))
    }

    pub fn connect_with(&mut self, welcome: Welcome) -> Hello {
        self.grant();
        self.sent.clear();
        self.tell(Input::Opened {
            generation: self.generation,
        });
        let hello = match &self.sent[..] {
            [frames] => match &frames[..] {
                [ClientFrame::Hello(hello)] => hello.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        self.hear(welcome);
        hello
    }

    pub fn hear(&mut self, frame: impl Into<ServerFrame>) {
        self.tell(Input::Received {
            generation: self.generation,
            frame: frame.into(),
        });
    }

    /// The server or the network closes the socket.
    pub fn cut(&mut self, code: u16) {
        let generation = self.generation;
        self.sockets.retain(|open| *open != generation);
        self.tell(Input::Closed { generation, code });
    }

    /// Waits for the next attempt; gives back how long it took.
    pub fn wait_for_attempt(&mut self) -> u64 {
        let (before, started) = (self.generation, self.now);
        for _ in 0..100 {
            if self.generation != before {
                return self.now - started;
            }
            let at = self.wake_at.expect("an attempt is planned");
            self.pass(at.saturating_sub(self.now));
        }
        panic!("no attempt comes");
    }

    pub fn health(&self) -> ConnectionHealth {
        self.machine.health(self.now)
    }

    pub fn state(&self) -> ConnectionState {
        self.health().state
    }

    pub fn take(&mut self) -> Vec<Effect> {
        self.sent.clear();
        std::mem::take(&mut self.effects)
    }

    pub fn take_sent(&mut self) -> Vec<ClientFrame> {
        std::mem::take(&mut self.sent).into_iter().flatten().collect()
    }

    pub fn outgoing(&self, cid: ClientMessageId) -> Vec<OutgoingState> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Outgoing { cid: of, state } if *of == cid => Some(*state),
                _ => None,
            })
            .collect()
    }

    pub fn acknowledge(&mut self, number: u128, thread_number: u128, at: u64) {
        self.hear(Ack {
            cid: cid(number),
            thread: thread(thread_number),
            seq: seq(at),
            item: item(number),
            ts: chrono::DateTime::UNIX_EPOCH,
            dup: false,
        });
    }
}

pub fn welcome(resumed: bool) -> Welcome {
    Welcome {
        v: 1,
        session: id(0x5),
        conn: "c_1".into(),
        node: "n1".into(),
        resumed,
        ping_ms: 25_000,
        pong_ms: 8_000,
        limits: Limits::default(),
        st: 0,
        user_cursor: Cursor {
            epoch: "u".into(),
            seq: seq(0),
        },
    }
}
