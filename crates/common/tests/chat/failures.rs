//! Failures of other systems that must not happen here, where the client answers for them.

use common::chat::{
    ClientFrame, ConnectionState, Event,
    client::{Input, OutgoingState},
    server_frames::{Live, StreamDelta, StreamSnap},
};

use crate::{
    frames::{cursor, seq},
    outbox::send,
    shell::{Shell, cid, item, thread, user, welcome},
    threads::{applied, event, sync},
};

fn sends(shell: &mut Shell) -> Vec<common::ids::ClientMessageId> {
    shell
        .take_sent()
        .into_iter()
        .filter_map(|frame| match frame {
            ClientFrame::Send(send) => Some(send.cid),
            _ => None,
        })
        .collect()
}

/// Socket.IO #5538: a session without any event before the drop could not be recovered.
#[test]
fn recovery_is_not_impossible_when_no_event_arrived_before_the_drop() {
    let mut shell = Shell::following(0);
    shell.cut(1006);
    shell.wait_for_attempt();
    let hello = shell.connect();
    assert_eq!(hello.cursors[&thread(1)], cursor("e", 0));
    shell.take();
    shell.hear(sync("e", 1, 4, false));
    assert_eq!(applied(&shell), [1, 2, 3, 4]);
}

/// Socket.IO #4880: the second recovery failed.
#[test]
fn recovery_does_not_work_only_once() {
    let mut shell = Shell::following(500);
    let mut head = 500;
    for round in 0..10 {
        shell.cut(1006);
        shell.wait_for_attempt();
        let hello = shell.connect_with(welcome(round % 2 == 0));
        assert_eq!(hello.cursors[&thread(1)], cursor("e", head));
        shell.take();
        shell.hear(sync("e", head + 1, head + 3, false));
        shell.hear(Live {
            thread: thread(1),
            seq: seq(head + 3),
        });
        assert_eq!(applied(&shell), [head + 1, head + 2, head + 3]);
        head += 3;
    }
}

/// chatkit-js #140: the reply died with the page.
#[test]
fn a_running_reply_does_not_die_with_the_connection() {
    let mut shell = Shell::following(500);
    shell.hear(StreamDelta {
        thread: thread(1),
        item: item(9),
        i: 1,
        s: "a".into(),
    });
    shell.cut(1006);
    shell.wait_for_attempt();
    let hello = shell.connect();
    assert_eq!(hello.streams, [(item(9), 1)].into());
    shell.take();
    shell.hear(StreamSnap {
        item: item(9),
        i: 5,
        s: "abcde".into(),
    });
    shell.hear(StreamDelta {
        thread: thread(1),
        item: item(9),
        i: 6,
        s: "f".into(),
    });
    let pieces = shell
        .effects
        .iter()
        .filter(|effect| {
            matches!(
                effect,
                common::chat::client::Effect::StreamSet { .. } | common::chat::client::Effect::StreamAppend { .. }
            )
        })
        .count();
    assert_eq!(pieces, 2);
}

/// Mattermost #2925: a retry after a 502 doubled messages.
#[test]
fn a_retry_does_not_get_a_new_id() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    let mut tries = sends(&mut shell);
    for _ in 0..5 {
        shell.cut(1011);
        shell.wait_for_attempt();
        shell.connect();
        tries.extend(sends(&mut shell));
    }
    assert_eq!(tries, [cid(1); 6]);
}

/// mattermost-webapp #10960: every event of the browser started another attempt, and the herd froze the app.
#[test]
fn events_of_the_browser_do_not_start_a_herd() {
    let mut shell = Shell::open();
    shell.cut(1006);
    let before = shell.generation;
    for _ in 0..200 {
        for input in [
            Input::Visible,
            Input::Online,
            Input::PageShown,
            Input::RetryNow,
            Input::Hidden,
        ] {
            shell.tell(input);
        }
    }
    assert_eq!(shell.generation, before + 1);
}

/// Rocket.Chat #41585 and #42162: after a reconnect the others were shown as they had been.
#[test]
fn presence_is_not_wrong_after_a_reconnect() {
    let mut shell = Shell::open();
    shell.take();
    shell.cut(1006);
    let forgets = common::chat::client::Effect::PresenceUnknown;
    assert!(shell.effects.contains(&forgets));
}

