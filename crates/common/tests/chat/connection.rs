//! One attempt at a time, when the next one comes, and what stops them.

use common::chat::{
    ClientFrame, ConnectionState, ErrorState,
    client::{Effect, Input, Role},
    client_frames::{Capability, OwnPresence},
    server_frames::{Reconnect, ServerPing, ServerPong},
};

use crate::{
    frames::id,
    shell::{Shell, user, welcome},
};

fn asks_to_sign_in(shell: &Shell) -> bool {
    shell.effects.contains(&Effect::SignIn)
}

/// Fails so many attempts, and gives back the waits between them.
fn fail(shell: &mut Shell, times: usize) -> Vec<u64> {
    (0..times)
        .map(|_| {
            shell.refuse(0, None);
            shell.wait_for_attempt()
        })
        .collect()
}

#[test]
fn an_attempt_gets_a_ticket_opens_greets_and_is_welcomed() {
    let mut shell = Shell::signed_in();
    assert_eq!(shell.state(), ConnectionState::Connecting);
    let hello = shell.connect();
    assert_eq!((hello.v, hello.session, hello.sseq), (1, None, 0));
    assert_eq!(shell.state(), ConnectionState::Open);
    assert_eq!(shell.health().outage_ms, 0);
}

#[test]
fn nobody_connects_before_somebody_is_signed_in() {
    let mut shell = Shell::new();
    shell.tell(Input::Online);
    shell.tell(Input::RetryNow);
    shell.pass(60_000);
    assert_eq!((shell.generation, shell.state()), (0, ConnectionState::Idle));
}

#[test]
fn late_events_of_an_old_socket_are_ignored() {
    let mut shell = Shell::open();
    let old = shell.generation;
    shell.cut(1006);
    shell.wait_for_attempt();
    shell.connect();
    for late in [
        Input::Closed {
            generation: old,
            code: 4501,
        },
        Input::Opened { generation: old },
        Input::Received {
            generation: old,
            frame: welcome(false).into(),
        },
        Input::TicketRefused {
            generation: old,
            status: 401,
            retry_after_ms: None,
        },
        Input::TicketGranted {
            generation: old,
            ticket: "t".into(),
        },
    ] {
        shell.tell(late);
        assert_eq!(shell.state(), ConnectionState::Open);
    }
    assert!(!asks_to_sign_in(&shell));
}

#[test]
fn an_attempt_that_is_not_welcomed_within_ten_seconds_is_given_up() {
    for steps in 0..3 {
        let mut shell = Shell::signed_in();
        let generation = shell.generation;
        if steps > 0 {
            shell.grant();
        }
        if steps > 1 {
            shell.tell(Input::Opened { generation });
        }
        shell.pass(9_999);
        assert_eq!(shell.generation, generation);
        shell.pass(1);
        assert!(shell.sockets.is_empty(), "the socket is closed");
        assert_eq!(shell.wait_for_attempt(), 250, "after {steps} steps");
    }
}

#[test]
fn the_waits_double_up_to_twenty_seconds() {
    let mut shell = Shell::signed_in();
    shell.fraction = 0.999_999;
    let waits = fail(&mut shell, 8);
    assert_eq!(waits, [499, 999, 1_999, 3_999, 7_999, 15_999, 19_999, 19_999]);
    shell.fraction = 0.0;
    assert_eq!(fail(&mut shell, 2), [100, 100], "at least a tenth of a second");
}

#[test]
fn only_a_welcome_and_ten_seconds_start_the_count_anew() {
    for (up_ms, expected) in [(9_999, 16_000), (10_000, 250)] {
        let mut shell = Shell::signed_in();
        fail(&mut shell, 6);
        shell.connect();
        shell.pass(up_ms);
        shell.cut(1006);
        let wait = shell.wait_for_attempt();
        assert_eq!(wait, expected.min(10_000), "after {up_ms} ms");
    }
    let mut shell = Shell::signed_in();
    fail(&mut shell, 6);
    shell.grant();
    shell.pass(9_000);
    shell.cut(1006);
    assert_eq!(
        shell.wait_for_attempt(),
        10_000,
        "a socket without a welcome is no success"
    );
}

