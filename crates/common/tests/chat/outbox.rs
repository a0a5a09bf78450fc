//! What was sent is stored first, sent in order, and never lost, doubled or given to somebody else.

use common::chat::{
    Body, ClientFrame,
    client::{Effect, Input, Op, OutgoingState, Refusal, Role, UnsentReason},
    server_frames::{Nack, NackCode},
};

use crate::{
    frames::seq,
    shell::{DAY_MS, START, Shell, cid, item, thread, user},
};

pub fn text(text: &str) -> Op {
    Op::Send {
        reply_to: None,
        body: Body::text(text),
    }
}

pub fn send(shell: &mut Shell, number: u128, thread_number: u128) {
    shell.tell(Input::Compose {
        cid: cid(number),
        thread: thread(thread_number),
        op: text("molo"),
    });
}

/// The numbers of the messages in each array that was sent since the last look.
fn batches(shell: &mut Shell) -> Vec<Vec<u128>> {
    std::mem::take(&mut shell.sent)
        .into_iter()
        .filter_map(|frames| {
            let numbers: Vec<u128> = frames
                .iter()
                .filter_map(|frame| match frame {
                    ClientFrame::Send(send) => (0..10_000).find(|number| cid(*number) == send.cid),
                    _ => None,
                })
                .collect();
            (!numbers.is_empty()).then_some(numbers)
        })
        .collect()
}

fn reconnect(shell: &mut Shell) {
    shell.cut(1006);
    shell.wait_for_attempt();
    shell.take();
    shell.connect();
}

fn refusals(shell: &Shell) -> Vec<Refusal> {
    shell
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Refused { why, .. } => Some(*why),
            _ => None,
        })
        .collect()
}

fn nack(number: u128, code: NackCode, after_ms: Option<u64>) -> Nack {
    Nack {
        cid: cid(number),
        code,
        retry: after_ms.is_some(),
        after_ms,
    }
}

#[test]
fn a_message_is_queued_when_it_is_stored_and_sent_when_it_is_queued() {
    let mut shell = Shell::open();
    shell.stores_at_once = false;
    shell.take();
    send(&mut shell, 1, 1);
    assert_eq!(shell.outgoing(cid(1)), []);
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    shell.tell(Input::Persisted {
        cid: cid(1),
        revision: 0,
    });
    assert_eq!(shell.outgoing(cid(1)), [OutgoingState::Queued, OutgoingState::Sending]);
    assert_eq!(batches(&mut shell), [[1]]);
    shell.acknowledge(1, 1, 7);
    let sent = OutgoingState::Sent {
        item: Some(item(1)),
        seq: seq(7),
    };
    assert_eq!(shell.outgoing(cid(1)).last(), Some(&sent));
    assert!(shell.stored.is_empty());
}

#[test]
fn what_the_storage_does_not_take_is_refused_not_sent() {
    let mut shell = Shell::open();
    shell.stores_at_once = false;
    shell.take();
    send(&mut shell, 1, 1);
    shell.tell(Input::PersistFailed { cid: cid(1) });
    assert_eq!(refusals(&shell), [Refusal::NotStored]);
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    assert_eq!(shell.machine.outbox_size(), (0, 0));
}

#[test]
fn nothing_is_sent_before_the_welcome() {
    let mut shell = Shell::signed_in();
    send(&mut shell, 1, 1);
    shell.grant();
    shell.tell(Input::Opened {
        generation: shell.generation,
    });
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    shell.hear(crate::shell::welcome(false));
    assert_eq!(batches(&mut shell), [[1]]);
}

#[test]
fn one_send_of_a_thread_is_on_its_way_at_a_time() {
    let mut shell = Shell::open();
    for number in 1..=3 {
        send(&mut shell, number, 1);
    }
    send(&mut shell, 4, 2);
    assert_eq!(batches(&mut shell), [[1], [4]]);
    shell.acknowledge(1, 1, 1);
    assert_eq!(batches(&mut shell), [[2]]);
    shell.acknowledge(2, 1, 2);
    assert_eq!(batches(&mut shell), [[3]]);
}

