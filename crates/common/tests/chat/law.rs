//! The law of the backoff: 100 000 clients in virtual time do not come back together.

#![expect(clippy::print_stdout, reason = "the figures are worth reading")]

use std::{cmp::Reverse, collections::BinaryHeap};

use common::chat::client::{Effect, Input, Machine, Role};

use crate::shell::{START, user, welcome};

const CLIENTS: usize = 100_000;

/// SplitMix64: good enough to spread clients, and the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Clients that were open for half a minute when something happened at `START`.
struct Crowd {
    machines: Vec<Machine>,
    /// Timers that may ring: when, and whose.
    timers: BinaryHeap<Reverse<(u64, usize)>>,
    wake_at: Vec<Option<u64>>,
    dice: Dice,
    /// When each attempt began, and whose it was.
    attempts: Vec<(u64, usize)>,
}

impl Crowd {
    fn open() -> Self {
        let mut crowd = Self {
            machines: vec![Machine::new("d", "t", Role::Leader)],
            timers: BinaryHeap::new(),
            wake_at: vec![None; CLIENTS],
            dice: Dice(42),
            attempts: vec![],
        };
        let now = START - 30_000;
        crowd.tell(0, Input::SignedIn { user: user(1) }, now);
        crowd.succeed(0, now);
        crowd.attempts.clear();
        crowd.timers.clear();
        // They are told apart by their dice only.
        crowd.machines = vec![crowd.machines[0].clone(); CLIENTS];
        crowd
    }

    fn tell(&mut self, client: usize, input: Input, now: u64) {
        let dice = &mut self.dice;
        for effect in self.machines[client].handle(input, now, &mut || dice.roll()) {
            match effect {
                Effect::FetchTicket { .. } => self.attempts.push((now, client)),
                Effect::WakeAt(at) => {
                    self.wake_at[client] = at;
                    self.timers.extend(at.map(|at| Reverse((at, client))));
                }
                _ => {}
            }
        }
    }

    /// The attempt that has begun is welcomed at once.
    fn succeed(&mut self, client: usize, now: u64) {
        let generation = self.generation(client);
        let ticket = "t".to_owned();
        self.tell(client, Input::TicketGranted { generation, ticket }, now);
        self.tell(client, Input::Opened { generation }, now);
        let frame = welcome(false).into();
        self.tell(client, Input::Received { generation, frame }, now);
    }

    fn fail(&mut self, client: usize, now: u64) {
        let generation = self.generation(client);
        let refused = Input::TicketRefused {
            generation,
            status: 0,
            retry_after_ms: None,
        };
        self.tell(client, refused, now);
    }

    fn generation(&self, client: usize) -> u64 {
        self.machines[client].generation()
    }

    /// All sockets close at `START`; then timers ring until `end`, and attempts fail while `is_down` says so.
    fn cut(&mut self, code: u16, end: u64, is_down: fn(u64) -> bool) {
        for client in 0..CLIENTS {
            let generation = self.generation(client);
            self.tell(client, Input::Closed { generation, code }, START);
        }
        self.answer(0, is_down);
        self.run(end, is_down);
    }

    fn run(&mut self, end: u64, is_down: fn(u64) -> bool) {
        while let Some(Reverse((at, client))) = self.timers.pop() {
            if at > end {
                return self.timers.push(Reverse((at, client)));
            }
            if self.wake_at[client] == Some(at) {
                let before = self.attempts.len();
                self.tell(client, Input::Tick, at);
                self.answer(before, is_down);
            }
        }
    }

    /// Answers the attempts from `first` on.
    fn answer(&mut self, first: usize, is_down: fn(u64) -> bool) {
        for attempt in first..self.attempts.len() {
            let (at, client) = self.attempts[attempt];
            if is_down(at) {
                self.fail(client, at);
            } else {
                self.succeed(client, at);
            }
        }
    }

    /// Attempts in each second from `from` to `to`, in seconds after the cut.
    fn per_second(&self, from: u64, to: u64) -> Vec<u64> {
        let mut seconds = vec![0; (to - from) as usize];
        for (at, _) in &self.attempts {
            let second = (at - START) / 1_000;
            if (from..to).contains(&second) {
                seconds[(second - from) as usize] += 1;
            }
        }
        seconds
    }
}

/// How far the moments are from spread evenly over `from..to`: the statistic of Kolmogorov and Smirnov.
fn unevenness(mut moments: Vec<f64>, from: f64, to: f64) -> f64 {
    moments.sort_by(f64::total_cmp);
    let count = moments.len() as f64;
    moments
        .iter()
        .enumerate()
        .map(|(at, moment)| {
            let expected = (moment - from) / (to - from);
            (expected - at as f64 / count)
                .abs()
                .max((expected - (at + 1) as f64 / count).abs())
        })
        .fold(0.0, f64::max)
}

