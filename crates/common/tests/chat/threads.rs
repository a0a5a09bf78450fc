//! What is heard of a thread is applied in sequence; holes are filled, gaps are read anew; streams; typing.

use std::time::Duration;

use chrono::DateTime;
use common::{
    chat::{
        Body, Change, ClientFrame, Cursor, Event, ItemStatus, LoadingState, UserChange, UserEvent,
        client::{Effect, Input},
        events::{ItemCreated, Purged, SettingsChanged, ThreadLeft},
        server_frames::*,
    },
    ids::ClientMessageId,
};

use crate::{
    frames::{cursor, seq},
    shell::{Shell, cid, item, thread, user, welcome},
};

pub fn event(at: u64) -> Event {
    Event {
        thread: thread(1),
        seq: seq(at),
        sseq: None,
        cid: None,
        by: Some(user(2)),
        ts: DateTime::UNIX_EPOCH + Duration::from_secs(at),
        change: Change::Created(ItemCreated {
            item: item(u128::from(at)),
            reply_to: None,
            status: ItemStatus::Done,
            body: Body::text("molo"),
        }),
    }
}

pub fn sync(epoch: &str, from: u64, to: u64, more: bool) -> Sync {
    Sync {
        thread: thread(1),
        epoch: epoch.into(),
        from: seq(from),
        to: seq(to),
        items: (from..=to).map(event).collect(),
        more,
    }
}

fn live(at: u64) -> Live {
    Live {
        thread: thread(1),
        seq: seq(at),
    }
}

fn gap(epoch: &str, head: u64, why: GapReason) -> Gap {
    Gap {
        thread: thread(1),
        epoch: epoch.into(),
        floor: seq(0),
        head: seq(head),
        why,
    }
}

/// The sequences that were shown since the effects were last taken.
pub fn applied(shell: &Shell) -> Vec<u64> {
    shell
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Apply { event, .. } => Some(event.seq.get()),
            _ => None,
        })
        .collect()
}

fn saved(shell: &Shell) -> Option<Cursor> {
    shell.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveCursor { cursor, .. } => Some(cursor.clone()),
        _ => None,
    })
}

fn loading(shell: &Shell) -> Option<LoadingState> {
    shell.effects.iter().rev().find_map(|effect| match effect {
        Effect::Loading { state, .. } => Some(*state),
        _ => None,
    })
}

fn reload(shell: &Shell) -> Option<(u64, Cursor, String)> {
    shell.effects.iter().rev().find_map(|effect| match effect {
        Effect::Reload {
            request, known, epoch, ..
        } => Some((*request, known.clone(), epoch.clone())),
        _ => None,
    })
}

