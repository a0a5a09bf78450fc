//! Any order of events under a virtual clock. The shell asserts at each step that there are never two sockets, that
//! the timer does not ring without end, the reset rule, and what may be sent; here nothing of the outbox is lost.

use std::collections::BTreeMap;

use common::{
    chat::{
        Event,
        client::{Effect, Input, OutgoingState, Role},
        client_frames::OwnPresence,
        server_frames::{Live, Nack, NackCode, Reconnect, ServerPing, ServerPong},
    },
    ids::{ClientMessageId, UserId},
};
use proptest::prelude::*;

use crate::{
    frames::{cursor, seq},
    outbox::text,
    shell::{Shell, cid, item, thread, user, welcome},
    threads::{event, sync},
};

#[derive(Debug, Clone)]
enum Step {
    Tell(Box<Input>),
    Pass(u64),
    /// The next step of an attempt succeeds, whichever it is.
    Succeed,
    Refuse(u16, Option<u64>),
    Cut(u16),
    /// An event of a socket that is gone.
    Late(u16),
    Hear(Heard),
    Compose(u128),
    Delete(u128),
    Edit(u128),
    Retry(u128),
    /// The oldest of what is on its way.
    Acknowledge,
    Echo,
    Nack(NackCode, Option<u64>),
    StoreAtOnce(bool),
    /// The storage answers all that it was asked.
    Stored,
    SignIn(u128),
    /// The page is loaded anew, with what the storage has.
    Load,
}