/// In a long outage the attempts become a steady 1 in 10 seconds of each client, as the mean of
/// 0 to 20 seconds says, and no second has over 5 % more than the mean.
#[test]
fn in_a_long_outage_attempts_are_spread_flat() {
    let mut crowd = Crowd::open();
    crowd.cut(1006, START + 80_000, |_| true);

    let steady = crowd.per_second(40, 80);
    let mean = steady.iter().sum::<u64>() as f64 / steady.len() as f64;
    let (least, most) = (steady.iter().min().unwrap(), steady.iter().max().unwrap());
    println!("steady: mean {mean:.0}/s, least {least}, most {most}");
    assert!((mean - CLIENTS as f64 / 10.0).abs() < CLIENTS as f64 / 100.0, "{mean}");
    assert!(
        *most as f64 <= mean * 1.05 && *least as f64 >= mean * 0.95,
        "{steady:?}"
    );

    let moments: Vec<f64> = crowd
        .attempts
        .iter()
        .map(|(at, _)| (at - START) as f64)
        .filter(|at| (40_000.0..80_000.0).contains(at))
        .collect();
    let unevenness = unevenness(moments, 40_000.0, 80_000.0);
    println!("steady: unevenness {unevenness:.4}");
    assert!(unevenness <= 0.01, "{unevenness}");

    // The first tries are close together by design; they are over soon.
    let start = crowd.per_second(0, 40);
    println!("first seconds: {:?}", &start[..12]);
    assert!(
        start[20..].iter().all(|second| *second as f64 <= mean * 1.3),
        "{start:?}"
    );

    // Each client keeps its distance.
    let mut last = vec![START; CLIENTS];
    for (at, client) in &crowd.attempts {
        let wait = at - last[*client];
        assert!((100..=20_000).contains(&wait), "{wait}");
        last[*client] = *at;
    }
}

/// Whoever was refused last waits 20 seconds at most, so a server that was away for three has all back in 23,
/// and no second brings a third of them.
#[test]
fn after_a_restart_everybody_is_back_within_thirty_seconds() {
    let mut crowd = Crowd::open();
    crowd.cut(1006, START + 23_000, |now| now < START + 3_000);
    let last = crowd.attempts.iter().map(|(at, _)| at - START).max().unwrap();
    println!("restart: the last client is back after {last} ms");
    assert!(last <= 23_000, "{last}");
    assert!(crowd.machines.iter().all(Machine::is_connected));
    let after = crowd.per_second(3, 23);
    println!("restart: {after:?} per second");
    assert!(after.iter().all(|second| *second <= CLIENTS as u64 / 3), "{after:?}");
}

/// The tries after a drain are even over the window: no second has over 10 % more than its share.
#[test]
fn a_drain_spreads_the_first_tries_over_its_window() {
    let mut crowd = Crowd::open();
    crowd.cut(4003, START + 15_000, |_| false);
    let seconds = crowd.per_second(0, 15);
    let share = CLIENTS as f64 / 15.0;
    println!("drain: {seconds:?}");
    assert_eq!(crowd.attempts.len(), CLIENTS, "one try each");
    assert!(
        seconds
            .iter()
            .all(|second| (*second as f64 - share).abs() <= share * 0.1)
    );
    let unevenness = unevenness(
        crowd.attempts.iter().map(|(at, _)| (at - START) as f64).collect(),
        0.0,
        15_000.0,
    );
    println!("drain: unevenness {unevenness:.4}");
    assert!(unevenness <= 0.01, "{unevenness}");
}

/// When the network of a whole town comes back, its clients come evenly over a second.
#[test]
fn online_spreads_over_a_second() {
    let mut crowd = Crowd::open();
    for client in 0..CLIENTS {
        crowd.tell(client, Input::Offline, START);
    }
    crowd.cut(1006, START + 5_000, |_| true);
    crowd.attempts.clear();
    let now = START + 10_000;
    for client in 0..CLIENTS {
        crowd.tell(client, Input::Online, now);
    }
    crowd.answer(0, |_| false);
    crowd.run(now + 1_000, |_| false);
    assert_eq!(crowd.attempts.len(), CLIENTS, "one try each");
    let mut tenths = [0_u32; 10];
    for (at, _) in &crowd.attempts {
        tenths[((at - now) / 100).min(9) as usize] += 1;
    }
    println!("online: {tenths:?} per tenth of a second");
    let share = CLIENTS as u32 / 10;
    assert!(
        tenths.iter().all(|tenth| tenth.abs_diff(share) <= share / 10),
        "{tenths:?}"
    );
}