#[test]
fn eight_threads_send_at_the_same_time() {
    let mut shell = Shell::open();
    for number in 1..=9 {
        send(&mut shell, number, number);
    }
    let sent: Vec<_> = std::mem::take(&mut shell.sent);
    let lanes: Vec<u8> = sent
        .iter()
        .flatten()
        .filter_map(|frame| match frame {
            ClientFrame::Send(send) => Some(send.lane),
            _ => None,
        })
        .collect();
    assert_eq!(lanes, [0, 1, 2, 3, 4, 5, 6, 7]);
    shell.acknowledge(3, 3, 1);
    assert_eq!(batches(&mut shell), [[9]]);
}

#[test]
fn after_a_reconnect_a_lane_goes_in_batches_of_32() {
    let mut shell = Shell::signed_in();
    for number in 0..40 {
        send(&mut shell, number, 1);
    }
    send(&mut shell, 50, 2);
    shell.connect();
    assert_eq!(batches(&mut shell), [(0..32).collect::<Vec<_>>(), vec![50]]);
    for number in 0..32 {
        assert_eq!(batches(&mut shell), [[0; 0]; 0]);
        shell.acknowledge(number, 1, 1 + number as u64);
    }
    assert_eq!(batches(&mut shell), [(32..40).collect::<Vec<_>>()]);
    send(&mut shell, 60, 1);
    send(&mut shell, 61, 1);
    for number in 32..40 {
        shell.acknowledge(number, 1, 1 + number as u64);
    }
    assert_eq!(batches(&mut shell), [[60]], "later ones one by one");
}

#[test]
fn a_batch_fits_into_a_frame() {
    let mut shell = Shell::signed_in();
    for number in 0..20 {
        shell.tell(Input::Compose {
            cid: cid(number),
            thread: thread(1),
            op: text(&"x".repeat(16_000)),
        });
    }
    shell.connect();
    for frames in &shell.sent {
        assert!(common::chat::wire::write(frames).len() <= common::chat::FRAME_MAX);
    }
    assert_eq!(batches(&mut shell), [[0, 1, 2, 3]]);
}

#[test]
fn what_may_have_arrived_is_sent_again_under_the_same_id_and_first() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    send(&mut shell, 2, 1);
    assert_eq!(batches(&mut shell), [[1]]);
    reconnect(&mut shell);
    assert_eq!(batches(&mut shell), [[1, 2]]);
}

#[test]
fn a_send_that_is_never_answered_is_sent_again() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    batches(&mut shell);
    for _ in 0..2 {
        shell.pass(10_000);
        shell.tell(Input::ReceivedUnknown {
            generation: shell.generation,
        });
    }
    assert_eq!(batches(&mut shell), [[1]]);
}

#[test]
fn a_retryable_nack_halts_its_own_lane_only() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    send(&mut shell, 2, 1);
    send(&mut shell, 3, 2);
    send(&mut shell, 4, 2);
    batches(&mut shell);
    shell.hear(nack(1, NackCode::RateLimited, Some(800)));
    shell.acknowledge(3, 2, 1);
    assert_eq!(batches(&mut shell), [[4]]);
    shell.pass(799);
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    shell.pass(1);
    assert_eq!(batches(&mut shell), [[1]], "and keeps its order");
}

#[test]
fn a_nack_for_good_is_told_and_the_lane_goes_on() {
    for (code, reason) in [
        (NackCode::Forbidden, UnsentReason::Forbidden),
        (NackCode::TooLarge, UnsentReason::TooLarge),
        (NackCode::Invalid, UnsentReason::Invalid),
        (NackCode::Blocked, UnsentReason::Blocked),
        (NackCode::Expired, UnsentReason::Expired),
        (NackCode::Other, UnsentReason::Refused),
    ] {
        let mut shell = Shell::open();
        send(&mut shell, 1, 1);
        send(&mut shell, 2, 1);
        batches(&mut shell);
        shell.hear(nack(1, code, None));
        assert_eq!(shell.outgoing(cid(1)).last(), Some(&OutgoingState::NotSent(reason)));
        assert_eq!(batches(&mut shell), [[2]]);
        assert!(
            shell.stored.iter().any(|record| record.unsent == Some(reason)),
            "also after a reload"
        );
        reconnect(&mut shell);
        assert_eq!(batches(&mut shell), [[2]], "never by itself");
    }
}

