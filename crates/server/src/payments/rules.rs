//! Pure rules of payments: which event moves which state, and what PayFast's words mean.

use common::payments::PaymentStatus;

/// What can happen to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A checked notification of each kind.
    ItnComplete,
    ItnPending,
    ItnFailed,
    ItnCancelled,
    /// The signed-in customer gives up.
    Cancel,
    /// The time for paying has passed.
    Expire,
}

impl Event {
    pub const ALL: [Event; 6] = [
        Event::ItnComplete,
        Event::ItnPending,
        Event::ItnFailed,
        Event::ItnCancelled,
        Event::Cancel,
        Event::Expire,
    ];

    /// Name in the history; stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::ItnComplete => "itn_complete",
            Event::ItnPending => "itn_pending",
            Event::ItnFailed => "itn_failed",
            Event::ItnCancelled => "itn_cancelled",
            Event::Cancel => "cancel",
            Event::Expire => "expire",
        }
    }
}

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The state changes; no money moves.
    Move(PaymentStatus),
    /// The money is there: settle the invoice.
    Succeed,
    /// Money came again for a payment that has succeeded: it becomes credit.
    PaidAgain,
    /// Nothing changes; worth a line in the history.
    Keep,
    /// The event is not possible in this state.
    Refuse,
}

/// The state machine of a payment: every pair that is not listed is refused or changes nothing.
pub fn next(status: PaymentStatus, event: Event) -> Outcome {
    use PaymentStatus::{AwaitingCustomer, Canceled, Created, Expired, Failed, Processing, Succeeded, Unknown};
    match (status, event) {
        (Created | AwaitingCustomer | Processing | Unknown | Failed | Canceled | Expired, Event::ItnComplete) => {
            Outcome::Succeed
        }
        (Succeeded, Event::ItnComplete) => Outcome::PaidAgain,
        (Created | AwaitingCustomer, Event::ItnPending) => Outcome::Move(Processing),
        (Created | AwaitingCustomer | Processing, Event::ItnFailed) => Outcome::Move(Failed),
        (Created | AwaitingCustomer, Event::ItnCancelled | Event::Cancel) => Outcome::Move(Canceled),
        (Created | AwaitingCustomer, Event::Expire) => Outcome::Move(Expired),
        // A notification that tells less than we know is recorded, never obeyed.
        (_, Event::ItnPending | Event::ItnFailed | Event::ItnCancelled) => Outcome::Keep,
        (Canceled, Event::Cancel) | (Expired, Event::Expire) => Outcome::Keep,
        (_, Event::Cancel | Event::Expire) => Outcome::Refuse,
    }
}

/// The event that PayFast's `payment_status` stands for; `None` for a word that is not known.
pub fn event_of(status: &payfast::PaymentStatus) -> Option<Event> {
    match status {
        payfast::PaymentStatus::Complete => Some(Event::ItnComplete),
        payfast::PaymentStatus::Pending => Some(Event::ItnPending),
        payfast::PaymentStatus::Failed => Some(Event::ItnFailed),
        payfast::PaymentStatus::Cancelled => Some(Event::ItnCancelled),
        payfast::PaymentStatus::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use PaymentStatus::{AwaitingCustomer, Canceled, Created, Expired, Failed, Processing, Succeeded, Unknown};

    use super::*;

    /// One letter per event, in the order of [`Event::ALL`]: S succeed, A paid again, k keep, x refuse,
    /// P, F, C, E the state it moves to.
    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        for (status, expected) in [
            (Created, "SPFCCE"),
            (AwaitingCustomer, "SPFCCE"),
            (Processing, "SkFkxx"),
            (Unknown, "Skkkxx"),
            (Succeeded, "Akkkxx"),
            (Failed, "Skkkxx"),
            (Canceled, "Skkkkx"),
            (Expired, "Skkkxk"),
        ] {
            let found: String = Event::ALL.iter().map(|event| letter(next(status, *event))).collect();
            assert_eq!(found, expected, "{status}");
        }
        assert_eq!(PaymentStatus::ALL.len(), 8);
    }

    fn letter(outcome: Outcome) -> char {
        match outcome {
            Outcome::Succeed => 'S',
            Outcome::PaidAgain => 'A',
            Outcome::Keep => 'k',
            Outcome::Refuse => 'x',
            Outcome::Move(Processing) => 'P',
            Outcome::Move(Failed) => 'F',
            Outcome::Move(Canceled) => 'C',
            Outcome::Move(Expired) => 'E',
            Outcome::Move(_) => '?',
        }
    }

    #[test]
    fn money_that_arrived_is_never_taken_back_by_an_event() {
        for event in Event::ALL {
            assert!(!matches!(next(Succeeded, event), Outcome::Move(_) | Outcome::Succeed));
        }
    }
}
