//! Pure rules of invoices: VAT, numbers, and what money does to an invoice.

use common::{
    Money,
    invoices::{InvoiceState, InvoiceStatus},
    payments::PaymentStatus,
};

/// South Africa's standard rate, in percent.
pub const VAT_PERCENT: i64 = 15;

/// A price and the VAT inside it; `net + vat` is the price exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub net: Money,
    pub vat: Money,
}

/// Takes the VAT out of a price that includes it: `vat = price × 15 / 115`, rounded half up, once.
///
/// A supplier without a VAT number charges none.
pub fn split_price(price: Money, charges_vat: bool) -> Split {
    let vat = if charges_vat { included_vat(price.minor) } else { 0 };
    Split {
        net: Money::new(price.minor - vat, price.currency),
        vat: Money::new(vat, price.currency),
    }
}

fn included_vat(gross: i64) -> i64 {
    let numerator = i128::from(gross) * i128::from(VAT_PERCENT);
    let denominator = i128::from(100 + VAT_PERCENT);
    // Half up, away from zero for negative amounts as well.
    let half = denominator / 2 * numerator.signum();
    let vat = (numerator + half) / denominator;
    i64::try_from(vat).expect("the VAT is smaller than the price")
}

/// `INV-000001`.
pub fn invoice_number(serial: i64) -> String {
    format!("INV-{serial:06}")
}

/// `CN-000001`.
pub fn credit_note_number(serial: i64) -> String {
    format!("CN-{serial:06}")
}

/// The stored state behind what a list is narrowed to.
pub fn stored(state: InvoiceState) -> InvoiceStatus {
    match state {
        InvoiceState::Draft => InvoiceStatus::Draft,
        InvoiceState::Open | InvoiceState::Overdue | InvoiceState::PartiallyPaid => InvoiceStatus::Open,
        InvoiceState::Paid => InvoiceStatus::Paid,
        InvoiceState::Void => InvoiceStatus::Void,
        InvoiceState::Uncollectible => InvoiceStatus::Uncollectible,
    }
}

/// No tax invoice is needed up to this total, in cents (VAT Act section 20(6)).
const NO_DOCUMENT_UP_TO: i64 = 5_000;
/// Up to this total the abridged form is enough (VAT Act section 20(5)); above it the recipient is named in full.
const ABRIDGED_UP_TO: i64 = 500_000;

/// What a document has, as far as the law asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxDocument {
    /// With VAT.
    pub total_minor: i64,
    pub charges_vat: bool,
    pub has_supplier: bool,
    pub has_name: bool,
    pub has_address: bool,
}

/// What a tax invoice lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    Supplier,
    RecipientName,
    RecipientAddress,
}

impl Lacking {
    /// Name of the field, as the account or the settings have it.
    pub fn field(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::RecipientName => "company_name",
            Self::RecipientAddress => "billing_address",
        }
    }

    /// To the customer, who can fill it in.
    pub fn to_buyer(self) -> &'static str {
        match self {
            Self::RecipientAddress => "A tax invoice above R5\u{a0}000.00 must show your address.",
            other => other.in_words(),
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Supplier => "A tax invoice above R50.00 must name its supplier with an address.",
            Self::RecipientName => "A tax invoice above R5\u{a0}000.00 must name its recipient.",
            Self::RecipientAddress => "A tax invoice above R5\u{a0}000.00 must show the recipient's address.",
        }
    }
}

/// What the law asks for and the document lacks (VAT Act section 20(4) to (6)); nothing for who charges no VAT.
pub fn lacking_for_tax_document(document: &TaxDocument) -> Vec<Lacking> {
    let is_due = document.charges_vat && document.total_minor > NO_DOCUMENT_UP_TO;
    let is_full = document.charges_vat && document.total_minor > ABRIDGED_UP_TO;
    [
        (is_due && !document.has_supplier, Lacking::Supplier),
        (is_full && !document.has_name, Lacking::RecipientName),
        (is_full && !document.has_address, Lacking::RecipientAddress),
    ]
    .into_iter()
    .filter_map(|(is_lacking, what)| is_lacking.then_some(what))
    .collect()
}

/// What happens to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Edit,
    Delete,
    Finalize,
    PaymentApplied,
    PaymentReversed,
    CreditNoteIssued,
    Void,
    MarkUncollectible,
}

impl Event {
    pub const ALL: [Self; 8] = [
        Self::Edit,
        Self::Delete,
        Self::Finalize,
        Self::PaymentApplied,
        Self::PaymentReversed,
        Self::CreditNoteIssued,
        Self::Void,
        Self::MarkUncollectible,
    ];

