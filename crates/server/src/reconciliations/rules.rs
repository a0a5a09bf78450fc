//! Pure rules of reconciliation: days, kinds of lines, and what a line means beside our payment.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use common::{
    Currency, FieldError, Money,
    money::format_money,
    reconciliations::{NewReconciliation, ReconciliationStatus, StatementVerdict},
};
use payfast::{Amount, amounts_match, api::StatementLine};
use sha2::{Digest, Sha256};

/// South Africa keeps UTC+2 all year.
const OFFSET: TimeDelta = TimeDelta::hours(2);
/// Days that one comparison may cover.
const MOST_DAYS: i64 = 31;

/// Days of a statement, both inclusive, in South Africa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Range {
    pub fn parse(wish: &NewReconciliation, now: DateTime<Utc>) -> Result<Self, FieldError> {
        let (from, to) = (day("from", &wish.from)?, day("to", &wish.to)?);
        let wrong = |field: &str, message: &str| Err(FieldError::new(field, "out_of_range", message));
        if to < from {
            return wrong("to", "Use a day that is not before `from`.");
        }
        if to > today(now) {
            return wrong("to", "Use a day that is not in the future.");
        }
        if (to - from).num_days() > MOST_DAYS {
            return wrong("to", "Use a day at most 31 days after `from`.");
        }
        Ok(Self { from, to })
    }

    /// The days that two instants lie in.
    pub fn between(first: DateTime<Utc>, last: DateTime<Utc>) -> Self {
        Self {
            from: today(first),
            to: today(last),
        }
    }

    /// One day.
    pub fn of(day: NaiveDate) -> Self {
        Self { from: day, to: day }
    }

    /// Its first instant, and the first one after it.
    pub fn instants(&self) -> (NaiveDateTime, NaiveDateTime) {
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN) - OFFSET;
        let after = self.to.checked_add_days(Days::new(1)).unwrap_or(self.to);
        (start(self.from), start(after))
    }
}

/// The day in South Africa.
pub fn today(now: DateTime<Utc>) -> NaiveDate {
    (now + OFFSET).date_naive()
}

fn day(field: &str, text: &str) -> Result<NaiveDate, FieldError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10 && text.starts_with("20"))
        .ok_or_else(|| FieldError::new(field, "invalid", "Use a day such as 2026-11-01."))
}

/// How far back the worker looks for days that were never compared.
pub const MOST_DAYS_BACK: u64 = 31;
/// How long after the end of a day its statement is complete.
const COMPLETE_AFTER: TimeDelta = TimeDelta::hours(36);
/// Times that the complete statement of a day is asked for, one on each day, until one of them finishes.
pub const MOST_READINGS: u8 = 7;

/// Which of the worker's readings of a day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Right after the day, so that most differences are known early; the statement may not be complete yet.
    Early,
    /// When the statement is complete: the first time, the second after that failed, and so on.
    Complete(u8),
}

impl Reading {
    /// Each reading has an id of its own day, so that several nodes start one.
    pub fn id_bytes(self, day: NaiveDate) -> [u8; 10] {
        let text = match self {
            Self::Early => format!("daily reconciliation of {day}"),
            Self::Complete(nth) => format!("complete daily reconciliation of {day}, {nth}"),
        };
        Sha256::digest(text)[..10].try_into().expect("ten of thirty-two bytes")
    }
}

/// How a reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    pub status: ReconciliationStatus,
    pub started_at: NaiveDateTime,
}

/// The days that the worker sees to: since the first one that it ever compared, at most 31, yesterday the last. A fresh
/// installation begins with yesterday.
pub fn days_to_read(first_ever: Option<NaiveDate>, now: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
    let yesterday = today(now - TimeDelta::days(1));
    let oldest = yesterday
        .checked_sub_days(Days::new(MOST_DAYS_BACK - 1))
        .unwrap_or(yesterday);
    let first = first_ever.unwrap_or(yesterday).clamp(oldest, yesterday);
    first.iter_days().take_while(move |day| *day <= yesterday)
}

