//! Pure rules of refunds: which event moves which state, how much can go back, and where it comes from.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::{
    FieldError,
    refunds::{BankDetails, RefundStatus},
    validate::line,
};

/// What can happen to a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// PayFast says how it would pay, and we can tell it all that it needs; the call follows.
    Send,
    /// PayFast pays to a bank account only, and nobody has told which.
    NeedsBank,
    BankTold,
    /// PayFast says that this cannot be refunded.
    NotAvailable,
    ApiOk,
    ApiDeclined,
    /// No answer that can be trusted, or a worker that died between the call and its answer.
    ApiLost,
    /// PayFast's query or statement shows the refund.
    FoundDone,
    /// Neither PayFast's query nor the statement of the next day shows it.
    FoundNothing,
    /// Staff paid it out of the supplier's own bank account.
    PaidByBank,
}

impl Event {
    pub const ALL: [Event; 10] = [
        Event::Send,
        Event::NeedsBank,
        Event::BankTold,
        Event::NotAvailable,
        Event::ApiOk,
        Event::ApiDeclined,
        Event::ApiLost,
        Event::FoundDone,
        Event::FoundNothing,
        Event::PaidByBank,
    ];
}

/// The state after an event; `None` when the event is not possible there.
pub fn next(status: RefundStatus, event: Event) -> Option<RefundStatus> {
    use RefundStatus::{AwaitingBankDetails, Failed, Requested, Submitted, Succeeded, Unknown};
    match (status, event) {
        (Requested, Event::Send) => Some(Submitted),
        (Requested, Event::NeedsBank) => Some(AwaitingBankDetails),
        (Requested, Event::NotAvailable) => Some(Failed),
        (Requested, Event::PaidByBank) => Some(Succeeded),
        (AwaitingBankDetails, Event::BankTold) => Some(Requested),
        (Submitted, Event::ApiLost) => Some(Unknown),
        // An answer that came late is still PayFast's word on the one call that was made.
        (Submitted | Unknown, Event::ApiOk) => Some(Succeeded),
        (Submitted | Unknown, Event::ApiDeclined) => Some(Failed),
        (Unknown, Event::FoundDone) => Some(Succeeded),
        (Unknown, Event::FoundNothing) => Some(Failed),
        _ => None,
    }
}

/// Whether the money is gone, on its way or reserved: all but failed refunds count against what was captured.
pub fn counts(status: RefundStatus) -> bool {
    status != RefundStatus::Failed
}

/// Whether PayFast may be working on it: another refund of the same payment waits, so that amounts can be compared.
pub fn is_in_flight(status: RefundStatus) -> bool {
    matches!(status, RefundStatus::Submitted | RefundStatus::Unknown)
}

/// Why a refund waits for another one.
pub const BUSY: &str = "another refund of this payment is on its way";

/// Whether PayFast has made it, or may have.
pub fn may_be_done(status: RefundStatus) -> bool {
    is_in_flight(status) || status == RefundStatus::Succeeded
}

/// What a refund can draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stake {
    /// What the payment brought.
    pub captured_minor: i64,
    /// Sum of its refunds that [`counts`].
    pub refunded_minor: i64,
    /// What the payment or credit notes on its invoice made the customer's, less what refunds took of it.
    pub own_credit_minor: i64,
    /// What the customer has not spent.
    pub unspent_credit_minor: i64,
    /// What a credit note on the invoice can still give back.
    pub creditable_minor: i64,
}

/// Where the money of a refund comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub amount_minor: i64,
    /// Credit that the customer has anyway.
    pub from_credit_minor: i64,
    /// The total of the credit note that goes with it; nothing when credit suffices.
    pub from_note_minor: i64,
}

impl Stake {
    fn credit(&self) -> i64 {
        self.own_credit_minor.min(self.unspent_credit_minor).max(0)
    }

    /// The most that can be refunded.
    pub fn refundable_minor(&self) -> i64 {
        let left = self.captured_minor - self.refunded_minor;
        left.min(self.credit() + self.creditable_minor.max(0)).max(0)
    }