fn fetches(shell: &mut Shell) -> Vec<u64> {
    shell
        .take_sent()
        .into_iter()
        .filter_map(|frame| match frame {
            ClientFrame::Fetch(fetch) => Some(fetch.after.get()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_next_event_is_shown_an_old_one_dropped() {
    let mut shell = Shell::following(500);
    for at in [501, 502, 501, 1, 502, 503] {
        shell.hear(event(at));
    }
    assert_eq!(applied(&shell), [501, 502, 503]);
    assert_eq!(saved(&shell), Some(cursor("e", 503)));
    assert_eq!(fetches(&mut shell), [0; 0]);
}

#[test]
fn a_hole_is_fetched_once_and_what_came_later_waits_for_it() {
    let mut shell = Shell::following(500);
    shell.hear(event(503));
    shell.hear(event(504));
    assert_eq!(applied(&shell), [0; 0]);
    assert_eq!(fetches(&mut shell), [500]);
    assert_eq!(loading(&shell), Some(LoadingState::CatchingUp));
    shell.hear(sync("e", 501, 502, false));
    assert_eq!(applied(&shell), [501, 502, 503, 504]);
    assert_eq!(loading(&shell), Some(LoadingState::Ready));
    shell.pass(10_000);
    assert_eq!(reload(&shell), None);
}

#[test]
fn a_hole_that_is_not_filled_in_three_seconds_is_read_anew() {
    let mut shell = Shell::following(500);
    shell.hear(event(503));
    shell.pass(2_999);
    assert_eq!(reload(&shell), None);
    shell.pass(1);
    let (request, known, epoch) = reload(&shell).unwrap();
    assert_eq!((known, epoch.as_str()), (cursor("e", 500), "e"));
    assert_eq!(shell.health().gaps, 1);
    shell.hear(event(504));
    assert_eq!(applied(&shell), [0; 0], "the storage comes first");
    shell.tell(Input::Reloaded {
        thread: thread(1),
        request,
        head: seq(503),
    });
    assert_eq!(applied(&shell), [504]);
    assert_eq!(saved(&shell), Some(cursor("e", 504)));
    assert_eq!(loading(&shell), Some(LoadingState::Ready));
}

#[test]
fn an_answer_that_fills_nothing_is_not_asked_for_again_and_again() {
    let mut shell = Shell::following(500);
    shell.hear(event(503));
    for _ in 0..20 {
        shell.hear(Sync {
            items: vec![],
            ..sync("e", 501, 501, false)
        });
    }
    assert_eq!(fetches(&mut shell).len(), 1);
    shell.pass(3_000);
    assert!(reload(&shell).is_some());
}

#[test]
fn a_long_hole_is_fetched_page_by_page() {
    let mut shell = Shell::following(100);
    shell.hear(event(500));
    assert_eq!(fetches(&mut shell), [100]);
    shell.hear(sync("e", 101, 300, true));
    assert_eq!(fetches(&mut shell), [300]);
    shell.hear(sync("e", 301, 499, false));
    assert_eq!(applied(&shell), (101..=500).collect::<Vec<_>>());
}

#[test]
fn a_new_thread_takes_its_epoch_from_the_first_sync() {
    let mut shell = Shell::open();
    shell.take();
    shell.tell(Input::Subscribe {
        thread: thread(1),
        cursor: Cursor::default(),
    });
    assert_eq!(loading(&shell), Some(LoadingState::Loading));
    assert!(
        matches!(&shell.take_sent()[..], [ClientFrame::Subscribe(sub)] if sub.threads[&thread(1)] == Cursor::default())
    );
    shell.hear(sync("e", 1, 3, false));
    shell.hear(live(3));
    assert_eq!(saved(&shell), Some(cursor("e", 3)));
    assert_eq!(loading(&shell), Some(LoadingState::Ready));
}

#[test]
fn a_live_beyond_the_head_is_fetched() {
    let mut shell = Shell::following(500);
    shell.hear(live(502));
    assert_eq!(fetches(&mut shell), [500]);
}

#[test]
fn another_epoch_is_read_anew_and_old_answers_do_not_count() {
    let mut shell = Shell::following(500);
    shell.hear(gap("e2", 40, GapReason::Epoch));
    let (old, ..) = reload(&shell).unwrap();
    shell.hear(gap("e3", 20, GapReason::Epoch));
    let (request, _, epoch) = reload(&shell).unwrap();
    assert_eq!(epoch, "e3");
    shell.tell(Input::Reloaded {
        thread: thread(1),
        request: old,
        head: seq(40),
    });
    assert_eq!(saved(&shell), None);
    shell.tell(Input::Reloaded {
        thread: thread(1),
        request,
        head: seq(20),
    });
    assert_eq!(saved(&shell), Some(cursor("e3", 20)));
    shell.hear(event(21));
    assert_eq!(applied(&shell), [21]);

    let mut shell = Shell::following(500);
    shell.hear(sync("e9", 1, 2, false));
    assert_eq!(reload(&shell).unwrap().2, "e9");
}

#[test]
fn a_reload_that_stops_short_of_the_gap_is_caught_up() {
    let mut shell = Shell::following(500);
    shell.hear(gap("e", 900, GapReason::TooMany));
    let (request, ..) = reload(&shell).unwrap();
    shell.tell(Input::Reloaded {
        thread: thread(1),
        request,
        head: seq(898),
    });
    assert_eq!(fetches(&mut shell), [898]);
}

#[test]
fn a_reload_that_fails_is_tried_again_and_shown_as_failed() {
    let mut shell = Shell::following(500);
    shell.hear(gap("e", 900, GapReason::TooMany));
    for wait in [750, 1_500, 3_000] {
        let (request, ..) = reload(&shell).unwrap();
        shell.take();
        shell.tell(Input::ReloadFailed {
            thread: thread(1),
            request,
        });
        assert_eq!(loading(&shell), Some(LoadingState::Failed));
        shell.pass(wait - 1);
        assert_eq!(reload(&shell), None);
        shell.pass(1);
        assert!(reload(&shell).is_some());
    }
}

#[test]
fn cursors_bring_back_what_was_missed_without_a_session() {
    let mut shell = Shell::following(500);
    shell.hear(Event {
        sseq: Some(7),
        ..event(501)
    });
    shell.cut(1006);
    shell.wait_for_attempt();
    let hello = shell.connect();
    assert_eq!(hello.cursors[&thread(1)], cursor("e", 501));
    assert_eq!(hello.sseq, 7);
    assert_eq!(loading(&shell), Some(LoadingState::CatchingUp));
    shell.take();
    shell.hear(sync("e", 502, 510, false));
    shell.hear(live(510));
    assert_eq!(applied(&shell), (502..=510).collect::<Vec<_>>());
}

#[test]
fn a_resumed_session_goes_on_by_the_same_sequence() {
    let mut shell = Shell::following(500);
    shell.cut(1006);
    shell.wait_for_attempt();
    shell.connect_with(welcome(true));
    shell.take();
    shell.hear(event(500));
    shell.hear(event(501));
    assert_eq!(applied(&shell), [501]);
}

#[test]
fn a_thread_that_is_opened_during_the_greeting_is_followed() {
    let mut shell = Shell::signed_in();
    shell.grant();
    shell.tell(Input::Opened {
        generation: shell.generation,
    });
    shell.tell(Input::Subscribe {
        thread: thread(1),
        cursor: cursor("e", 4),
    });
    shell.take();
    shell.hear(welcome(false));
    assert!(
        shell
            .take_sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Subscribe(_)))
    );
}

#[test]
fn the_longest_followed_of_too_many_threads_is_left() {
    let mut shell = Shell::open();
    shell.take();
    for number in 0..129 {
        shell.tell(Input::Subscribe {
            thread: thread(number),
            cursor: Cursor::default(),
        });
    }
    let left: Vec<_> = shell
        .take_sent()
        .into_iter()
        .filter_map(|frame| match frame {
            ClientFrame::Unsubscribe(unsubscribe) => Some(unsubscribe.threads),
            _ => None,
        })
        .collect();
    assert_eq!(left, [vec![thread(0)]]);
}

#[test]
fn a_thread_that_is_refused_is_left_or_asked_for_again() {
    for (code, retry) in [(FrameErrorCode::Forbidden, false), (FrameErrorCode::RateLimited, true)] {
        let mut shell = Shell::open();
        shell.take();
        shell.tell(Input::Subscribe {
            thread: thread(1),
            cursor: Cursor::default(),
        });
        let sent = shell.take_sent();
        let [ClientFrame::Subscribe(subscribe)] = &sent[..] else {
            panic!("{sent:?}");
        };
        shell.hear(FrameError {
            id: subscribe.id.clone(),
            code,
            msg: String::new(),
            retry,
            after_ms: retry.then_some(700),
        });
        let is_refused = shell
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::ThreadRefused { .. }));
        assert_eq!(is_refused, !retry);
        shell.pass(700);
        let asks_again = shell
            .take_sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Subscribe(_)));
        assert_eq!(asks_again, retry);
    }
}