/// The reading that a day needs now, by how its others stand.
pub fn due_reading(day: NaiveDate, now: DateTime<Utc>, find: impl Fn(Reading) -> Option<Read>) -> Option<Reading> {
    let early = find(Reading::Early);
    let (_, end) = Range::of(day).instants();
    if now.naive_utc() < end + COMPLETE_AFTER {
        return early.is_none().then_some(Reading::Early);
    }
    if early.is_some_and(|early| early.status == ReconciliationStatus::Running) {
        return None;
    }
    for nth in 0..MOST_READINGS {
        let reading = Reading::Complete(nth);
        let Some(before) = find(reading) else {
            return Some(reading);
        };
        let may_follow = match before.status {
            ReconciliationStatus::Failed => today(before.started_at.and_utc()) < today(now),
            ReconciliationStatus::Running | ReconciliationStatus::Finished => false,
        };
        if !may_follow {
            return None;
        }
    }
    None
}

/// The instant of a line, which PayFast writes in South African time.
pub fn instant(line: &StatementLine) -> Option<NaiveDateTime> {
    let text = line.at.replace('T', " ");
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
        .ok()
        .map(|at| at - OFFSET)
}

/// What equal lines have in common. Of a payout, which names no payment, that is what moved: PayFast may write its line
/// anew with another balance, and no id would tell that it is booked.
pub fn identity(line: &StatementLine) -> String {
    if kind_of(line) != Kind::Payout {
        return line.raw.clone();
    }
    let [gross, fee, net] = [line.gross, line.fee, line.net].map(Amount::cents);
    format!("{}\n{}\n{gross}\n{fee}\n{net}", line.at.replace('T', " "), line.kind)
}

/// What tells a line from all others: its [`identity`], and its place among equal ones of one statement.
pub fn fingerprint(identity: &str, ordinal: u32) -> String {
    hex::encode(Sha256::digest(format!("{ordinal}\n{identity}")))
}

/// What stands in for the line of a payment that has none.
pub fn fingerprint_of_missing(payment_id: &str) -> String {
    hex::encode(Sha256::digest(format!("missing\n{payment_id}")))
}

/// What kind of money a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Receipt,
    Refund,
    Payout,
    /// A fee of its own, a refund that bounced, a charge that was taken back, or a word that nobody here knows.
    Other,
}

pub fn kind_of(line: &StatementLine) -> Kind {
    let word = line.kind.to_ascii_uppercase();
    if word.contains("REFUND") && line.is_debit {
        Kind::Refund
    } else if ["WITHDRAW", "PAYOUT"].iter().any(|part| word.contains(part)) && line.is_debit {
        Kind::Payout
    } else if word == "FUNDS_RECEIVED" && !line.is_debit {
        Kind::Receipt
    } else {
        Kind::Other
    }
}

pub fn is_refund(line: &StatementLine) -> bool {
    kind_of(line) == Kind::Refund
}

/// A payment of ours as far as a receipt is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    pub amount_minor: i64,
    /// What the books say that PayFast kept; `None` when it never told.
    pub fee_minor: Option<i64>,
    /// Whether this very money is in the books: as the payment, or as credit when it was paid again.
    pub is_booked: bool,
    /// Whether it is the payment itself rather than money that came again.
    pub is_its_own: bool,
}

/// What a receipt means, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: StatementVerdict,
    /// What differs, in words; empty when nothing.
    pub note: String,
    pub deed: Deed,
}

/// What is done about a receipt in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Nothing,
    /// The notification was lost: this line settles the payment.
    Settle,
    /// The books take this fee.
    CorrectFee {
        fee_minor: i64,
    },
}

/// Judges money that the statement says we received.
pub fn judge(line: &StatementLine, ours: Option<&Ours>, is_repeated: bool) -> Judgement {
    let say = |verdict, note: String, deed| Judgement { verdict, note, deed };
    let Some(ours) = ours else {
        let note = "no payment here explains this money".to_owned();
        return say(StatementVerdict::Unknown, note, Deed::Nothing);
    };
    if is_repeated {
        let note = "the statement has this payment twice".to_owned();
        return say(StatementVerdict::Duplicate, note, Deed::Nothing);
    }
    if !amounts_match(Amount::from_cents(ours.amount_minor), line.gross) {
        let (theirs, expected) = (zar(line.gross.cents()), zar(ours.amount_minor));
        let note = format!("the statement says {theirs}, we asked for {expected}");
        return say(StatementVerdict::AmountDrift, note, Deed::Nothing);
    }
    if !ours.is_booked && line.pf_payment_id.is_none() {
        // Settled without it, the notification of the same money would pass for another payment.
        let note = "the statement has this payment without PayFast's id, by which alone it is settled".to_owned();
        return say(StatementVerdict::Unknown, note, Deed::Nothing);
    }
    if !ours.is_booked {
        let note = "the notification was lost; this line settled the payment".to_owned();
        return say(StatementVerdict::Healed, note, Deed::Settle);
    }
    let fee_minor = line.fee.cents().abs();
    match ours.fee_minor {
        _ if !ours.is_its_own => say(StatementVerdict::Matched, String::new(), Deed::Nothing),
        Some(booked) if booked == fee_minor => say(StatementVerdict::Matched, String::new(), Deed::Nothing),
        // Found by a query, which tells no fee: nothing differs, only something was missing.
        None => say(StatementVerdict::Matched, String::new(), Deed::CorrectFee { fee_minor }),
        Some(booked) => {
            let (theirs, expected) = (zar(fee_minor), zar(booked));
            let note = format!("the fee is {theirs}, the notification said {expected}; the books were corrected");
            say(StatementVerdict::FeeDrift, note, Deed::CorrectFee { fee_minor })
        }
    }
}