#[test]
fn a_message_that_closed_the_socket_by_its_size_is_not_sent_again() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    shell.cut(1009);
    let unsent = OutgoingState::NotSent(UnsentReason::TooLarge);
    assert!(shell.outgoing(cid(1)).contains(&unsent));
    shell.wait_for_attempt();
    shell.take();
    shell.connect();
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
}

#[test]
fn after_a_day_a_message_is_not_sent_unless_its_author_says_so() {
    let mut shell = Shell::signed_in();
    shell.tell(Input::RoleChanged(Role::Follower));
    send(&mut shell, 1, 1);
    shell.pass(DAY_MS - 1);
    assert_eq!(shell.outgoing(cid(1)), [OutgoingState::Queued]);
    shell.pass(1);
    let unsent = OutgoingState::NotSent(UnsentReason::Expired);
    assert_eq!(shell.outgoing(cid(1)).last(), Some(&unsent));
    shell.tell(Input::RoleChanged(Role::Leader));
    shell.take();
    shell.connect();
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    send(&mut shell, 2, 1);
    shell.acknowledge(2, 1, 1);
    batches(&mut shell);
    shell.tell(Input::RetryUnsent { cid: cid(1) });
    assert_eq!(batches(&mut shell), [[1]]);
}

#[test]
fn the_queue_holds_500_messages_and_two_mebibytes_and_then_says_no() {
    let mut shell = Shell::signed_in();
    for number in 0..500 {
        send(&mut shell, number, 1);
    }
    assert_eq!(refusals(&shell), []);
    send(&mut shell, 500, 1);
    assert_eq!(refusals(&shell), [Refusal::Full]);
    assert_eq!((shell.machine.outbox_size().0, shell.stored.len()), (500, 500));

    let mut shell = Shell::signed_in();
    for number in 0..200 {
        shell.tell(Input::Compose {
            cid: cid(number),
            thread: thread(1),
            op: text(&"x".repeat(16_000)),
        });
    }
    let (count, bytes) = shell.machine.outbox_size();
    assert!(bytes <= 2 * 1024 * 1024 && bytes > 2 * 1024 * 1024 - 17_000, "{bytes}");
    assert_eq!(refusals(&shell).len(), 200 - count);
}

#[test]
fn what_nobody_may_send_is_refused() {
    let mut shell = Shell::open();
    shell.take();
    for op in [text(""), text(" \n"), text(&"x".repeat(16 * 1024))] {
        shell.tell(Input::Compose {
            cid: cid(1),
            thread: thread(1),
            op,
        });
    }
    assert_eq!(refusals(&shell), [Refusal::Invalid; 3]);
}

#[test]
fn a_queued_message_can_be_edited_and_deleted_one_that_is_on_its_way_cannot() {
    let mut shell = Shell::signed_in();
    for number in 1..=3 {
        send(&mut shell, number, 1);
    }
    let edit = |number, body: &str| Input::EditQueued {
        cid: cid(number),
        body: Body::text(body),
    };
    shell.tell(edit(1, "hello"));
    shell.tell(Input::DeleteQueued { cid: cid(2) });
    assert_eq!(refusals(&shell), []);
    assert_eq!(shell.stored.len(), 2);
    shell.connect();
    let sent = shell.sent.concat();
    assert!(
        sent.iter()
            .any(|frame| matches!(frame, ClientFrame::Send(send) if send.body == Body::text("hello")))
    );
    assert_eq!(batches(&mut shell), [[1, 3]]);
    shell.tell(edit(1, "bye"));
    shell.tell(Input::DeleteQueued { cid: cid(1) });
    assert_eq!(refusals(&shell), [Refusal::OnItsWay; 2]);
    shell.cut(1006);
    shell.take();
    shell.tell(edit(1, "bye"));
    assert_eq!(refusals(&shell), [Refusal::OnItsWay], "it may have arrived");
    shell.tell(Input::DeleteQueued { cid: cid(1) });
    assert_eq!(shell.stored.len(), 1, "but it can always be removed");
}