    /// Completes "this invoice is paid; it cannot …".
    fn in_words(self) -> &'static str {
        match self {
            Self::Edit => "be changed",
            Self::Delete => "be deleted",
            Self::Finalize => "be finalised",
            Self::PaymentApplied => "take a payment",
            Self::PaymentReversed => "lose a payment",
            Self::CreditNoteIssued => "be credited",
            Self::Void => "be voided",
            Self::MarkUncollectible => "be written off",
        }
    }
}

/// What a decision looks at beside state and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guards {
    pub total_minor: i64,
    pub balance_minor: i64,
    pub amount_paid_minor: i64,
    pub credited_minor: i64,
    /// What is paid, reversed or credited.
    pub amount_minor: i64,
    /// The frozen draft of a plan: only its payment finalises it.
    pub is_purchase: bool,
    pub has_lines: bool,
    /// State of a payment that may still bring money.
    pub under_way: Option<PaymentStatus>,
}

impl Guards {
    /// What credit notes may still take away.
    pub fn creditable_minor(&self) -> i64 {
        self.total_minor - self.credited_minor
    }
}

/// Why an event is refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this invoice is {from}; it cannot {}", .event.in_words())]
    State { from: InvoiceStatus, event: Event },
    #[error("this draft is the purchase of a plan: its payment finalises it, and nobody changes it")]
    Purchase,
    #[error("the draft has no lines yet")]
    NoLines,
    #[error("money was paid on this invoice; issue a credit note, or refund the payment")]
    HasPayments,
    #[error("a payment of this invoice is {0}; cancel it, or wait until it has ended")]
    UnderWay(PaymentStatus),
    #[error("the amount must be above nothing")]
    Nothing,
    #[error("only {left_minor} cents are left")]
    TooMuch { left_minor: i64 },
}

/// The state that an event leads to; the table of `states.md`, section 1. A deleted draft has none and stays a draft.
pub fn next(status: InvoiceStatus, event: Event, guards: &Guards) -> Result<InvoiceStatus, Refusal> {
    use InvoiceStatus::{Draft, Open, Paid, Uncollectible, Void};
    let &Guards {
        amount_minor: amount,
        balance_minor: balance,
        ..
    } = guards;
    let is_paid_by_it = amount >= balance;
    match (status, event) {
        (Draft, Event::Edit | Event::Delete | Event::Finalize) if guards.is_purchase => Err(Refusal::Purchase),
        (Draft, Event::Edit | Event::Delete) => Ok(Draft),
        (Draft, Event::Finalize) if !guards.has_lines => Err(Refusal::NoLines),
        (Draft, Event::Finalize) if guards.total_minor == 0 => Ok(Paid),
        (Draft, Event::Finalize) => Ok(Open),
        (Open | Uncollectible, Event::PaymentApplied) | (Draft, Event::PaymentApplied)
            if status != Draft || guards.is_purchase =>
        {
            match (amount > 0, is_paid_by_it, status) {
                (false, ..) => Err(Refusal::Nothing),
                (_, true, _) => Ok(Paid),
                (_, false, Uncollectible) => Ok(Uncollectible),
                (_, false, _) => Ok(Open),
            }
        }
        (Open | Paid, Event::PaymentReversed) => reversed(guards).map(|()| Open),
        // What was given up stays given up.
        (Uncollectible, Event::PaymentReversed) => reversed(guards).map(|()| Uncollectible),
        (Open, Event::CreditNoteIssued) => {
            within(amount, balance.min(guards.creditable_minor()))?;
            Ok(match (amount == balance, guards.amount_paid_minor > 0) {
                (false, _) => Open,
                (true, true) => Paid,
                (true, false) => Void,
            })
        }
        (Paid, Event::CreditNoteIssued) => within(amount, guards.creditable_minor()).map(|()| Paid),
        (Open, Event::Void) => match guards.under_way {
            _ if guards.amount_paid_minor > 0 || balance != guards.creditable_minor() => Err(Refusal::HasPayments),
            Some(payment) => Err(Refusal::UnderWay(payment)),
            None => Ok(Void),
        },
        (Uncollectible, Event::Void) if guards.creditable_minor() > 0 => Ok(Void),
        (Open, Event::MarkUncollectible) => Ok(Uncollectible),
        (from, event) => Err(Refusal::State { from, event }),
    }
}

fn reversed(guards: &Guards) -> Result<(), Refusal> {
    within(guards.amount_minor, guards.amount_paid_minor)
}