#[test]
fn after_ten_failures_it_says_so_goes_on_trying_and_the_button_works() {
    let mut shell = Shell::signed_in();
    fail(&mut shell, 9);
    assert_eq!(shell.state(), ConnectionState::Connecting);
    shell.refuse(0, None);
    assert_eq!(shell.state(), ConnectionState::Failed);
    assert_eq!(shell.health().error, Some(ErrorState::Unreachable));
    let before = shell.generation;
    shell.tell(Input::RetryNow);
    assert_eq!(shell.generation, before + 1, "the button tries at once");
    fail(&mut shell, 30);
    shell.connect();
    assert_eq!(shell.state(), ConnectionState::Open);
}

#[test]
fn retry_after_is_a_floor_for_everybody() {
    let mut shell = Shell::signed_in();
    shell.refuse(503, Some(30_000));
    shell.tell(Input::RetryNow);
    shell.tell(Input::Visible);
    shell.tell(Input::Online);
    assert_eq!(shell.wait_for_attempt(), 30_000);
    shell.grant();
    shell.sockets.clear();
    shell.tell(Input::UpgradeRefused {
        generation: shell.generation,
        status: 429,
        retry_after_ms: Some(40_000),
    });
    assert_eq!(shell.wait_for_attempt(), 40_000);
}

#[test]
fn a_ticket_that_is_refused_for_the_login_leads_to_the_login_and_not_into_a_loop() {
    let mut shell = Shell::signed_in();
    shell.refuse(401, None);
    assert!(asks_to_sign_in(&shell));
    assert_eq!(shell.health().error, Some(ErrorState::SignedOut));
    let before = shell.generation;
    shell.pass(3_600_000);
    assert_eq!(shell.generation, before);
    shell.tell(Input::SignedIn { user: user(1) });
    assert_eq!(shell.generation, before + 1);
    // A shell that says "signed in" again and again is kept at the distance of the backoff.
    let started = shell.now;
    for _ in 0..8 {
        shell.refuse(401, None);
        shell.tell(Input::SignedIn { user: user(1) });
        shell.wait_for_attempt();
    }
    assert!(shell.now - started > 20_000);
}

#[test]
fn only_45xx_stops() {
    for (code, error) in [
        (4501, ErrorState::SignedOut),
        (4502, ErrorState::UpdateNeeded),
        (4503, ErrorState::Forbidden),
        (4504, ErrorState::Rejected),
        (4599, ErrorState::Forbidden),
    ] {
        let mut shell = Shell::open();
        shell.cut(code);
        assert_eq!(shell.health().error, Some(error), "{code}");
        let before = shell.generation;
        shell.pass(3_600_000);
        shell.tell(Input::Online);
        shell.pass(3_600_000);
        assert_eq!(shell.generation, before, "{code}");
    }
    for code in [
        1000, 1001, 1006, 1009, 1011, 4000, 4001, 4002, 4003, 4008, 4009, 4011, 4029, 4499,
    ] {
        let mut shell = Shell::open();
        shell.cut(code);
        shell.wait_for_attempt();
        shell.connect();
        assert_eq!(shell.state(), ConnectionState::Open, "{code}");
    }
}

#[test]
fn a_drained_node_is_left_at_a_random_moment_of_its_window() {
    let mut shell = Shell::open();
    shell.fraction = 0.25;
    shell.hear(Reconnect {
        window_ms: 8_000,
        why: "drain".into(),
    });
    shell.fraction = 0.9;
    assert_eq!(shell.state(), ConnectionState::Open, "it is used until then");
    let before = shell.generation;
    shell.pass(1_999);
    assert_eq!(shell.generation, before);
    shell.take();
    shell.pass(1);
    assert_eq!(shell.generation, before + 1);
    assert!(matches!(shell.take_sent()[..], [ClientFrame::Bye(_)]));

    let mut shell = Shell::open();
    shell.fraction = 0.25;
    shell.cut(4003);
    assert_eq!(shell.wait_for_attempt(), 3_750, "a quarter of the usual window");
    assert_eq!(shell.health().failures, 0);
}