#[test]
fn an_edit_waits_for_the_storage_like_a_message() {
    let mut shell = Shell::signed_in();
    send(&mut shell, 1, 1);
    shell.stores_at_once = false;
    shell.tell(Input::EditQueued {
        cid: cid(1),
        body: Body::text("hello"),
    });
    shell.connect();
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    shell.tell(Input::Persisted {
        cid: cid(1),
        revision: 0,
    });
    assert_eq!(batches(&mut shell), [[0; 0]; 0], "the storage has the older one");
    shell.tell(Input::Persisted {
        cid: cid(1),
        revision: 1,
    });
    assert_eq!(batches(&mut shell), [[1]]);
}

#[test]
fn changes_of_what_was_sent_go_the_same_way() {
    let mut shell = Shell::open();
    shell.take();
    for (number, op) in [
        (
            1,
            Op::Edit {
                item: item(9),
                body: Body::text("hello"),
            },
        ),
        (2, Op::Delete { item: item(9) }),
    ] {
        shell.tell(Input::Compose {
            cid: cid(number),
            thread: thread(1),
            op,
        });
    }
    assert!(matches!(shell.take_sent()[..], [ClientFrame::Edit(_)]));
    shell.acknowledge(1, 1, 1);
    assert!(matches!(shell.take_sent()[..], [ClientFrame::Delete(_)]));
}

#[test]
fn a_reload_of_the_page_keeps_messages_and_their_order() {
    let mut before = Shell::signed_in();
    for number in 0..20 {
        send(&mut before, number, 1);
    }
    let mut records = before.stored.clone();
    records.reverse();
    let mut shell = Shell::signed_in();
    shell.tell(Input::Loaded { user: user(1), records });
    shell.connect();
    assert_eq!(batches(&mut shell), [(0..20).collect::<Vec<_>>()]);
}

#[test]
fn logging_out_wipes_and_another_person_sends_nothing_of_the_first() {
    let mut shell = Shell::open();
    shell.cut(1006);
    send(&mut shell, 1, 1);
    let left = shell.stored.clone();
    shell.tell(Input::LoggedOut);
    assert!(shell.effects.contains(&Effect::Wipe { user: user(1) }));
    assert!(shell.stored.is_empty());

    // A sign-in of somebody else without a logout leaves the storage, and sends nothing of it.
    let mut shell = Shell::signed_in();
    send(&mut shell, 1, 1);
    shell.tell(Input::SignedIn { user: user(2) });
    shell.tell(Input::Loaded {
        user: user(2),
        records: left.clone(),
    });
    shell.tell(Input::Loaded {
        user: user(1),
        records: left,
    });
    shell.connect();
    assert_eq!(batches(&mut shell), [[0; 0]; 0]);
    assert_eq!(shell.stored.len(), 1, "it waits for its author");
}

#[test]
fn a_follower_stores_and_its_leader_sends() {
    let mut follower = Shell::signed_in();
    follower.tell(Input::RoleChanged(Role::Follower));
    follower.take();
    send(&mut follower, 1, 1);
    let ask = follower.effects.iter().find_map(|effect| match effect {
        Effect::AskLeader(ask) => Some(ask.clone()),
        _ => None,
    });
    let mut leader = Shell::open();
    leader.take();
    leader.tell(Input::Asked(ask.unwrap()));
    assert_eq!(batches(&mut leader), [[1]]);
    assert_eq!(batches(&mut follower), [[0; 0]; 0]);
    follower.tell(Input::Relayed(
        common::chat::server_frames::Ack {
            cid: cid(1),
            thread: thread(1),
            seq: seq(1),
            item: item(1),
            ts: chrono::DateTime::UNIX_EPOCH,
            dup: false,
        }
        .into(),
    ));
    assert_eq!(follower.machine.outbox_size().0, 0);
}

#[test]
fn sends_keep_to_the_server_s_rate() {
    let mut shell = Shell::open();
    shell.take();
    let mut sent = 0;
    for number in 0..40 {
        send(&mut shell, number, 1);
    }
    for _ in 0..40 {
        for batch in batches(&mut shell) {
            sent += batch.len();
            shell.acknowledge(batch[0], 1, 1 + batch[0] as u64);
        }
        if sent == 40 {
            break;
        }
        shell.pass(50);
    }
    // The bucket holds ten and gains five in a second.
    assert!(sent <= 10 + 5 * 2 + 1, "{sent} in two seconds");
    assert!(shell.now >= START + 2_000);
}