#[derive(Debug, Clone)]
enum Heard {
    Event(u64),
    Sync(u64, u64),
    Live(u64),
    Ping,
    Pong,
    Reconnect(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let code = prop::sample::select(vec![
        1006_u16, 1009, 4000, 4002, 4003, 4008, 4009, 4011, 4013, 4029, 4501,
    ]);
    let after = prop::option::of(prop::sample::select(vec![1_u64, 800, 30_000]));
    let browser = prop::sample::select(vec![
        Input::Online,
        Input::Offline,
        Input::Visible,
        Input::Hidden,
        Input::PageShown,
        Input::RetryNow,
        Input::Tick,
        Input::Blur,
        Input::LoggedOut,
        Input::RoleChanged(Role::Leader),
        Input::RoleChanged(Role::Leader),
        Input::RoleChanged(Role::Follower),
        Input::Key { thread: thread(1) },
        Input::Unsubscribe { thread: thread(1) },
        Input::Subscribe {
            thread: thread(1),
            cursor: cursor("e", 3),
        },
        Input::SetPresence {
            state: OwnPresence::Away,
            idle_s: 300,
        },
    ]);
    let heard = prop_oneof![
        (0_u64..12).prop_map(Heard::Event),
        (1_u64..6, 0_u64..6).prop_map(|(from, more)| Heard::Sync(from, from + more)),
        (0_u64..12).prop_map(Heard::Live),
        Just(Heard::Ping),
        Just(Heard::Pong),
        (0_u64..20_000).prop_map(Heard::Reconnect),
    ];
    let pass = prop_oneof![
        6 => 0_u64..3_000,
        3 => 3_000_u64..60_000,
        1 => 60_000_u64..100_000_000,
    ];
    let step = prop_oneof![
        4 => browser.prop_map(|input| Step::Tell(Box::new(input))),
        6 => pass.prop_map(Step::Pass),
        12 => Just(Step::Succeed),
        2 => (prop::sample::select(vec![0_u16, 401, 403, 426, 429, 503]), after.clone())
            .prop_map(|(status, after)| Step::Refuse(status, after)),
        2 => code.clone().prop_map(Step::Cut),
        1 => code.prop_map(Step::Late),
        6 => heard.prop_map(Step::Hear),
        8 => (0_u128..4).prop_map(Step::Compose),
        1 => (0_u128..40).prop_map(Step::Delete),
        1 => (0_u128..40).prop_map(Step::Edit),
        1 => (0_u128..40).prop_map(Step::Retry),
        4 => Just(Step::Acknowledge),
        2 => Just(Step::Echo),
        2 => (prop::sample::select(NackCode::ALL.to_vec()), after).prop_map(|(code, after)| Step::Nack(code, after)),
        1 => any::<bool>().prop_map(Step::StoreAtOnce),
        2 => Just(Step::Stored),
        2 => (1_u128..3).prop_map(Step::SignIn),
        1 => Just(Step::Load),
    ];
    prop::collection::vec(step, 1..120)
}

struct Model {
    shell: Shell,
    user: Option<UserId>,
    composed: u128,
    /// What the person was told is queued, and whose it is; gone when it was sent, deleted or wiped.
    promised: BTreeMap<ClientMessageId, UserId>,
    /// Asked of the storage, and not answered.
    asked: Vec<(ClientMessageId, u32)>,
    next_seq: u64,
}

impl Model {
    fn take(&mut self, step: Step) {
        let generation = self.shell.generation;
        match step {
            Step::Tell(input) => {
                let is_logout = *input == Input::LoggedOut;
                self.shell.tell(*input);
                if is_logout && let Some(user) = self.user.take() {
                    self.promised.retain(|_, of| *of != user);
                }
            }
            Step::Pass(ms) => self.shell.pass(ms),
            Step::Succeed => {
                self.shell.grant();
                self.shell.tell(Input::Opened { generation });
                self.shell.hear(welcome(false));
            }
            Step::Refuse(status, retry_after_ms) => self.shell.refuse(status, retry_after_ms),
            Step::Cut(code) => {
                if self.shell.sockets == [generation] {
                    self.shell.cut(code);
                }
            }
            Step::Late(code) => self.shell.tell(Input::Closed {
                generation: generation.saturating_sub(1),
                code,
            }),
            Step::Hear(heard) => self.hear(heard),
            Step::Compose(number) => {
                self.composed += 1;
                self.shell.tell(Input::Compose {
                    cid: cid(self.composed),
                    thread: thread(number),
                    op: text("molo"),
                });
            }
            Step::Delete(number) => {
                let before = self.shell.machine.outbox_size().0;
                self.shell.tell(Input::DeleteQueued { cid: cid(number) });
                if self.shell.machine.outbox_size().0 < before {
                    self.promised.remove(&cid(number));
                }
            }
            Step::Edit(number) => self.shell.tell(Input::EditQueued {
                cid: cid(number),
                body: common::chat::Body::text("hello"),
            }),
            Step::Retry(number) => self.shell.tell(Input::RetryUnsent { cid: cid(number) }),
            Step::Acknowledge => {
                if let Some((cid, thread)) = self.oldest_in_flight() {
                    self.acknowledge(cid, thread);
                }
            }
            Step::Echo => {
                if let Some((cid, _)) = self.oldest_in_flight() {
                    // Only a followed thread echoes, and only the next event is shown.
                    self.shell.hear(Event {
                        cid: Some(cid),
                        ..event(4)
                    });
                    self.shell.in_flight.clear();
                }
            }
            Step::Nack(code, after_ms) => {
                if let Some((cid, _)) = self.oldest_in_flight() {
                    self.shell.hear(Nack {
                        cid,
                        code,
                        retry: after_ms.is_some(),
                        after_ms,
                    });
                }
            }
            Step::StoreAtOnce(at_once) => self.shell.stores_at_once = at_once,
            Step::Stored => self.store(),
            Step::SignIn(number) => {
                self.user = Some(user(number));
                self.shell.tell(Input::SignedIn { user: user(number) });
            }
            Step::Load => {
                if let Some(user) = self.user {
                    let mut records = self.shell.stored.clone();
                    records.retain(|record| record.user == user);
                    self.shell.tell(Input::Loaded { user, records });
                }
            }
        }
        self.look();
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Event(at) => self.shell.hear(event(at)),
            Heard::Sync(from, to) => self.shell.hear(sync("e", from, to, false)),
            Heard::Live(at) => self.shell.hear(Live {
                thread: thread(1),
                seq: seq(at),
            }),
            Heard::Ping => self.shell.hear(ServerPing { n: 1, st: 0 }),
            Heard::Pong => self.shell.hear(ServerPong { n: 1, ct: 0, st: 0 }),
            Heard::Reconnect(window_ms) => self.shell.hear(Reconnect {
                window_ms,
                why: "drain".into(),
            }),
        }
    }