#[test]
fn a_drained_node_that_closes_early_is_not_hurried_after() {
    let mut shell = Shell::open();
    shell.hear(Reconnect {
        window_ms: 8_000,
        why: "drain".into(),
    });
    shell.pass(1_000);
    shell.cut(4003);
    assert_eq!(shell.wait_for_attempt(), 3_000);
}

#[test]
fn too_many_frames_cost_ten_seconds() {
    let mut shell = Shell::open();
    shell.cut(4029);
    shell.tell(Input::RetryNow);
    assert_eq!(shell.wait_for_attempt(), 10_000);
}

#[test]
fn online_tries_within_a_second_and_counts_nothing() {
    let mut shell = Shell::signed_in();
    fail(&mut shell, 6);
    shell.refuse(0, None);
    let failures = shell.health().failures;
    shell.tell(Input::Online);
    assert_eq!(shell.wait_for_attempt(), 500);
    assert_eq!(shell.health().failures, failures);
}

#[test]
fn offline_probes_and_then_tries_once_in_thirty_seconds() {
    let mut shell = Shell::open();
    shell.pass(5_000);
    shell.take();
    shell.tell(Input::Offline);
    assert!(matches!(shell.take_sent()[..], [ClientFrame::Ping(_)]));
    assert_eq!(shell.state(), ConnectionState::Open, "the browser may be wrong");
    shell.pass(3_000);
    assert_eq!(shell.state(), ConnectionState::Offline);
    shell.tell(Input::Visible);
    shell.wait_for_attempt();
    for _ in 0..5 {
        shell.refuse(0, None);
        shell.tell(Input::Visible);
        assert_eq!(shell.wait_for_attempt(), 30_000);
    }
    shell.connect();
    assert_eq!(
        shell.state(),
        ConnectionState::Open,
        "an answer counts more than the browser"
    );
}

#[test]
fn a_probe_that_is_answered_keeps_the_socket() {
    let mut shell = Shell::open();
    shell.tell(Input::Offline);
    let n = 2;
    shell.pass(2_000);
    shell.hear(ServerPong { n, ct: 0, st: 0 });
    shell.pass(5_000);
    assert_eq!(shell.state(), ConnectionState::Open);
}

#[test]
fn looking_at_the_page_probes_a_silent_line_and_tries_a_dead_one_now() {
    for look in [Input::Visible, Input::PageShown] {
        let mut shell = Shell::open();
        shell.hear(ServerPong { n: 1, ct: 0, st: 0 });
        shell.pass(10_000);
        shell.take();
        shell.tell(look.clone());
        assert!(shell.take_sent().is_empty(), "ten seconds of silence are nothing");
        shell.pass(2_000);
        shell.tell(look.clone());
        assert!(matches!(shell.take_sent()[..], [ClientFrame::Ping(_)]));
        shell.pass(3_000);
        assert!(shell.sockets.is_empty(), "no answer within three seconds");

        let before = shell.generation;
        shell.tell(look.clone());
        assert_eq!(shell.generation, before + 1);
        shell.fraction = 0.999;
        shell.refuse(0, None);
        shell.tell(look.clone());
        assert_eq!(shell.generation, before + 1, "once in two seconds");
    }
}

#[test]
fn a_page_that_nobody_looks_at_tries_more_rarely() {
    let mut shell = Shell::signed_in();
    shell.fraction = 0.999_999;
    shell.tell(Input::Hidden);
    fail(&mut shell, 8);
    shell.pass(0);
    while shell.now < crate::shell::START + 5 * 60_000 {
        fail(&mut shell, 1);
    }
    assert_eq!(fail(&mut shell, 1), [59_999]);
    shell.refuse(0, None);
    let before = shell.generation;
    shell.tell(Input::Visible);
    assert_eq!(shell.generation, before + 1);
    assert_eq!(fail(&mut shell, 1), [19_999]);
}

#[test]
fn silence_is_death_after_a_fifth_more_than_the_ping_and_the_pong() {
    let mut shell = Shell::open();
    shell.hear(ServerPing { n: 1, st: 0 });
    let sent = shell.take_sent();
    assert!(
        sent.iter()
            .any(|frame| matches!(frame, ClientFrame::Pong(pong) if pong.n == 1))
    );
    shell.pass(37_999);
    assert!(!shell.sockets.is_empty());
    shell.pass(1);
    assert!(shell.sockets.is_empty());
    assert_eq!(shell.state(), ConnectionState::Reconnecting);
}

