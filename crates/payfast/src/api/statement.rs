//! PayFast's statement: the CSV of `/transactions/history`.
//!
//! Columns are found by their names, since a variant with one more is in use and the custom fields stand in an odd order.
//! A row that cannot be read is told by its number and never silently left out.

use crate::amount::Amount;
use crate::fields::is_date;

/// The published columns, in their order.
pub const COLUMNS: [&str; 24] = [
    "Date",
    "Type",
    "Sign",
    "Party",
    "Name",
    "Description",
    "Currency",
    "Funding Type",
    "Gross",
    "Fee",
    "Net",
    "Balance",
    "M Payment ID",
    "PF Payment ID",
    "custom str1",
    "custom int1",
    "custom str2",
    "custom int2",
    "custom str3",
    "custom str4",
    "custom str5",
    "custom int3",
    "custom int4",
    "custom int5",
];

/// The twenty-fifth column of the variant, after `Funding Type`.
pub const BATCH_COLUMN: &str = "Batch ID";

/// Largest amount that a row may hold, R100 000 000 000.00: sums of whole statements stay far inside 64 bits.
pub const MOST: Amount = Amount::from_cents(10_000_000_000_000);

/// A statement, oldest line first as PayFast sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Rows that were read.
    pub lines: Vec<StatementLine>,
    /// Rows that were not.
    pub malformed: Vec<MalformedRow>,
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedRow {
    /// Its number; the header is 1. A row may span several lines of the text.
    pub row: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Money that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Its number; the header is 1.
    pub row: usize,
    /// The row as it came, without its line break: to tell whether a line was seen before.
    pub raw: String,
    /// `2020-02-27 13:29:55`, South African time.
    pub at: String,
    /// PayFast's word: `FUNDS_RECEIVED`.
    pub kind: String,
    /// Whether money left the account (`DEBIT`).
    pub is_debit: bool,
    /// Who paid or was paid.
    pub party: String,
    /// The item's name.
    pub name: String,
    /// The item's description.
    pub description: String,
    /// `ZAR`.
    pub currency: String,
    /// `CC` and the like.
    pub funding_type: String,
    /// Of the variant with this column.
    pub batch_id: Option<String>,
    /// Negative for a debit, whichever way PayFast wrote it.
    pub gross: Amount,
    /// Negative when PayFast takes it.
    pub fee: Amount,
    /// Negative for a debit, whichever way PayFast wrote it.
    pub net: Amount,
    /// What the account held afterwards.
    pub balance: Option<Amount>,
    /// The merchant's id.
    pub m_payment_id: Option<String>,
    /// PayFast's id.
    pub pf_payment_id: Option<String>,
    /// `custom_str1` to `custom_str5`.
    pub custom_str: [String; 5],
    /// `custom_int1` to `custom_int5`.
    pub custom_int: [String; 5],
}

impl Statement {
    /// Reads a statement; `None` when the first row is not its header. No lines are a statement too.
    ///
    /// ```
    /// use payfast::{Amount, api::Statement};
    ///
    /// let csv = b"\"Date\",\"Type\",\"Sign\",\"Gross\",\"Fee\",\"Net\",\"Balance\"\r\n\
    ///     \"2020-02-27 13:29:55\",FUNDS_RECEIVED,CREDIT,500.00,-24.73,475.27,\"22,574.02\"\r\n";
    /// let statement = Statement::parse(csv).unwrap();
    /// assert_eq!(statement.lines[0].balance, Some(Amount::from_cents(2_257_402)));
    /// ```
    pub fn parse(csv: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(csv);
        let mut rows = Rows {
            rest: text.trim_start_matches('\u{feff}'),
        };
        let header = rows.next()?;
        let columns = Columns::find(&header.fields)?;
        let mut statement = Statement::default();
        let numbered = rows.enumerate().map(|(index, row)| (index + 2, row));
        for (number, row) in numbered.filter(|(_, row)| !row.raw.trim().is_empty()) {
            match columns.read(number, &row) {
                Ok(line) => statement.lines.push(line),
                Err(reason) => statement.malformed.push(MalformedRow { row: number, reason }),
            }
        }
        Some(statement)
    }
}

