//! Tables as text: RFC 4180, with cells that no spreadsheet takes for a formula.

use std::borrow::Cow;

use futures_util::{Stream, stream};

use crate::error::ApiError;

/// Lines of a table, and where to read on; `None` at its end.
pub type Chunk<S> = (Vec<u8>, Option<S>);

/// A table that is read piece by piece and sent as it is read, so that its length costs no memory.
pub fn table<S, F, R>(head: &[&str], first: S, read: F) -> impl Stream<Item = Result<Vec<u8>, ApiError>> + use<S, F, R>
where
    F: Fn(S) -> R,
    R: Future<Output = Result<Chunk<S>, ApiError>>,
{
    let head = line(head.iter().copied());
    stream::try_unfold((Some(first), head), move |(state, mut chunk)| {
        let reading = state.map(&read);
        async move {
            let Some(reading) = reading else { return Ok(None) };
            let (lines, next) = reading.await?;
            chunk.extend(lines);
            Ok(Some((chunk, (next, Vec::new()))))
        }
    })
}

/// One line of a table, with its line end; each cell is made harmless first.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for cell in cells {
        writer
            .write_field(harmless(cell).as_ref())
            .expect("writing into memory does not fail");
    }
    writer
        .write_record(None::<&[u8]>)
        .expect("writing into memory does not fail");
    writer.into_inner().expect("writing into memory does not fail")
}

/// Puts an apostrophe before what a spreadsheet would run (OWASP, "CSV Injection"); a lone number stays one.
///
/// ```
/// use server::csv::harmless;
/// assert_eq!(harmless("=1+2"), "'=1+2");
/// assert_eq!(harmless("-529.00"), "-529.00");
/// assert_eq!(harmless("-1+cmd|' /C calc'!A0"), "'-1+cmd|' /C calc'!A0");
/// ```
pub fn harmless(cell: &str) -> Cow<'_, str> {
    let is_risky = cell
        .chars()
        .next()
        .is_some_and(|first| "=+-@＝＋－＠".contains(first) || first.is_control());
    if is_risky && !is_negative_number(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

fn is_negative_number(cell: &str) -> bool {
    cell.strip_prefix('-').is_some_and(|digits| {
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits(whole) && is_digits(cents)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_runs_in_a_spreadsheet() {
        for risky in [
            "=cmd|' /C calc'!A0",
            "+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "-1-1",
            "-",
            "＝1",
        ] {
            assert_eq!(harmless(risky), format!("'{risky}"));
        }
        for plain in ["", "Karoo & Co", "-5", "-529.00", "5", "a=b", "'quoted"] {
            assert_eq!(harmless(plain), plain);
        }
    }

    #[test]
    fn lines_are_quoted_where_they_must_be() {
        assert_eq!(line(["a", "b, c", "d \"e\"", ""]), b"a,\"b, c\",\"d \"\"e\"\"\",\r\n");
    }
}