#[test]
fn read_marks_are_told_at_once_or_with_the_next_connection() {
    let mark = |at| Input::MarkRead {
        thread: thread(1),
        seq: seq(at),
    };
    let mut shell = Shell::following(500);
    shell.tell(mark(500));
    assert!(matches!(&shell.take_sent()[..], [ClientFrame::Read(read)] if read.seq == seq(500)));
    shell.cut(1006);
    shell.tell(mark(502));
    shell.tell(mark(501));
    shell.wait_for_attempt();
    shell.connect();
    assert!(
        shell
            .take_sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Read(read) if read.seq == seq(502)))
    );
}

#[test]
fn the_person_s_own_stream_has_a_sequence_too() {
    let mut shell = Shell::open();
    let settings = |at| UserEvent {
        seq: seq(at),
        change: UserChange::Settings(SettingsChanged {}),
    };
    let shown = |shell: &Shell| {
        shell
            .effects
            .iter()
            .filter(|effect| matches!(effect, Effect::ApplyUser(_)))
            .count()
    };
    shell.take();
    for at in [1, 1, 2, 4] {
        shell.hear(settings(at));
    }
    assert_eq!(shown(&shell), 2);
    shell.pass(3_000);
    assert!(shell.effects.contains(&Effect::ReloadUser));
    shell.tell(Input::UserReloaded { head: seq(3) });
    assert_eq!(shown(&shell), 3);
    shell.cut(1006);
    shell.wait_for_attempt();
    assert_eq!(shell.connect().user_cursor, cursor("u", 4));
}