    fn oldest_in_flight(&self) -> Option<(ClientMessageId, common::ids::ThreadId)> {
        self.shell.in_flight.iter().next().map(|(cid, thread)| (*cid, *thread))
    }

    fn acknowledge(&mut self, cid: ClientMessageId, thread: common::ids::ThreadId) {
        self.next_seq += 1;
        self.shell.hear(common::chat::server_frames::Ack {
            cid,
            thread,
            seq: seq(self.next_seq),
            item: item(1),
            ts: chrono::DateTime::UNIX_EPOCH,
            dup: false,
        });
    }

    fn store(&mut self) {
        for (cid, revision) in std::mem::take(&mut self.asked) {
            self.shell.tell(Input::Persisted { cid, revision });
        }
    }

    /// Notes what the person was told, and compares it with what is there.
    fn look(&mut self) {
        for effect in std::mem::take(&mut self.shell.effects) {
            match effect {
                Effect::Outgoing {
                    cid,
                    state: OutgoingState::Queued,
                } => {
                    let record = self.shell.stored.iter().find(|record| record.cid == cid);
                    if let Some(record) = record {
                        self.promised.insert(cid, record.user);
                    }
                }
                Effect::Outgoing {
                    cid,
                    state: OutgoingState::Sent { .. },
                } => {
                    self.promised.remove(&cid);
                }
                Effect::Persist { record, revision } if !self.shell.stores_at_once => {
                    self.asked.push((record.cid, revision));
                }
                _ => {}
            }
        }
        self.shell.sent.clear();
        let (count, bytes) = self.shell.machine.outbox_size();
        assert!(count <= 500 && bytes <= 2 * 1024 * 1024);
        for cid in self.promised.keys() {
            assert!(
                self.shell.stored.iter().any(|record| record.cid == *cid),
                "{cid} was promised and is lost"
            );
        }
    }

    /// Peace: the person is back, everything works, everything is answered.
    fn settle(&mut self, user: UserId) {
        self.shell.stores_at_once = true;
        self.store();
        self.user = Some(user);
        self.shell.tell(Input::SignedIn { user });
        let mut records = self.shell.stored.clone();
        records.retain(|record| record.user == user);
        self.shell.tell(Input::Loaded { user, records });
        self.shell.tell(Input::RoleChanged(Role::Leader));
        self.shell.tell(Input::Online);
        self.shell.tell(Input::RetryNow);
        for _ in 0..2_000 {
            self.take(Step::Succeed);
            while let Some((cid, thread)) = self.oldest_in_flight() {
                self.acknowledge(cid, thread);
            }
            self.take(Step::Pass(500));
            let is_done = self
                .shell
                .stored
                .iter()
                .all(|record| record.user != user || record.unsent.is_some());
            if is_done && self.shell.machine.is_connected() {
                return;
            }
        }
        panic!("not all is sent: {:?}", self.shell.stored);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_of_events_nothing_is_lost_doubled_or_sent_for_another(
        steps in steps(),
        fraction in 0.0..1.0_f64,
    ) {
        let mut model = Model {
            shell: Shell::new(),
            user: None,
            composed: 0,
            promised: BTreeMap::new(),
            asked: vec![],
            next_seq: 100,
        };
        model.shell.fraction = fraction;
        model.take(Step::SignIn(1));
        for step in steps {
            model.take(step);
        }
        for number in 1..3 {
            model.settle(user(number));
        }
        let unsent = |cid: &ClientMessageId| {
            model.shell.stored.iter().any(|record| record.cid == *cid && record.unsent.is_some())
        };
        prop_assert!(model.promised.keys().all(unsent), "what remains was told to be unsent");
    }

    #[test]
    fn events_are_shown_once_and_without_a_hole(heard in prop::collection::vec(1_u64..40, 1..120)) {
        let mut shell = Shell::following(0);
        for at in heard {
            shell.hear(event(at));
            let shown = crate::threads::applied(&shell);
            prop_assert_eq!(&shown, &(1..=shown.len() as u64).collect::<Vec<_>>());
        }
    }
}
