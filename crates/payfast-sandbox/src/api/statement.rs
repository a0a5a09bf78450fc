//! The statement as CSV, exactly in PayFast's columns, with its faults.

use super::{Fields, Reply};
use crate::api_faults::{ApiFault, Struck};
use crate::notification;
use crate::state::{Line, State};
use chrono::{Datelike, NaiveDate, TimeDelta};
use payfast::Amount;
use payfast::api::statement::COLUMNS;

const MOST_LINES: i64 = 1000;
const R1: i64 = 100;

/// One page of the statement of some days.
pub fn answer(state: &State, span: &str, fields: &Fields) -> (Reply, Option<ApiFault>) {
    let today = notification::in_south_africa(state.now()).date_naive();
    let Some((from, to)) = days(span, fields, today) else {
        return (Reply::failed(400, "date : is not valid"), None);
    };
    let whole = |name: &str, default: i64, most: i64| match fields.text(name).as_str() {
        "" => Some(default),
        text => text.parse().ok().filter(|number| (0..=most).contains(number)),
    };
    let (Some(offset), Some(limit)) = (whole("offset", 0, i64::MAX), whole("limit", MOST_LINES, MOST_LINES)) else {
        return (Reply::failed(400, "limit : is not valid"), None);
    };
    let is_within = |line: &Line| {
        let day = notification::in_south_africa(line.at).date_naive();
        from <= day && day <= to
    };
    let mut lines: Vec<Line> = state
        .lines()
        .into_iter()
        .filter(is_within)
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(0))
        .collect();
    let newest = lines.iter().rposition(|line| line.kind == "FUNDS_RECEIVED");
    let fault = newest.and_then(|newest| {
        let fault = state.take_api_fault(&[Struck::Statement])?;
        strike(&mut lines, newest, fault);
        Some(fault)
    });
    (Reply::Csv(csv(&lines)), fault)
}

fn days(span: &str, fields: &Fields, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let day = |text: String, default: NaiveDate| match text.as_str() {
        "" => Some(default),
        text => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    let date = fields.text("date");
    match span {
        "daily" => day(date, today).map(|day| (day, day)),
        "weekly" => {
            let day = day(date, today)?;
            let monday = day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
            Some((monday, monday + TimeDelta::days(6)))
        }
        "monthly" => {
            let date = if date.is_empty() { date } else { format!("{date}-01") };
            month(day(date, today)?)
        }
        _ => Some((
            day(fields.text("from"), month(today)?.0)?,
            day(fields.text("to"), today)?,
        )),
    }
}

/// The first and the last day of a day's month.
fn month(day: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let first = day.with_day(1)?;
    let next = first.checked_add_months(chrono::Months::new(1))?;
    Some((first, next.pred_opt()?))
}

fn strike(lines: &mut Vec<Line>, newest: usize, fault: ApiFault) {
    let mut line = lines[newest].clone();
    match fault {
        ApiFault::StatementDropLine => {
            lines.remove(newest);
        }
        ApiFault::StatementDoubleLine => lines.insert(newest, line),
        ApiFault::StatementDriftAmount => {
            line.gross = Amount::from_cents(line.gross.cents() - R1);
            line.net = Amount::from_cents(line.net.cents() - R1);
            lines[newest] = line;
        }
        ApiFault::StatementDriftFee => {
            line.fee = Amount::from_cents(line.fee.cents() - R1);
            line.net = Amount::from_cents(line.net.cents() - R1);
            lines[newest] = line;
        }
        _ => {
            line.pf_payment_id = "9999999".into();
            line.m_payment_id = "unknown".into();
            line.name = "Somebody else's order".into();
            lines.push(line);
        }
    }
}

fn csv(lines: &[Line]) -> String {
    let header: Vec<String> = COLUMNS.iter().map(|name| format!("\"{name}\"")).collect();
    let rows = lines.iter().map(|line| {
        let custom = |index: usize| line.custom.get(index).cloned().unwrap_or_default();
        let at = notification::in_south_africa(line.at)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string();
        let mut fields = vec![
            format!("\"{at}\""),
            quoted(&line.kind),
            if line.is_debit() { "DEBIT" } else { "CREDIT" }.to_owned(),
            quoted(&line.party),
            quoted(&line.name),
            quoted(&line.description),
            "ZAR".into(),
            if line.kind == "FUNDS_RECEIVED" { "CC" } else { "" }.to_owned(),
            quoted(&grouped(line.gross)),
            quoted(&grouped(line.fee)),
            quoted(&grouped(line.net)),
            quoted(&grouped(line.balance)),
            quoted(&line.m_payment_id),
            quoted(&line.pf_payment_id),
        ];
        // str1, int1, str2, int2, str3, str4, str5, int3, int4, int5: PayFast's own order.
        fields.extend([0, 5, 1, 6, 2, 3, 4, 7, 8, 9].map(|index| quoted(&custom(index))));
        fields.join(",")
    });
    let all: Vec<String> = std::iter::once(header.join(",")).chain(rows).collect();
    all.join("\r\n") + "\r\n"
}

/// `22,574.02`
fn grouped(amount: Amount) -> String {
    let plain = amount.to_string();
    let (sign, plain) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |plain| ("-", plain));
    let (rand, cents) = plain.split_once('.').unwrap_or((plain, "00"));
    let mut text = sign.to_owned();
    for (index, digit) in rand.chars().enumerate() {
        if index > 0 && (rand.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{cents}")
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n', ' ']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