#[test]
fn a_purge_is_told_and_a_thread_that_was_left_is_not_followed() {
    let mut shell = Shell::following(500);
    let purged = UserChange::Purged(Purged {
        thread: thread(1),
        floor: seq(400),
    });
    let left = UserChange::Left(ThreadLeft { thread: thread(1) });
    for (at, change) in [(1, purged.clone()), (2, left)] {
        shell.hear(UserEvent { seq: seq(at), change });
    }
    assert!(shell.effects.contains(&Effect::ApplyUser(UserEvent {
        seq: seq(1),
        change: purged
    })));
    shell.cut(1006);
    shell.wait_for_attempt();
    assert!(shell.connect().cursors.is_empty());
}

#[test]
fn followers_show_what_the_leader_hears() {
    let mut shell = Shell::following(500);
    shell.tell(Input::RoleChanged(common::chat::client::Role::Follower));
    shell.take();
    shell.tell(Input::Relayed(event(501).into()));
    assert_eq!(applied(&shell), [501]);
    shell.tell(Input::Relayed(event(503).into()));
    let asks = shell
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::AskLeader(_)));
    assert!(asks, "a hole is asked for through the leader");
}

#[test]
fn an_own_message_is_known_by_its_id_or_by_its_acknowledgement() {
    let own = |shell: &Shell| -> Vec<Option<ClientMessageId>> {
        shell
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Apply { own, .. } => Some(*own),
                _ => None,
            })
            .collect()
    };
    for echo_has_cid in [true, false] {
        for echo_first in [true, false] {
            let mut shell = Shell::following(500);
            crate::outbox::send(&mut shell, 7, 1);
            let echo = Event {
                cid: echo_has_cid.then(|| cid(7)),
                ..event(501)
            };
            if echo_first {
                shell.hear(echo.clone());
            }
            shell.acknowledge(7, 1, 501);
            if !echo_first {
                shell.hear(echo);
            }
            let expected = (echo_has_cid || !echo_first).then(|| cid(7));
            assert_eq!(own(&shell), [expected]);
            assert_eq!(shell.machine.outbox_size().0, 0);
            assert!(shell.stored.is_empty());
        }
    }
}
