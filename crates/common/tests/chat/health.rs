//! Round trips, what they say of the line, and when a person is told.

use common::chat::{
    ClientFrame, ConnectionState, Quality,
    client::Input,
    server_frames::{ServerPing, ServerPong},
};

use crate::shell::Shell;

/// The ping that is on its way is answered after `rtt_ms`, and the server asks for the next one.
fn sample(shell: &mut Shell, rtt_ms: u64) {
    let ping = loop {
        let ping = shell.take_sent().into_iter().rev().find_map(|frame| match frame {
            ClientFrame::Ping(ping) => Some(ping),
            _ => None,
        });
        match ping {
            Some(ping) => break ping,
            None => shell.hear(ServerPing { n: 1, st: 0 }),
        }
    };
    shell.pass(rtt_ms);
    let st = ping.ct + 1_000 + i64::try_from(rtt_ms / 2).unwrap();
    shell.hear(ServerPong {
        n: ping.n,
        ct: ping.ct,
        st,
    });
}

#[test]
fn round_trips_are_smoothed_as_rfc_6298_says() {
    let mut shell = Shell::open();
    sample(&mut shell, 80);
    let health = shell.health();
    assert_eq!((health.srtt_ms, health.rttvar_ms), (Some(80), Some(40)));
    assert_eq!(health.clock_offset_ms, 1_000);
    sample(&mut shell, 160);
    // rttvar = 3/4 · 40 + 1/4 · 80; srtt = 7/8 · 80 + 1/8 · 160.
    let health = shell.health();
    assert_eq!((health.srtt_ms, health.rttvar_ms), (Some(90), Some(50)));
    assert_eq!((health.rtt_min_ms, health.rtt_p95_ms), (Some(80), Some(160)));
}

#[test]
fn only_the_last_twenty_round_trips_count() {
    let mut shell = Shell::open();
    sample(&mut shell, 10);
    for rtt in 0..20 {
        sample(&mut shell, 100 + rtt);
    }
    let health = shell.health();
    assert_eq!((health.rtt_min_ms, health.rtt_p95_ms), (Some(100), Some(118)));
}

#[test]
fn quality_follows_the_round_trip() {
    for (rtt, quality) in [
        (20, Quality::Excellent),
        (99, Quality::Good),
        (200, Quality::Good),
        (400, Quality::Fair),
        (700, Quality::Poor),
    ] {
        let mut shell = Shell::open();
        assert_eq!(shell.health().quality, Quality::Unknown);
        sample(&mut shell, rtt);
        assert_eq!(shell.health().quality, quality, "{rtt} ms");
    }
}

#[test]
fn two_bad_samples_degrade_and_three_good_ones_mend() {
    let mut shell = Shell::open();
    sample(&mut shell, 2_000);
    assert_eq!(shell.state(), ConnectionState::Open);
    sample(&mut shell, 2_000);
    assert_eq!(shell.state(), ConnectionState::Degraded);
    let mut good = 0;
    while shell.state() == ConnectionState::Degraded {
        sample(&mut shell, 20);
        good += u32::from(shell.health().srtt_ms.unwrap() <= 600);
        assert!(good <= 3);
    }
    assert_eq!(good, 3);
}

#[test]
fn lost_pongs_are_counted_and_degrade() {
    let mut shell = Shell::open();
    shell.pass(8_000);
    assert_eq!(shell.health().pongs_lost, 1);
    assert_eq!(shell.state(), ConnectionState::Open);
    shell.pass(13_000);
    assert_eq!(shell.health().pongs_lost, 2, "a doubtful line is measured again soon");
    assert_eq!(shell.state(), ConnectionState::Degraded);
}

#[test]
fn a_line_that_comes_and_goes_is_degraded() {
    let mut shell = Shell::open();
    for _ in 0..2 {
        shell.cut(1006);
        shell.wait_for_attempt();
        shell.connect();
    }
    assert_eq!(shell.health().reconnects, 2);
    sample(&mut shell, 20);
    sample(&mut shell, 20);
    assert_eq!(shell.state(), ConnectionState::Degraded);
    for _ in 0..30 {
        shell.pass(5_000);
        sample(&mut shell, 20);
    }
    assert_eq!(shell.state(), ConnectionState::Open, "two minutes later");
}

#[test]
fn nobody_is_told_of_an_outage_of_a_blink() {
    let mut shell = Shell::open();
    shell.cut(1006);
    assert_eq!(shell.state(), ConnectionState::Reconnecting);
    assert!(!shell.health().needs_banner());
    shell.wait_for_attempt();
    shell.pass(2_000);
    assert!(shell.health().needs_banner());
    shell.connect();
    assert!(!shell.health().needs_banner());
}

#[test]
fn each_change_of_state_is_told_once() {
    let mut shell = Shell::open();
    let changes = |shell: &mut Shell| -> Vec<ConnectionState> {
        shell
            .take()
            .into_iter()
            .filter_map(|effect| match effect {
                common::chat::client::Effect::HealthChanged(health) => Some(health.state),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        changes(&mut shell),
        [ConnectionState::Connecting, ConnectionState::Open]
    );
    shell.tell(Input::Tick);
    assert_eq!(changes(&mut shell), []);
    shell.cut(1006);
    assert_eq!(changes(&mut shell), [ConnectionState::Reconnecting]);
}