/// element-web #31261: a message hung because its echo was lost.
#[test]
fn a_message_does_not_hang_when_its_echo_or_its_acknowledgement_is_lost() {
    let is_sent = |shell: &Shell| {
        shell
            .outgoing(cid(1))
            .iter()
            .any(|state| matches!(state, OutgoingState::Sent { .. }))
    };
    let mut shell = Shell::following(500);
    send(&mut shell, 1, 1);
    shell.acknowledge(1, 1, 501);
    assert!(is_sent(&shell), "the acknowledgement is enough");

    let mut shell = Shell::following(500);
    send(&mut shell, 1, 1);
    shell.hear(Event {
        cid: Some(cid(1)),
        ..event(501)
    });
    assert!(is_sent(&shell), "the echo is enough");

    let mut shell = Shell::following(500);
    send(&mut shell, 1, 1);
    sends(&mut shell);
    shell.pass(20_000);
    assert_eq!(sends(&mut shell), [cid(1)], "without both it is asked again");
}

/// reconnecting-websocket #110: the bound of the queue was ignored.
#[test]
fn the_bound_of_the_queue_is_not_ignored() {
    let mut shell = Shell::signed_in();
    for number in 0..700 {
        send(&mut shell, number, number % 20);
    }
    assert_eq!((shell.machine.outbox_size().0, shell.stored.len()), (500, 500));
}

/// reconnecting-websocket #171: what was queued could not be removed.
#[test]
fn queued_messages_are_not_stuck() {
    let mut shell = Shell::signed_in();
    for number in 0..500 {
        send(&mut shell, number, 1);
    }
    for number in 0..500 {
        shell.tell(Input::DeleteQueued { cid: cid(number) });
    }
    assert_eq!((shell.machine.outbox_size(), shell.stored.len()), ((0, 0), 0));
    shell.connect();
    assert_eq!(sends(&mut shell), []);
}

/// The system before: messages went by REST while the socket's queue was never used.
#[test]
fn the_queue_is_not_unused() {
    let mut shell = Shell::signed_in();
    for number in 0..20 {
        send(&mut shell, number, 1);
    }
    shell.connect();
    assert_eq!(sends(&mut shell), (0..20).map(cid).collect::<Vec<_>>());
}

/// The system before: the quality was always critical.
#[test]
fn quality_is_not_always_bad() {
    use common::chat::{Quality, server_frames::ServerPong};
    let mut shell = Shell::open();
    assert_eq!(shell.health().quality, Quality::Unknown, "not measured is not bad");
    shell.pass(30);
    shell.hear(ServerPong { n: 1, ct: 0, st: 0 });
    assert_eq!(shell.health().quality, Quality::Excellent);
}

/// The system before: each refresh of the token destroyed the queue.
#[test]
fn a_new_ticket_or_a_new_sign_in_does_not_destroy_the_queue() {
    let mut shell = Shell::open();
    send(&mut shell, 1, 1);
    send(&mut shell, 2, 1);
    shell.tell(Input::RefreshTicket { ticket: "t".into() });
    shell.tell(Input::SignedIn { user: user(1) });
    assert_eq!(shell.machine.outbox_size().0, 2);
    shell.cut(4002);
    shell.wait_for_attempt();
    shell.refuse(401, None);
    assert_eq!(shell.stored.len(), 2);
    shell.tell(Input::SignedIn { user: user(1) });
    shell.wait_for_attempt();
    shell.take();
    shell.connect();
    assert_eq!(sends(&mut shell), [cid(1), cid(2)]);
}

/// The system before: the button was dead after giving up.
#[test]
fn the_button_is_not_dead() {
    let mut shell = Shell::signed_in();
    for _ in 0..25 {
        shell.refuse(0, None);
        shell.wait_for_attempt();
    }
    shell.refuse(0, None);
    assert_eq!(shell.state(), ConnectionState::Failed);
    let before = shell.generation;
    shell.tell(Input::RetryNow);
    assert_eq!(shell.generation, before + 1);

    for code in [4502, 4503, 4504, 4013] {
        let mut shell = Shell::open();
        shell.cut(code);
        shell.pass(60_000);
        let before = shell.generation;
        shell.tell(Input::RetryNow);
        assert_eq!(shell.generation, before + 1, "{code}");
    }
}