/// Where each column stands.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn find(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let is_statement = ["date", "type", "sign", "gross", "fee", "net"]
            .iter()
            .all(|needed| names.iter().any(|name| name == needed));
        is_statement.then_some(Columns { names })
    }

    fn read(&self, number: usize, row: &Row<'_>) -> Result<StatementLine, String> {
        if row.is_open {
            return Err("a quotation mark is not closed".into());
        }
        if row.fields.len() != self.names.len() {
            return Err(format!(
                "{} fields where the header has {}",
                row.fields.len(),
                self.names.len()
            ));
        }
        let at = self.text(row, "date");
        if !is_date_and_time(&at) {
            return Err("the date is not like 2020-02-27 13:29:55".into());
        }
        let is_debit = match self.text(row, "sign").to_ascii_uppercase().as_str() {
            "CREDIT" => false,
            "DEBIT" => true,
            _ => return Err("the sign is neither CREDIT nor DEBIT".into()),
        };
        let kind = self.text(row, "type");
        if kind.is_empty() {
            return Err("the type is missing".into());
        }
        let signed = |amount: Amount| {
            if is_debit && amount.cents() > 0 {
                Amount::from_cents(-amount.cents())
            } else {
                amount
            }
        };
        let optional = |name: &str| Some(self.text(row, name)).filter(|text| !text.is_empty());
        let custom = |kind: &str| [1, 2, 3, 4, 5].map(|n| self.text(row, &format!("custom {kind}{n}")));
        Ok(StatementLine {
            row: number,
            raw: row.raw.to_owned(),
            kind,
            is_debit,
            party: self.text(row, "party"),
            name: self.text(row, "name"),
            description: self.text(row, "description"),
            currency: self.text(row, "currency"),
            funding_type: self.text(row, "funding type"),
            batch_id: optional("batch id").or_else(|| optional("batch_id")),
            gross: signed(self.amount(row, "gross")?),
            fee: self.amount(row, "fee")?,
            net: signed(self.amount(row, "net")?),
            balance: match self.text(row, "balance").as_str() {
                "" => None,
                _ => Some(self.amount(row, "balance")?),
            },
            m_payment_id: optional("m payment id"),
            pf_payment_id: optional("pf payment id"),
            custom_str: custom("str"),
            custom_int: custom("int"),
            at,
        })
    }

    fn text(&self, row: &Row<'_>, name: &str) -> String {
        let position = self.names.iter().position(|column| column == name);
        position
            .and_then(|position| row.fields.get(position))
            .map_or_else(String::new, |field| field.trim().to_owned())
    }

    /// An amount, in groups of thousands or not; blank is nothing.
    fn amount(&self, row: &Row<'_>, name: &str) -> Result<Amount, String> {
        let text = self.text(row, name);
        if text.is_empty() {
            return Ok(Amount::default());
        }
        let amount = ungroup(&text)
            .and_then(|plain| Amount::parse(plain).ok())
            .ok_or_else(|| format!("the {name} is not an amount"))?;
        match amount.cents().abs() <= MOST.cents() {
            true => Ok(amount),
            false => Err(format!("the {name} is larger than any amount")),
        }
    }
}

/// `22,574.02` without its commas; `None` where they do not stand between thousands.
fn ungroup(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.trim_start_matches('-').split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3) && !decimals.contains(',');
    is_grouped.then(|| text.replace(',', ""))
}

fn is_date_and_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once([' ', 'T']) else {
        return false;
    };
    let parts: Vec<&str> = time.split(':').collect();
    let is_below = |part: &str, most: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < most);
    let is_time = match parts.as_slice() {
        [hour, minute, second] => is_below(hour, 24) && is_below(minute, 60) && is_below(second, 60),
        _ => false,
    };
    is_date(date.as_bytes()) && is_time
}

/// One row of CSV (RFC 4180).
struct Row<'a> {
    raw: &'a str,
    fields: Vec<String>,
    /// A quotation mark was never closed, so the rest of the text is in the last field.
    is_open: bool,
}