    /// Credit first, since it is the customer's already; the rest by a credit note. `None` when it is too much.
    pub fn split(&self, amount_minor: i64) -> Option<Split> {
        if amount_minor <= 0 || amount_minor > self.refundable_minor() {
            return None;
        }
        let from_credit_minor = amount_minor.min(self.credit());
        Some(Split {
            amount_minor,
            from_credit_minor,
            from_note_minor: amount_minor - from_credit_minor,
        })
    }
}

/// How PayFast would pay a refund back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Source,
    Bank,
    NotAvailable,
}

/// The event that PayFast's terms are for a refund.
pub fn judge_terms(way: Way, has_bank_details: bool) -> Event {
    match way {
        Way::Source => Event::Send,
        Way::Bank if has_bank_details => Event::Send,
        Way::Bank => Event::NeedsBank,
        Way::NotAvailable => Event::NotAvailable,
    }
}

/// Whether PayFast has given back exactly this refund besides the others that it may have made. A sum that fits in no
/// other way tells; anything else is left to the lines of the statement.
pub fn is_done(given_back_minor: i64, others_minor: i64, amount_minor: i64) -> bool {
    given_back_minor == others_minor.saturating_add(amount_minor)
}

/// A refund that PayFast was told of, or a line of its statement about one: so much, on a day in South Africa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub amount_minor: i64,
    pub on: NaiveDate,
}

/// What the statement tells of a refund whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Done,
    Nothing,
    /// A line may be its own or another's.
    Unsure,
}

/// Gives each line of the payment to one refund: `own`, or one of the `others` that are done or may be.
///
/// A line belongs to a refund of its amount that was sent on its day or before; its time may be that of a batch. Only
/// when all of them can have one at once is it certain that this one has.
pub fn find_on_statement(own: Sum, others: &[Sum], lines: &[Sum]) -> Finding {
    let since = |sums: &[Sum], day: NaiveDate| {
        let fits = |sum: &&Sum| sum.amount_minor == own.amount_minor && sum.on >= day;
        sums.iter().filter(fits).count()
    };
    if since(lines, own.on) == 0 {
        // PayFast's clock may be behind ours at midnight: a line of the eve that no other refund explains may be its own.
        let eve = own.on.pred_opt().unwrap_or(own.on);
        let is_left = since(lines, NaiveDate::MIN) > since(others, NaiveDate::MIN);
        return match since(lines, eve) > 0 && is_left {
            true => Finding::Unsure,
            false => Finding::Nothing,
        };
    }
    let claims: Vec<Sum> = others.iter().copied().chain([own]).collect();
    let has_enough = |claim: &Sum| since(lines, claim.on) >= since(&claims, claim.on);
    let mut rivals = claims.iter().filter(|claim| claim.amount_minor == own.amount_minor);
    match rivals.all(has_enough) {
        true => Finding::Done,
        false => Finding::Unsure,
    }
}

/// 1, 5, 30 minutes, then every two hours.
pub fn pause_after(attempts: i32) -> TimeDelta {
    match attempts {
        ..=1 => TimeDelta::minutes(1),
        2 => TimeDelta::minutes(5),
        3 => TimeDelta::minutes(30),
        _ => TimeDelta::hours(2),
    }
}

/// What is not resolved by then needs a person.
pub const PAGE_AFTER: TimeDelta = TimeDelta::days(7);
/// The statement of the next day is complete by then.
pub const STATEMENT_AFTER: TimeDelta = TimeDelta::hours(36);

pub fn needs_a_person(since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - since >= PAGE_AFTER
}

/// A reason as PayFast takes it: one line of 3 to 255 characters.
pub fn check_reason(text: &str) -> Result<String, FieldError> {
    let reason = line("reason", text, 255)?.unwrap_or_default();
    if reason.chars().count() < 3 {
        return Err(FieldError::new(
            "reason",
            "too_short",
            "Say why in 3 characters or more; the customer reads it.",
        ));
    }
    Ok(reason)
}

