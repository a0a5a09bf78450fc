//! What has no sequence: pieces of a stream, and who types.

use common::{
    chat::{
        Body, Change, ClientFrame, Event, ItemStatus, ServerFrame,
        client::{Effect, Input},
        events::ItemDone,
        server_frames::*,
    },
    ids::UserId,
};

use crate::{
    shell::{Shell, cid, item, thread, user},
    threads::event,
};

fn delta(i: u64, text: &str) -> StreamDelta {
    StreamDelta {
        thread: thread(1),
        item: item(9),
        i,
        s: text.into(),
    }
}

fn snap(i: u64, text: &str) -> StreamSnap {
    StreamSnap {
        item: item(9),
        i,
        s: text.into(),
    }
}

/// What a person reads of the stream.
fn streamed(shell: &Shell) -> String {
    let mut shown = String::new();
    for effect in &shell.effects {
        match effect {
            Effect::StreamSet { text, .. } => shown.clone_from(text),
            Effect::StreamAppend { text, .. } => shown.push_str(text),
            _ => {}
        }
    }
    shown
}

#[test]
fn pieces_of_a_stream_are_shown_once_and_in_order() {
    let mut shell = Shell::following(500);
    for frame in [
        delta(1, "a"),
        delta(2, "b"),
        delta(2, "b"),
        delta(1, "a"),
        delta(4, "d"),
    ] {
        shell.hear(frame);
    }
    assert_eq!(streamed(&shell), "ab", "a hole waits for the whole");
    shell.hear(snap(4, "abcd"));
    shell.hear(snap(2, "ab"));
    shell.hear(delta(5, "e"));
    assert_eq!(streamed(&shell), "abcde");
}

#[test]
fn a_stream_that_has_ended_is_not_asked_for_again() {
    let mut shell = Shell::following(500);
    shell.hear(delta(1, "a"));
    shell.hear(Event {
        by: None,
        change: Change::Done(ItemDone {
            item: item(9),
            status: ItemStatus::Done,
            body: Body::text("abc"),
            reason: None,
        }),
        ..event(501)
    });
    shell.cut(1006);
    shell.wait_for_attempt();
    assert!(shell.connect().streams.is_empty());
}

fn typed(shell: &mut Shell) -> Vec<bool> {
    shell
        .take_sent()
        .into_iter()
        .filter_map(|frame| match frame {
            ClientFrame::Typing(typing) => Some(typing.on),
            _ => None,
        })
        .collect()
}

#[test]
fn typing_starts_at_the_first_key_repeats_sparingly_and_stops_when_idle() {
    let mut shell = Shell::following(500);
    let key = Input::Key { thread: thread(1) };
    shell.tell(key.clone());
    assert_eq!(typed(&mut shell), [true]);
    for _ in 0..39 {
        shell.pass(100);
        shell.tell(key.clone());
    }
    assert_eq!(typed(&mut shell), [false; 0], "3.9 seconds");
    shell.pass(100);
    assert_eq!(typed(&mut shell), [true]);
    shell.pass(4_800);
    typed(&mut shell);
    shell.pass(2_000);
    assert_eq!(typed(&mut shell), [false]);
}

#[test]
fn typing_stops_on_blur_on_leaving_and_on_sending_but_at_the_server_s_pace() {
    for stop in [
        Input::Blur,
        Input::Key { thread: thread(2) },
        Input::Compose {
            cid: cid(1),
            thread: thread(1),
            op: crate::outbox::text("molo"),
        },
    ] {
        let mut shell = Shell::following(500);
        shell.tell(Input::Key { thread: thread(1) });
        typed(&mut shell);
        shell.pass(500);
        shell.tell(stop.clone());
        shell.pass(1_499);
        let sent: Vec<_> = shell.take_sent();
        let stopped = |frame: &ClientFrame| matches!(frame, ClientFrame::Typing(typing) if !typing.on);
        assert!(!sent.iter().any(stopped), "one frame in two seconds");
        shell.pass(1);
        assert!(shell.take_sent().iter().any(stopped), "{stop:?}");
    }
}

#[test]
fn somebody_who_typed_is_shown_for_eight_seconds_at_most() {
    let types = |on, ttl_ms| Typing {
        thread: thread(1),
        user: user(2),
        on,
        ttl_ms,
    };
    let shown = |shell: &mut Shell| -> Vec<Vec<UserId>> {
        shell
            .take()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::TypingChanged { users, .. } => Some(users),
                _ => None,
            })
            .collect()
    };
    let mut shell = Shell::following(500);
    shell.hear(types(true, 60_000));
    assert_eq!(shown(&mut shell), [vec![user(2)]]);
    shell.pass(7_999);
    assert_eq!(shown(&mut shell), [[]; 0]);
    shell.pass(1);
    assert_eq!(shown(&mut shell), [[]]);

    type End = fn(&mut Shell);
    let ends: [End; 3] = [
        |shell| shell.hear(event(501)),
        |shell| shell.cut(1006),
        |shell| {
            shell.hear(ServerFrame::from(Typing {
                thread: thread(1),
                user: user(2),
                on: false,
                ttl_ms: 0,
            }));
        },
    ];
    for end in ends {
        let mut shell = Shell::following(500);
        shell.hear(types(true, 8_000));
        shown(&mut shell);
        end(&mut shell);
        assert_eq!(shown(&mut shell), [[]]);
    }
}