struct Rows<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let text = self.rest;
        let (mut fields, mut field, mut in_quotes) = (Vec::new(), String::new(), false);
        let mut characters = text.char_indices().peekable();
        let mut end = text.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' if in_quotes && characters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
                '"' => in_quotes = !in_quotes,
                ',' if !in_quotes => fields.push(std::mem::take(&mut field)),
                '\n' if !in_quotes => {
                    end = at;
                    break;
                }
                other => field.push(other),
            }
        }
        if field.ends_with('\r') && !in_quotes {
            field.pop();
        }
        fields.push(field);
        self.rest = text.get(end + 1..).unwrap_or_default();
        let raw = &text[..end];
        Some(Row {
            raw: raw.strip_suffix('\r').unwrap_or(raw),
            fields,
            is_open: in_quotes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\"Date\",\"Type\",\"Sign\",\"Party\",\"Name\",\"Description\",\"Currency\",\"Funding Type\",\
        \"Gross\",\"Fee\",\"Net\",\"Balance\",\"M Payment ID\",\"PF Payment ID\",\"custom str1\",\"custom int1\",\
        \"custom str2\",\"custom int2\",\"custom str3\",\"custom str4\",\"custom str5\",\"custom int3\",\"custom int4\",\
        \"custom int5\"\r\n";
    const ROW: &str = "\"2020-02-27 13:29:55\",FUNDS_RECEIVED,CREDIT,\"Test User 01\",test,,ZAR,CC,500.00,-24.73,475.27,\
        \"22,574.02\",,994209,s1,1,s2,2,s3,s4,s5,3,4,5\r\n";

    fn parse(rows: &str) -> Statement {
        Statement::parse(format!("{HEADER}{rows}").as_bytes()).unwrap()
    }

    #[test]
    fn the_published_row_is_read() {
        let header: Vec<String> = COLUMNS.iter().map(|name| format!("\"{name}\"")).collect();
        assert_eq!(HEADER.trim_end(), header.join(","));
        let statement = parse(ROW);
        assert_eq!(statement.malformed, []);
        let line = &statement.lines[0];
        assert_eq!((line.row, line.raw.as_str()), (2, ROW.trim_end()));
        assert_eq!(line.at, "2020-02-27 13:29:55");
        assert_eq!((line.kind.as_str(), line.is_debit), ("FUNDS_RECEIVED", false));
        assert_eq!(line.party, "Test User 01");
        let cents = [line.gross, line.fee, line.net, line.balance.unwrap()].map(Amount::cents);
        assert_eq!(cents, [50_000, -2_473, 47_527, 2_257_402]);
        assert_eq!(
            (line.m_payment_id.as_deref(), line.pf_payment_id.as_deref()),
            (None, Some("994209"))
        );
        assert_eq!(line.custom_str, ["s1", "s2", "s3", "s4", "s5"], "in their odd order");
        assert_eq!(line.custom_int, ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn the_variant_with_a_batch_is_read() {
        let header = HEADER.replace("\"Funding Type\",", "\"Funding Type\",\"Batch ID\",");
        let row = ROW.replace(",CC,", ",CC,77,");
        let statement = Statement::parse(format!("{header}{row}").as_bytes()).unwrap();
        let line = &statement.lines[0];
        assert_eq!((line.batch_id.as_deref(), line.gross.cents()), (Some("77"), 50_000));
    }

    #[test]
    fn quotes_commas_and_breaks_stay_in_their_field() {
        let statement = parse(&ROW.replace(",test,,", ",\"Pro, \"\"yearly\"\"\r\nplan\",\"a,b\","));
        assert_eq!(statement.malformed, []);
        assert_eq!(statement.lines[0].name, "Pro, \"yearly\"\r\nplan");
        assert_eq!(statement.lines[0].description, "a,b");
        let unix = parse(&ROW.replace("\r\n", "\n"));
        assert_eq!(unix.lines[0].custom_int[4], "5");
        assert_eq!(parse(ROW.trim_end()).lines.len(), 1, "without a last line break");
    }

    #[test]
    fn debits_are_negative_whichever_way_they_are_written() {
        for (gross, net) in [("500.00", "500.00"), ("-500.00", "-500.00")] {
            let row = ROW
                .replace("FUNDS_RECEIVED,CREDIT", "REFUND,DEBIT")
                .replace("500.00,-24.73,475.27", &format!("{gross},0.00,{net}"));
            let line = parse(&row).lines.remove(0);
            assert_eq!((line.gross.cents(), line.net.cents()), (-50_000, -50_000), "{row}");
        }
    }

    #[test]
    fn bad_rows_are_told_by_number_and_the_others_are_kept() {
        let bad = [
            ROW.replace("2020-02-27 13", "2020-02-30 13"),
            ROW.replace("13:29:55", "25:29:55"),
            ROW.replace("500.00,", "5e2,"),
            ROW.replace("22,574.02", "22,57.02"),
            ROW.replace("CREDIT", "BOTH"),
            "one,two\r\n".to_owned(),
        ];
        let statement = parse(&format!("{ROW}{}\r\n{ROW}", bad.join("")));
        assert_eq!(statement.lines.len(), 2);
        let rows: Vec<usize> = statement.malformed.iter().map(|bad| bad.row).collect();
        assert_eq!(rows, [3, 4, 5, 6, 7, 8]);
        assert_eq!(statement.malformed[5].reason, "2 fields where the header has 24");
        let open = parse(&ROW.replace(",test,", ",\"test,"));
        assert_eq!((open.lines.len(), open.malformed.len()), (0, 1));
    }

    #[test]
    fn amounts_beyond_all_measure_are_not_read() {
        for (text, is_read) in [
            ("100000000000.00", true),
            ("-100000000000.00", true),
            ("100000000000.01", false),
            ("-92233720368547758.07", false),
            ("92233720368547758.07", false),
        ] {
            for column in ["500.00,", "-24.73,", "475.27,", "\"22,574.02\","] {
                let statement = parse(&ROW.replace(column, &format!("{text},")));
                assert_eq!(statement.lines.len(), usize::from(is_read), "{column} {text}");
                assert_eq!(statement.malformed.len(), usize::from(!is_read), "{column} {text}");
            }
        }
    }

    #[test]
    fn only_a_statement_is_one() {
        assert_eq!(parse(""), Statement::default());
        for other in ["", "\r\n", "<html>", "Date,Type", "{\"code\":401}"] {
            assert_eq!(Statement::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn amounts_take_commas_only_between_thousands() {
        for (text, plain) in [
            ("1,234,567.89", Some("1234567.89")),
            ("-22,574.02", Some("-22574.02")),
            ("574.02", Some("574.02")),
            ("1,23.00", None),
            (",123.00", None),
            ("1234,567.00", None),
            ("1.000,00", None),
        ] {
            assert_eq!(ungroup(text).as_deref(), plain, "{text}");
        }
    }
}