/// Checks where a bank payout goes.
pub fn check_bank_details(details: &BankDetails) -> Result<BankDetails, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut text = |field: &str, value: &str, missing: &str| match line(field, value, 100) {
        Ok(Some(text)) => text,
        Ok(None) => {
            errors.push(FieldError::required(field, missing));
            String::new()
        }
        Err(error) => {
            errors.push(error);
            String::new()
        }
    };
    let account_holder = text("account_holder", &details.account_holder, "Enter whose account it is.");
    let bank_name = text("bank_name", &details.bank_name, "Enter the name of the bank.");
    let mut digits = |field: &str, value: &str, most: usize| {
        let digits: String = value.chars().filter(|character| *character != ' ').collect();
        let is_fine = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_fine {
            errors.push(FieldError::new(field, "invalid", format!("Use 1 to {most} digits.")));
        }
        digits
    };
    let branch_code = digits("branch_code", &details.branch_code, 6);
    let account_number = digits("account_number", &details.account_number, 12);
    if !["current", "savings"].contains(&details.account_type.as_str()) {
        errors.push(FieldError::new(
            "account_type",
            "unknown",
            "Use `current` or `savings`.",
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(BankDetails {
        account_holder,
        bank_name,
        branch_code,
        account_number,
        account_type: details.account_type.clone(),
    })
}

#[cfg(test)]
mod tests {
    use RefundStatus::{AwaitingBankDetails, Failed, Requested, Submitted, Succeeded, Unknown};
    use proptest::prelude::*;

    use super::*;

    /// One letter per event, in the order of [`Event::ALL`]: the state it moves to, or `x`.
    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        for (status, expected) in [
            (Requested, "UBxFxxxxxS"),
            (AwaitingBankDetails, "xxRxxxxxxx"),
            (Submitted, "xxxxSF?xxx"),
            (Unknown, "xxxxSFxSFx"),
            (Succeeded, "xxxxxxxxxx"),
            (Failed, "xxxxxxxxxx"),
        ] {
            let found: String = Event::ALL
                .iter()
                .map(|event| match next(status, *event) {
                    None => 'x',
                    Some(Requested) => 'R',
                    Some(AwaitingBankDetails) => 'B',
                    Some(Submitted) => 'U',
                    Some(Unknown) => '?',
                    Some(Succeeded) => 'S',
                    Some(Failed) => 'F',
                })
                .collect();
            assert_eq!(found, expected, "{status}");
        }
        assert_eq!(RefundStatus::ALL.len(), 6);
    }

    #[test]
    fn a_refund_is_sent_from_one_state_only() {
        let senders: Vec<_> = RefundStatus::ALL
            .iter()
            .filter(|status| next(**status, Event::Send).is_some())
            .collect();
        assert_eq!(senders, [&Requested]);
        // And nothing that was sent comes back there.
        for status in [Submitted, Unknown, Succeeded, Failed] {
            for event in Event::ALL {
                assert_ne!(next(status, event), Some(Requested), "{status} {event:?}");
            }
        }
    }

    fn stake(captured: i64, refunded: i64, own: i64, unspent: i64, creditable: i64) -> Stake {
        Stake {
            captured_minor: captured,
            refunded_minor: refunded,
            own_credit_minor: own,
            unspent_credit_minor: unspent,
            creditable_minor: creditable,
        }
    }

    #[test]
    fn credit_goes_first_and_a_credit_note_gives_the_rest() {
        let all = stake(60_000, 0, 7_100, 7_100, 52_900);
        assert_eq!(all.refundable_minor(), 60_000);
        let split = all.split(10_000).unwrap();
        assert_eq!((split.from_credit_minor, split.from_note_minor), (7_100, 2_900));
        assert_eq!(all.split(5_000).unwrap().from_note_minor, 0);
        assert_eq!(all.split(60_001), None);
        assert_eq!(all.split(0), None);
        // Spent credit cannot be paid out, and a credited invoice gives no more.
        assert_eq!(stake(60_000, 0, 7_100, 100, 0).refundable_minor(), 100);
        assert_eq!(stake(60_000, 59_000, 7_100, 7_100, 52_900).refundable_minor(), 1_000);
    }

    #[test]
    fn terms_decide_the_way() {
        assert_eq!(judge_terms(Way::Source, false), Event::Send);
        assert_eq!(judge_terms(Way::Bank, false), Event::NeedsBank);
        assert_eq!(judge_terms(Way::Bank, true), Event::Send);
        assert_eq!(judge_terms(Way::NotAvailable, true), Event::NotAvailable);
        assert!(is_done(300, 100, 200) && !is_done(299, 100, 200));
        // More than all of ours: somebody refunded in PayFast's dashboard, perhaps just this much.
        assert!(!is_done(301, 100, 200));
    }

    /// Sums as `day:amount`, days of November.
    fn sums(text: &str) -> Vec<Sum> {
        text.split_whitespace()
            .map(|word| {
                let (day, amount) = word.split_once(':').unwrap();
                Sum {
                    amount_minor: amount.parse().unwrap(),
                    on: NaiveDate::from_ymd_opt(2026, 11, day.parse().unwrap()).unwrap(),
                }
            })
            .collect()
    }

    #[test]
    fn a_line_of_the_statement_is_given_to_one_refund() {
        use Finding::{Done, Nothing, Unsure};
        for (own, others, lines, expected) in [
            ("10:100", "", "", Nothing),
            ("10:100", "", "10:100", Done),
            // Posted on the next day; a line of an earlier day is another's, but for clocks that differ.
            ("10:100", "", "11:100", Done),
            ("10:100", "", "8:100", Nothing),
            ("10:100", "", "9:100", Unsure),
            ("10:100", "8:100", "9:100", Nothing),
            ("10:100", "8:100", "8:100 9:100", Unsure),
            // The sibling's money says nothing of this one, whatever the sums are.
            ("10:100", "10:200", "10:200", Nothing),
            ("10:100", "9:200", "9:200", Nothing),
            ("10:100", "9:200", "10:100", Done),
            ("10:100", "9:200", "9:200 10:100", Done),
            // A refund that was made in PayFast's dashboard.
            ("10:100", "", "10:150", Nothing),
            ("10:100", "", "10:150 10:100", Done),
            // Equal amounts: as many lines as refunds, or nobody knows whose the line is.
            ("10:100", "10:100", "10:100", Unsure),
            ("10:100", "10:100", "10:100 10:100", Done),
            ("10:100", "9:100", "9:100", Nothing),
            ("10:100", "9:100", "10:100", Unsure),
            ("10:100", "9:100", "9:100 10:100", Done),
            ("10:100", "11:100", "11:100", Unsure),
            ("10:100", "11:100", "10:100", Unsure),
            ("10:100", "11:100", "10:100 11:100", Done),
            ("10:100", "8:100 9:100", "9:100 10:100", Unsure),
            ("10:100", "8:100 9:100", "9:100 9:100 10:100", Done),
            ("10:100", "", "10:100 10:100", Done),
        ] {
            let found = find_on_statement(sums(own)[0], &sums(others), &sums(lines));
            assert_eq!(found, expected, "{own} | {others} | {lines}");
        }
    }

    #[test]
    fn bank_details_are_judged_by_field() {
        let good = BankDetails {
            account_holder: " Karoo Kiln Studio ".into(),
            bank_name: "FNB".into(),
            branch_code: "250 655".into(),
            account_number: "62001234567".into(),
            account_type: "current".into(),
        };
        let checked = check_bank_details(&good).unwrap();
        assert_eq!(checked.account_holder, "Karoo Kiln Studio");
        assert_eq!(checked.branch_code, "250655");
        let errors = check_bank_details(&BankDetails::default()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "account_holder",
                "bank_name",
                "branch_code",
                "account_number",
                "account_type"
            ]
        );
        let long = BankDetails {
            account_number: "1234567890123".into(),
            ..good
        };
        assert!(check_bank_details(&long).is_err());
    }

    proptest! {
        #[test]
        fn refunds_never_exceed_what_was_captured(
            captured in 0_i64..1_000_000,
            own in 0_i64..1_000_000,
            unspent in 0_i64..1_000_000,
            creditable in 0_i64..1_000_000,
            asked in proptest::collection::vec(1_i64..400_000, 1..8),
        ) {
            let mut now = stake(captured, 0, own, unspent, creditable);
            for amount in asked {
                let Some(split) = now.split(amount) else { continue };
                prop_assert_eq!(split.from_credit_minor + split.from_note_minor, amount);
                prop_assert!(split.from_note_minor <= now.creditable_minor);
                prop_assert!(split.from_credit_minor <= now.unspent_credit_minor);
                now.refunded_minor += amount;
                now.own_credit_minor -= split.from_credit_minor;
                now.unspent_credit_minor -= split.from_credit_minor;
                now.creditable_minor -= split.from_note_minor;
            }
            prop_assert!(now.refunded_minor <= captured);
        }
    }
}
