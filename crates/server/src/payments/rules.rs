//! Pure rules of payments: which event moves which state, and what PayFast's words mean.

use chrono::TimeDelta;
use common::payments::{Method, PaymentStatus};

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
    /// A saved card is about to be charged; the attempt is on the disk.
    ChargeSent,
    /// PayFast took the charge; its notification is still to come.
    ApiOk,
    /// PayFast refused the charge in so many words.
    ApiDeclined,
    /// No answer that can be trusted: a timeout, an error of the server, a broken connection.
    ApiLost,
    /// PayFast's query or statement has the money.
    FoundComplete,
    /// Neither PayFast's query nor the statement of the next day knows the charge.
    FoundNothing,
    /// Staff saw the money in the supplier's bank account.
    Recorded,
    /// The bank took the money back.
    Reverse,
}

impl Event {
    pub const ALL: [Event; 14] = [
        Event::ItnComplete,
        Event::ItnPending,
        Event::ItnFailed,
        Event::ItnCancelled,
        Event::Cancel,
        Event::Expire,
        Event::ChargeSent,
        Event::ApiOk,
        Event::ApiDeclined,
        Event::ApiLost,
        Event::FoundComplete,
        Event::FoundNothing,
        Event::Recorded,
        Event::Reverse,
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
            Event::ChargeSent => "charge_sent",
            Event::ApiOk => "api_ok",
            Event::ApiDeclined => "api_declined",
            Event::ApiLost => "api_lost",
            Event::FoundComplete => "found_complete",
            Event::FoundNothing => "found_nothing",
            Event::Recorded => "recorded",
            Event::Reverse => "reverse",
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
    /// The money is gone again; the state stays, the invoice is owed anew.
    TakeBack,
    /// Nothing changes; worth a line in the history.
    Keep,
    /// The event is not possible in this state.
    Refuse,
}

/// How long PayFast may leave a payment on its page undecided, such as an EFT that the customer has yet to make.
pub const TIME_TO_DECIDE: TimeDelta = TimeDelta::days(7);

/// The state machine of a payment: whatever is not listed is refused or changes nothing.
///
/// What PayFast works on since it was paid on its page ends by PayFast's word or by the clock; a charge of ours only by
/// an answer to it, for it is never sent twice. Money that comes later wins over either.
pub fn next(method: Method, status: PaymentStatus, event: Event) -> Outcome {
    use PaymentStatus::{AwaitingCustomer, Canceled, Created, Expired, Failed, Processing, Succeeded, Unknown};
    match (status, event) {
        (
            Created | AwaitingCustomer | Processing | Unknown | Failed | Canceled | Expired,
            Event::ItnComplete | Event::FoundComplete,
        ) => Outcome::Succeed,
        (Succeeded, Event::ItnComplete | Event::FoundComplete) => Outcome::PaidAgain,
        (Created, Event::Recorded) => Outcome::Succeed,
        (Created, Event::ChargeSent) => Outcome::Move(Processing),
        (Created | AwaitingCustomer, Event::ItnPending) => Outcome::Move(Processing),
        (Created | AwaitingCustomer | Processing, Event::ItnFailed) => Outcome::Move(Failed),
        (Created | AwaitingCustomer, Event::ItnCancelled | Event::Cancel) => Outcome::Move(Canceled),
        (Created | AwaitingCustomer, Event::Expire) => Outcome::Move(Expired),
        (Processing, Event::ItnCancelled) if method == Method::Redirect => Outcome::Move(Canceled),
        (Processing, Event::Expire) if method == Method::Redirect => Outcome::Move(Expired),
        (Processing, Event::ApiDeclined) => Outcome::Move(Failed),
        (Processing, Event::ApiLost) => Outcome::Move(Unknown),
        (Unknown, Event::FoundNothing) => Outcome::Move(Failed),
        (Succeeded, Event::Reverse) => Outcome::TakeBack,
        // What tells less than we know is recorded, never obeyed.
        (_, Event::ItnPending | Event::ItnFailed | Event::ItnCancelled) => Outcome::Keep,
        (_, Event::ApiOk | Event::ApiDeclined | Event::ApiLost) if status != Created => Outcome::Keep,
        (Canceled, Event::Cancel) | (Expired, Event::Expire) => Outcome::Keep,
        _ => Outcome::Refuse,
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

    /// One letter per event, in the order of [`Event::ALL`]: S succeed, A paid again, T take back, k keep, x refuse,
    /// P, F, C, E, U the state it moves to.
    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        for (status, expected) in [
            //          itn.  c e  api. found r t
            (Created, "SPFCCEPxxxSxSx"),
            (AwaitingCustomer, "SPFCCExkkkSxxx"),
            (Processing, "SkFCxExkFUSxxx"),
            (Unknown, "SkkkxxxkkkSFxx"),
            (Succeeded, "AkkkxxxkkkAxxT"),
            (Failed, "SkkkxxxkkkSxxx"),
            (Canceled, "SkkkkxxkkkSxxx"),
            (Expired, "SkkkxkxkkkSxxx"),
        ] {
            let found: String = Event::ALL
                .iter()
                .map(|event| letter(next(Method::Redirect, status, *event)))
                .collect();
            assert_eq!(found, expected, "{status}");
        }
        assert_eq!(PaymentStatus::ALL.len(), 8);
    }

    #[test]
    fn only_on_payfasts_page_is_ended_what_payfast_works_on() {
        for method in [Method::SavedCard, Method::Eft] {
            for status in PaymentStatus::ALL.iter().copied() {
                for event in Event::ALL {
                    let expected = match (status, event) {
                        (Processing, Event::ItnCancelled) => Outcome::Keep,
                        (Processing, Event::Expire) => Outcome::Refuse,
                        _ => next(Method::Redirect, status, event),
                    };
                    assert_eq!(next(method, status, event), expected, "{method} {status} {event:?}");
                }
            }
        }
    }

    fn letter(outcome: Outcome) -> char {
        match outcome {
            Outcome::Succeed => 'S',
            Outcome::PaidAgain => 'A',
            Outcome::TakeBack => 'T',
            Outcome::Keep => 'k',
            Outcome::Refuse => 'x',
            Outcome::Move(Processing) => 'P',
            Outcome::Move(Failed) => 'F',
            Outcome::Move(Canceled) => 'C',
            Outcome::Move(Expired) => 'E',
            Outcome::Move(Unknown) => 'U',
            Outcome::Move(_) => '?',
        }
    }

    #[test]
    fn money_that_arrived_is_never_taken_back_by_an_event() {
        for event in Event::ALL {
            assert!(!matches!(
                next(Method::Redirect, Succeeded, event),
                Outcome::Move(_) | Outcome::Succeed
            ));
        }
    }

    #[test]
    fn an_unknown_charge_is_never_sent_again() {
        for status in PaymentStatus::ALL.iter().copied() {
            let may_send = next(Method::SavedCard, status, Event::ChargeSent) == Outcome::Move(Processing);
            assert_eq!(may_send, status == Created, "{status}");
        }
    }
}