/// Judges a line of a kind that nothing here books: money in it is for a person, since nobody may take it for explained.
pub fn judge_other(line: &StatementLine) -> (StatementVerdict, String) {
    if line.net.cents() == 0 {
        return (StatementVerdict::Other, String::new());
    }
    let sign = if line.is_debit { "DEBIT" } else { "CREDIT" };
    let (net, kind) = (zar(line.net.cents()), &line.kind);
    let note = format!("the statement says {kind} {sign} of {net}, which nothing here explains or books");
    (StatementVerdict::Unknown, note)
}

fn zar(minor: i64) -> String {
    format_money(Money::new(minor, Currency::Zar))
}

/// Whether a line over this net is done with: others are judged again when they come again.
pub fn is_final(verdict: StatementVerdict, net_minor: i64) -> bool {
    use StatementVerdict::{
        AmountDrift, Duplicate, FeeDrift, Healed, Matched, Missing, Other, Payout, Refund, Unknown,
    };
    match verdict {
        Matched | Healed | FeeDrift | Refund | Payout => true,
        Other => net_minor == 0,
        Missing | Unknown | Duplicate | AmountDrift => false,
    }
}

/// How a comparison counts its lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub lines: i64,
    /// Lines with which nobody has to do anything.
    pub matched: i64,
    pub healed: i64,
    /// Lines, and payments without one, at which somebody should look.
    pub differences: i64,
}