#[test]
fn a_frame_that_is_not_understood_is_life_too() {
    let mut shell = Shell::open();
    for _ in 0..10 {
        shell.pass(30_000);
        shell.tell(Input::ReceivedUnknown {
            generation: shell.generation,
        });
    }
    assert!(!shell.sockets.is_empty());
}

#[test]
fn a_socket_too_many_keeps_still_until_somebody_looks() {
    let mut shell = Shell::open();
    shell.cut(4013);
    assert_eq!(shell.health().error, Some(ErrorState::TooManyTabs));
    let before = shell.generation;
    shell.pass(3_600_000);
    assert_eq!(shell.generation, before);
    shell.tell(Input::Visible);
    assert_eq!(shell.generation, before + 1);
}

#[test]
fn a_session_goes_on_unless_the_server_says_otherwise() {
    for (code, goes_on) in [(1006, true), (4000, true), (4001, false), (4009, false), (4011, false)] {
        let mut shell = Shell::open();
        shell.cut(code);
        shell.wait_for_attempt();
        let hello = shell.connect_with(welcome(goes_on));
        assert_eq!(hello.session, goes_on.then(|| id(0x5)), "{code}");
        assert_eq!(shell.health().resumed, u32::from(goes_on));
    }
}

#[test]
fn a_client_that_reads_too_slowly_three_times_asks_for_less() {
    let mut shell = Shell::open();
    for close in 1..=3 {
        shell.pass(60_000 / 3);
        shell.cut(4008);
        shell.wait_for_attempt();
        let hello = shell.connect();
        assert_eq!(hello.caps.contains(&Capability::Lite), close == 3, "{close}");
    }
    let mut shell = Shell::open();
    for _ in 0..5 {
        shell.cut(4008);
        shell.wait_for_attempt();
        let hello = shell.connect();
        assert!(!hello.caps.contains(&Capability::Lite), "not within five minutes");
        for _ in 0..15 {
            shell.pass(10_000);
            shell.hear(ServerPing { n: 1, st: 0 });
        }
    }
}

#[test]
fn presence_is_said_again_in_each_hello() {
    let mut shell = Shell::open();
    shell.tell(Input::SetPresence {
        state: OwnPresence::Away,
        idle_s: 301,
    });
    assert!(
        shell
            .take_sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Presence(_)))
    );
    shell.cut(1006);
    assert!(shell.effects.contains(&Effect::PresenceUnknown));
    shell.wait_for_attempt();
    assert_eq!(shell.connect().presence, OwnPresence::Away);
}

#[test]
fn a_presence_that_changes_during_the_greeting_is_told() {
    let mut shell = Shell::signed_in();
    shell.grant();
    shell.tell(Input::Opened {
        generation: shell.generation,
    });
    shell.tell(Input::SetPresence {
        state: OwnPresence::Invisible,
        idle_s: 0,
    });
    shell.hear(welcome(false));
    assert!(
        shell
            .take_sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Presence(_)))
    );
}

#[test]
fn a_follower_holds_no_socket_and_takes_over_at_once() {
    let mut shell = Shell::open();
    shell.tell(Input::RoleChanged(Role::Follower));
    assert!(shell.sockets.is_empty());
    let before = shell.generation;
    shell.pass(600_000);
    shell.tell(Input::Visible);
    assert_eq!(shell.generation, before);
    shell.tell(Input::RoleChanged(Role::Leader));
    assert_eq!(shell.generation, before + 1);
}

#[test]
fn a_new_ticket_refreshes_the_login_of_the_open_socket() {
    let mut shell = Shell::open();
    shell.take();
    shell.tell(Input::RefreshTicket { ticket: "t".into() });
    assert!(matches!(shell.take_sent()[..], [ClientFrame::AuthRefresh(_)]));
    assert_eq!(shell.state(), ConnectionState::Open);
}
