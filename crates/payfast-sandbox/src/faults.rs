//! What can go wrong with a notification, on demand.
//!
//! Each fault is something that merchants have met; the delays shrink with the speed factor of [`crate::Config`].

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a payment's notifications misbehave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// One notification, before the buyer returns.
    #[default]
    None,
    /// The same bytes twice at the same time.
    Duplicate,
    /// The buyer returns first, the notification follows after [`LATE`].
    Late,
    /// The notification is withheld until it is sent by hand.
    Lost,
    /// One notification with a wrong signature; the genuine one is withheld.
    ForgedSignature,
    /// A properly signed notification for R1.00 too little; the genuine one is withheld.
    WrongAmount,
    /// `COMPLETE`, then an outdated `PENDING` of the same payment.
    OutOfOrder,
    /// The buyer's browser waits for [`SLOW`] before the notification is sent.
    Slow,
    /// Sent again every [`REPEAT_EVERY`], at least [`REPEAT_TIMES`] times and until the answer is 200.
    Repeat,
}

/// Delay of a late notification.
pub const LATE: Duration = Duration::from_secs(5);
/// Delay of a slow notification, while the buyer waits.
pub const SLOW: Duration = Duration::from_secs(3);
/// Pause between repetitions.
pub const REPEAT_EVERY: Duration = Duration::from_secs(1);
/// How often a notification is repeated though it was answered with 200.
pub const REPEAT_TIMES: usize = 5;
/// How often a notification is repeated at most.
pub const REPEAT_MOST: usize = 20;

/// Pauses before each further attempt while the answer is not 200: at once, then 10 minutes, then ever longer.
///
/// PayFast documents the start and that it stops eventually, not when; here it is after ten attempts.
pub const RETRIES: [Duration; 9] = [
    Duration::ZERO,
    minutes(10),
    minutes(20),
    minutes(40),
    minutes(80),
    minutes(160),
    minutes(320),
    minutes(640),
    minutes(1280),
];

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

impl Fault {
    /// Every choice, in the order of the payment page.
    pub const ALL: [Fault; 9] = [
        Fault::None,
        Fault::Duplicate,
        Fault::Late,
        Fault::Lost,
        Fault::ForgedSignature,
        Fault::WrongAmount,
        Fault::OutOfOrder,
        Fault::Slow,
        Fault::Repeat,
    ];

    /// Its name in the form of the payment page and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Fault::None => "none",
            Fault::Duplicate => "duplicate",
            Fault::Late => "late",
            Fault::Lost => "lost",
            Fault::ForgedSignature => "forged_signature",
            Fault::WrongAmount => "wrong_amount",
            Fault::OutOfOrder => "out_of_order",
            Fault::Slow => "slow",
            Fault::Repeat => "repeat",
        }
    }

    /// Its description on the payment page.
    pub fn label(self) -> &'static str {
        match self {
            Fault::None => "None: one notification, before you return",
            Fault::Duplicate => "Duplicate: the same notification twice at once",
            Fault::Late => "Late: you return first, the notification follows",
            Fault::Lost => "Lost: never sent, until you send it by hand",
            Fault::ForgedSignature => "Forged signature: signed with a wrong passphrase",
            Fault::WrongAmount => "Wrong amount: R1.00 too little, signed properly",
            Fault::OutOfOrder => "Out of order: complete, then an old pending",
            Fault::Slow => "Slow: you wait before the notification is sent",
            Fault::Repeat => "Repeat: sent again and again, even after 200",
        }
    }

    /// The fault of that name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        Fault::ALL.into_iter().find(|fault| fault.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_log() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
            assert_eq!(Fault::parse(fault.name().as_bytes()), Some(fault));
        }
    }
}