impl Tally {
    pub fn count(&mut self, verdict: StatementVerdict) {
        use StatementVerdict::{Healed, Matched, Missing, Other, Payout, Refund};
        self.lines += i64::from(verdict != Missing);
        match verdict {
            Matched | Refund | Payout | Other => self.matched += 1,
            Healed => self.healed += 1,
            _ => self.differences += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use payfast::api::Statement;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-24T22:30:00Z".parse().unwrap()
    }

    fn range(from: &str, to: &str) -> Result<Range, FieldError> {
        let wish = NewReconciliation {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        Range::parse(&wish, now())
    }

    fn line(kind: &str, sign: &str, gross: &str, fee: &str) -> StatementLine {
        let csv = format!(
            "Date,Type,Sign,Gross,Fee,Net,PF Payment ID\r\n2026-11-24 09:14:00,{kind},{sign},{gross},{fee},1.00,77\r\n"
        );
        Statement::parse(csv.as_bytes()).unwrap().lines.remove(0)
    }

    #[test]
    fn days_are_south_african_and_past() {
        // Half past midnight on the 25th in Johannesburg.
        assert_eq!(today(now()).to_string(), "2026-11-25");
        assert!(range("2026-11-25", "2026-11-25").is_ok());
        assert_eq!(range("2026-11-25", "2026-11-26").unwrap_err().field, "to");
        assert_eq!(range("2026-11-25", "2026-11-24").unwrap_err().field, "to");
        assert!(range("2026-10-24", "2026-11-24").is_ok());
        assert_eq!(range("2026-10-23", "2026-11-24").unwrap_err().field, "to");
        assert_eq!(range("yesterday", "2026-11-24").unwrap_err().field, "from");
        let (first, after) = range("2026-11-24", "2026-11-24").unwrap().instants();
        assert_eq!(first.to_string(), "2026-11-23 22:00:00");
        assert_eq!(after.to_string(), "2026-11-24 22:00:00");
        let at = instant(&line("FUNDS_RECEIVED", "CREDIT", "1.00", "0.00")).unwrap();
        assert_eq!(at.to_string(), "2026-11-24 07:14:00");
    }

    #[test]
    fn days_that_were_missed_are_read_and_no_more_than_31() {
        let first_and_count = |first_ever: Option<&str>| {
            let days: Vec<_> = days_to_read(first_ever.map(|day| day.parse().unwrap()), now()).collect();
            assert_eq!(days.last().unwrap().to_string(), "2026-11-24");
            (days[0].to_string(), days.len())
        };
        assert_eq!(first_and_count(None), ("2026-11-24".to_owned(), 1));
        assert_eq!(first_and_count(Some("2026-11-24")), ("2026-11-24".to_owned(), 1));
        assert_eq!(first_and_count(Some("2026-11-20")), ("2026-11-20".to_owned(), 5));
        assert_eq!(first_and_count(Some("2026-01-01")), ("2026-10-25".to_owned(), 31));
    }

    #[test]
    fn each_day_is_read_early_and_complete_and_again_when_that_failed() {
        use ReconciliationStatus::{Failed, Finished, Running};
        let day: NaiveDate = "2026-11-22".parse().unwrap();
        // The day ends on the 22nd at 22:00 UTC; its statement is complete on the 24th at 10:00.
        let due = |at: &str, known: &[(Reading, ReconciliationStatus, &str)]| {
            let find = |reading| {
                let (_, status, at) = known.iter().find(|(known, ..)| *known == reading)?;
                Some(Read {
                    status: *status,
                    started_at: at.parse::<DateTime<Utc>>().unwrap().naive_utc(),
                })
            };
            due_reading(day, at.parse().unwrap(), find)
        };
        use Reading::{Complete, Early};
        let (morning, noon) = ("2026-11-23T05:00:00Z", "2026-11-24T10:00:00Z");
        assert_eq!(due(morning, &[]), Some(Early));
        for status in [Running, Finished, Failed] {
            assert_eq!(due(morning, &[(Early, status, morning)]), None, "{status:?}");
        }
        assert_eq!(due(noon, &[]), Some(Complete(0)), "one reading is enough by then");
        assert_eq!(due(noon, &[(Early, Finished, morning)]), Some(Complete(0)));
        assert_eq!(due(noon, &[(Early, Failed, morning)]), Some(Complete(0)));
        assert_eq!(due(noon, &[(Early, Running, morning)]), None);
        let late = "2026-12-10T10:00:00Z";
        assert_eq!(due(late, &[(Complete(0), Finished, noon)]), None);
        assert_eq!(due(late, &[(Complete(0), Running, noon)]), None);
        let failed = [(Complete(0), Failed, noon)];
        assert_eq!(due("2026-11-24T21:59:59Z", &failed), None, "not on the same day");
        assert_eq!(due("2026-11-24T22:00:00Z", &failed), Some(Complete(1)));
        let all: Vec<_> = (0..MOST_READINGS).map(|nth| (Complete(nth), Failed, noon)).collect();
        assert_eq!(due(late, &all[..6]), Some(Complete(6)));
        assert_eq!(due(late, &all), None, "a person must look");
    }

    #[test]
    fn kinds_are_told_by_word_and_sign() {
        for (kind, sign, expected) in [
            ("FUNDS_RECEIVED", "CREDIT", Kind::Receipt),
            ("FUNDS_RECEIVED", "DEBIT", Kind::Other),
            ("REFUND", "DEBIT", Kind::Refund),
            ("FUNDS_REFUND", "DEBIT", Kind::Refund),
            ("REFUND", "CREDIT", Kind::Other),
            ("WITHDRAWAL", "DEBIT", Kind::Payout),
            ("PAYOUT", "DEBIT", Kind::Payout),
            ("FEE_ADJUSTMENT", "CREDIT", Kind::Other),
        ] {
            assert_eq!(kind_of(&line(kind, sign, "10.00", "0.00")), expected, "{kind} {sign}");
        }
    }

    #[test]
    fn each_receipt_means_one_thing() {
        let ours = Ours {
            amount_minor: 52_900,
            fee_minor: Some(1_217),
            is_booked: true,
            is_its_own: true,
        };
        let receipt = |gross, fee| line("FUNDS_RECEIVED", "CREDIT", gross, fee);
        let judged = |line: &StatementLine, ours: Option<&Ours>, repeated| {
            let judgement = judge(line, ours, repeated);
            (judgement.verdict, judgement.deed)
        };
        let same = receipt("529.00", "-12.17");
        let lost = Ours {
            is_booked: false,
            ..ours
        };
        let never_told = Ours {
            fee_minor: None,
            ..ours
        };
        let again = Ours {
            is_its_own: false,
            ..never_told
        };
        use StatementVerdict::{AmountDrift, Duplicate, FeeDrift, Healed, Matched, Unknown};
        let fee = |fee_minor| Deed::CorrectFee { fee_minor };
        assert_eq!(judged(&same, Some(&ours), false), (Matched, Deed::Nothing));
        assert_eq!(judged(&same, Some(&ours), true), (Duplicate, Deed::Nothing));
        assert_eq!(judged(&same, None, false), (Unknown, Deed::Nothing));
        assert_eq!(judged(&same, Some(&lost), false), (Healed, Deed::Settle));
        assert_eq!(judged(&same, Some(&never_told), false), (Matched, fee(1_217)));
        assert_eq!(judged(&same, Some(&again), false), (Matched, Deed::Nothing));
        let mut nameless = same.clone();
        nameless.pf_payment_id = None;
        assert_eq!(judged(&nameless, Some(&lost), false), (Unknown, Deed::Nothing));
        assert_eq!(judged(&nameless, Some(&ours), false), (Matched, Deed::Nothing));
        let dearer = receipt("529.00", "-13.00");
        assert_eq!(judged(&dearer, Some(&ours), false), (FeeDrift, fee(1_300)));
        // One cent is PayFast's rounding; two are not, and settle nothing.
        assert_eq!(judged(&receipt("528.99", "-12.17"), Some(&lost), false).0, Healed);
        let less = receipt("528.98", "-12.17");
        assert_eq!(judged(&less, Some(&lost), false), (AmountDrift, Deed::Nothing));
    }

    #[test]
    fn money_of_another_kind_is_never_explained() {
        for (kind, sign) in [
            ("REFUND", "CREDIT"),
            ("FUNDS_RECEIVED", "DEBIT"),
            ("FEE", "DEBIT"),
            ("X", "CREDIT"),
        ] {
            let (verdict, note) = judge_other(&line(kind, sign, "10.00", "0.00"));
            assert_eq!(verdict, StatementVerdict::Unknown);
            assert!(note.contains(&format!("{kind} {sign}")), "{note}");
            assert!(!is_final(verdict, 100));
        }
        let mut nothing = line("CARD_CHECK", "CREDIT", "0.00", "0.00");
        nothing.net = Amount::default();
        assert_eq!(judge_other(&nothing), (StatementVerdict::Other, String::new()));
        assert!(is_final(StatementVerdict::Other, 0));
        assert!(!is_final(StatementVerdict::Other, 100), "told by an earlier version");
    }

    #[test]
    fn counts_add_up() {
        let mut tally = Tally::default();
        for verdict in StatementVerdict::ALL.iter().copied() {
            tally.count(verdict);
        }
        assert_eq!(
            (tally.lines, tally.matched, tally.healed, tally.differences),
            (9, 4, 1, 5)
        );
    }

    #[test]
    fn a_payout_is_known_by_what_moved_and_others_by_their_text() {
        let with_balance = |line: &StatementLine, raw: &str| StatementLine {
            raw: raw.to_owned(),
            ..line.clone()
        };
        let payout = line("WITHDRAWAL", "DEBIT", "10.00", "0.00");
        assert_eq!(identity(&payout), identity(&with_balance(&payout, "another balance")));
        assert_ne!(
            identity(&payout),
            identity(&line("WITHDRAWAL", "DEBIT", "10.01", "0.00"))
        );
        assert_ne!(identity(&payout), identity(&line("PAYOUT", "DEBIT", "10.00", "0.00")));
        let receipt = line("FUNDS_RECEIVED", "CREDIT", "10.00", "0.00");
        assert_ne!(identity(&receipt), identity(&with_balance(&receipt, "another balance")));
    }

    #[test]
    fn equal_lines_of_one_statement_are_two() {
        assert_ne!(fingerprint("a", 0), fingerprint("a", 1));
        assert_eq!(fingerprint("a", 0), fingerprint("a", 0));
    }
}
