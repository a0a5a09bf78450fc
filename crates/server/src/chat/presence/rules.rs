//! How somebody is, from the leases of all their devices.

use chrono::{DateTime, TimeDelta, Utc};
use common::chat::{
    client_frames::OwnPresence,
    server_frames::{PresenceState, Seen},
};

/// Somebody who reloads a page has not left.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// One device's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub state: OwnPresence,
    pub expires_at: DateTime<Utc>,
}

/// The most awake device counts, and whoever is invisible on one is so on all.
///
/// `last_seen` is when a device left visibly; a lease that nobody renewed says so too.
pub fn seen(
    leases: &[Lease],
    last_seen: Option<DateTime<Utc>>,
    shows_presence: bool,
    shows_last_seen: bool,
    now: DateTime<Utc>,
) -> Seen {
    if !shows_presence {
        return Seen(PresenceState::Unknown, None);
    }
    let is_invisible = leases
        .iter()
        .any(|lease| lease.state == OwnPresence::Invisible && lease.expires_at > now);
    let has = |state| {
        let counts = |lease: &&Lease| lease.state == state && lease.expires_at + GRACE > now;
        !is_invisible && leases.iter().any(|lease| counts(&lease))
    };
    if has(OwnPresence::Online) {
        return Seen(PresenceState::Online, None);
    }
    if has(OwnPresence::Away) {
        return Seen(PresenceState::Away, None);
    }
    let ended = leases
        .iter()
        .filter(|lease| lease.state != OwnPresence::Invisible && lease.expires_at <= now)
        .map(|lease| lease.expires_at);
    let last = ended.chain(last_seen).max().filter(|_| shows_last_seen);
    Seen(PresenceState::Offline, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn lease(state: OwnPresence, until: i64) -> Lease {
        Lease {
            state,
            expires_at: at(until),
        }
    }

    #[test]
    fn the_most_awake_of_three_devices_counts() {
        use OwnPresence::{Away, Invisible, Online};
        let now = at(100);
        for (leases, expected) in [
            (vec![], PresenceState::Offline),
            (vec![lease(Away, 160), lease(Away, 130)], PresenceState::Away),
            (vec![lease(Away, 160), lease(Online, 130)], PresenceState::Online),
            // Closed or not renewed: for thirty seconds as before, and then no more.
            (vec![lease(Online, 71)], PresenceState::Online),
            (vec![lease(Online, 70)], PresenceState::Offline),
            (vec![lease(Online, 70), lease(Away, 101)], PresenceState::Away),
            (vec![lease(Online, 160), lease(Invisible, 101)], PresenceState::Offline),
            (vec![lease(Online, 160), lease(Invisible, 100)], PresenceState::Online),
        ] {
            assert_eq!(seen(&leases, None, true, true, now).0, expected, "{leases:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_not_told() {
        let leases = [lease(OwnPresence::Online, 10)];
        let now = at(100);
        assert_eq!(
            seen(&leases, None, true, true, now),
            Seen(PresenceState::Offline, Some(at(10)))
        );
        assert_eq!(seen(&leases, Some(at(20)), true, true, now).1, Some(at(20)));
        assert_eq!(
            seen(&leases, Some(at(20)), true, false, now),
            Seen(PresenceState::Offline, None)
        );
        assert_eq!(
            seen(&leases, Some(at(20)), false, true, now),
            Seen(PresenceState::Unknown, None)
        );
        let invisible = [lease(OwnPresence::Invisible, 50)];
        assert_eq!(seen(&invisible, Some(at(20)), true, true, now).1, Some(at(20)));
    }
}