fn within(amount_minor: i64, left_minor: i64) -> Result<(), Refusal> {
    if amount_minor <= 0 {
        Err(Refusal::Nothing)
    } else if amount_minor > left_minor {
        Err(Refusal::TooMuch { left_minor })
    } else {
        Ok(())
    }
}

/// What a payment does to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// `None` when the invoice takes nothing.
    pub status: Option<InvoiceStatus>,
    /// Part of the payment that the invoice takes.
    pub applied_minor: i64,
    /// The rest, which becomes credit of the customer.
    pub excess_minor: i64,
}

/// `payment_applied` for each state of an invoice (and `finalize` for the frozen draft of a purchase).
///
/// Money for an invoice that takes none becomes credit whole.
pub fn settle(status: InvoiceStatus, guards: &Guards) -> Settlement {
    let paid_minor = guards.amount_minor;
    let next = next(status, Event::PaymentApplied, guards).ok();
    let applied_minor = match next {
        Some(_) => paid_minor.min(guards.balance_minor),
        None => 0,
    };
    Settlement {
        status: next,
        applied_minor,
        excess_minor: paid_minor - applied_minor,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vat_is_taken_out_of_inclusive_prices() {
        for (price, vat) in [
            (52_900, 6_900),
            (499_000, 65_087),
            (179_900, 23_465),
            (1_719_000, 224_217),
            (500, 65),
            (0, 0),
        ] {
            let split = split_price(Money::zar(price), true);
            assert_eq!((split.vat.minor, split.net.minor), (vat, price - vat), "{price}");
        }
        assert_eq!(split_price(Money::zar(52_900), false).vat, Money::zar(0));
    }

    /// An invoice of R100.00 that nothing happened to, and an event of `amount`.
    fn untouched(amount: i64) -> Guards {
        Guards {
            total_minor: 10_000,
            balance_minor: 10_000,
            amount_minor: amount,
            has_lines: true,
            ..Guards::default()
        }
    }

    /// One letter per event, in the order of [`Event::ALL`]: D, O, P, U, V the state it leads to, x refused.
    fn row(status: InvoiceStatus, guards: Guards) -> String {
        let letter = |event| match next(status, event, &guards) {
            Ok(InvoiceStatus::Draft) => 'D',
            Ok(InvoiceStatus::Open) => 'O',
            Ok(InvoiceStatus::Paid) => 'P',
            Ok(InvoiceStatus::Uncollectible) => 'U',
            Ok(InvoiceStatus::Void) => 'V',
            Err(_) => 'x',
        };
        Event::ALL.into_iter().map(letter).collect()
    }

    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        use InvoiceStatus::{Draft, Open, Paid, Uncollectible, Void};
        let part_paid = Guards {
            amount_paid_minor: 4_000,
            balance_minor: 6_000,
            ..untouched(4_000)
        };
        let paid = Guards {
            amount_paid_minor: 10_000,
            balance_minor: 0,
            ..untouched(10_000)
        };
        let credited = Guards {
            credited_minor: 10_000,
            ..paid
        };
        let purchase = Guards {
            is_purchase: true,
            ..untouched(10_000)
        };
        let nothing = Guards {
            total_minor: 0,
            balance_minor: 0,
            ..untouched(0)
        };
        let under_way = Guards {
            under_way: Some(PaymentStatus::Unknown),
            ..untouched(4_000)
        };
        for (status, guards, expected) in [
            // Edit, Delete, Finalize, Applied, Reversed, Credited, Void, WrittenOff
            (Draft, untouched(4_000), "DDOxxxxx"),
            (Draft, nothing, "DDPxxxxx"),
            (
                Draft,
                Guards {
                    has_lines: false,
                    ..nothing
                },
                "DDxxxxxx",
            ),
            (Draft, purchase, "xxxPxxxx"),
            (
                Draft,
                Guards {
                    amount_minor: 9_999,
                    ..purchase
                },
                "xxxOxxxx",
            ),
            (Open, untouched(4_000), "xxxOxOVU"),
            (Open, untouched(10_000), "xxxPxVVU"),
            (Open, untouched(10_001), "xxxPxxVU"),
            (Open, untouched(0), "xxxxxxVU"),
            (Open, under_way, "xxxOxOxU"),
            (Open, part_paid, "xxxOOOxU"),
            (
                Open,
                Guards {
                    amount_minor: 6_000,
                    ..part_paid
                },
                "xxxPxPxU",
            ),
            (Uncollectible, untouched(4_000), "xxxUxxVx"),
            (Uncollectible, untouched(10_000), "xxxPxxVx"),
            (Uncollectible, under_way, "xxxUxxVx"),
            (Uncollectible, part_paid, "xxxUUxVx"),
            (Paid, paid, "xxxxOPxx"),
            (
                Paid,
                Guards {
                    amount_minor: 10_001,
                    ..paid
                },
                "xxxxxxxx",
            ),
            (Paid, credited, "xxxxOxxx"),
            (Void, untouched(10_000), "xxxxxxxx"),
            (Void, credited, "xxxxxxxx"),
        ] {
            assert_eq!(row(status, guards), expected, "{status} {guards:?}");
        }
    }

    #[test]
    fn the_law_asks_for_more_as_the_total_grows() {
        let bare = TaxDocument {
            total_minor: 0,
            charges_vat: true,
            has_supplier: false,
            has_name: false,
            has_address: false,
        };
        use Lacking::{RecipientAddress, RecipientName, Supplier};
        for (total_minor, lacking) in [
            (0, vec![]),
            (5_000, vec![]),
            (5_001, vec![Supplier]),
            (500_000, vec![Supplier]),
            (500_001, vec![Supplier, RecipientName, RecipientAddress]),
        ] {
            let document = TaxDocument { total_minor, ..bare };
            assert_eq!(lacking_for_tax_document(&document), lacking, "{total_minor}");
            let exempt = TaxDocument {
                charges_vat: false,
                ..document
            };
            assert_eq!(lacking_for_tax_document(&exempt), []);
        }
        let known = TaxDocument {
            total_minor: 500_001,
            has_supplier: true,
            has_name: true,
            ..bare
        };
        assert_eq!(lacking_for_tax_document(&known), [RecipientAddress]);
    }

    #[test]
    fn refusals_say_why() {
        let why = |status, event, guards: Guards| next(status, event, &guards).unwrap_err().to_string();
        assert_eq!(
            why(InvoiceStatus::Paid, Event::Void, untouched(0)),
            "this invoice is paid; it cannot be voided"
        );
        let under_way = Guards {
            under_way: Some(PaymentStatus::AwaitingCustomer),
            ..untouched(0)
        };
        assert_eq!(
            why(InvoiceStatus::Open, Event::Void, under_way),
            "a payment of this invoice is awaiting_customer; cancel it, or wait until it has ended"
        );
    }

    #[test]
    fn money_is_taken_as_far_as_it_is_owed() {
        use InvoiceStatus::{Draft, Open, Paid, Uncollectible, Void};
        for (status, balance, paid, next, applied, excess) in [
            (Draft, 100, 100, Some(Paid), 100, 0),
            (Draft, 100, 101, Some(Paid), 100, 1),
            (Draft, 100, 99, Some(Open), 99, 0),
            (Open, 100, 100, Some(Paid), 100, 0),
            (Open, 100, 40, Some(Open), 40, 0),
            (Open, 100, 150, Some(Paid), 100, 50),
            (Paid, 0, 100, None, 0, 100),
            (Void, 0, 100, None, 0, 100),
            (Uncollectible, 100, 100, Some(Paid), 100, 0),
            (Uncollectible, 100, 40, Some(Uncollectible), 40, 0),
        ] {
            let guards = Guards {
                balance_minor: balance,
                amount_minor: paid,
                is_purchase: true,
                ..Guards::default()
            };
            let settlement = settle(status, &guards);
            let found = (settlement.status, settlement.applied_minor, settlement.excess_minor);
            assert_eq!(found, (next, applied, excess), "{status} {balance} {paid}");
        }
    }

    #[test]
    fn numbers_grow_past_six_digits() {
        assert_eq!(invoice_number(7), "INV-000007");
        assert_eq!(invoice_number(1_234_567), "INV-1234567");
    }

    proptest! {
        #[test]
        fn vat_and_net_are_the_price(price in 0_i64..=i64::MAX / 2) {
            let split = split_price(Money::zar(price), true);
            prop_assert_eq!(split.net.minor + split.vat.minor, price);
            // Within half a cent of the exact share.
            let error = i128::from(split.vat.minor) * 115 - i128::from(price) * 15;
            prop_assert!((-57..=57).contains(&error));
        }

        #[test]
        fn money_is_never_made_or_lost(balance in 0_i64..1_000_000, paid in 0_i64..1_000_000, state in 0..5_usize) {
            let guards = Guards { balance_minor: balance, amount_minor: paid, ..Guards::default() };
            let settlement = settle(InvoiceStatus::ALL[state], &guards);
            prop_assert_eq!(settlement.applied_minor + settlement.excess_minor, paid);
            prop_assert!(settlement.applied_minor <= balance && settlement.applied_minor >= 0);
        }
    }
}
