//! The pages: plain HTML without scripts, light and dark, from 320 pixels.
//!
//! Every value that came from outside goes through [`escape`].

mod account;
mod dashboard;
mod payment;

pub use account::{agreement_unchanged, card_update};
pub use dashboard::dashboard;
pub use payment::{cancelled, onsite_result, paid, payment};

use payfast::{Amount, FieldError};
use std::fmt::Write;

const STYLE: &str = include_str!("page/style.css");

/// PayFast's page for a form that it does not take: one line for each field.
pub fn refused(errors: &[FieldError]) -> String {
    let lines: Vec<String> = errors.iter().map(|error| escape(&error.to_string())).collect();
    let body = format!(
        r#"<h1>PayFast cannot take this form</h1>
<p class="soft">Correct these fields and post it again. Nothing was charged.</p>
<div class="note danger"><pre>The supplied variables are not according to specification:
{}</pre></div>
<p class="muted">What arrived is on the <a href="/">dashboard</a>.</p>"#,
        lines.join("\n")
    );
    layout("Form not accepted", Width::Narrow, &body)
}

/// Nothing is here.
pub fn not_found() -> String {
    let body = r#"<h1>There is nothing here</h1>
<p class="soft">The emulator may have been restarted: it forgets everything then.</p>
<p><a href="/">Open the dashboard</a></p>"#;
    layout("Not found", Width::Narrow, body)
}

/// A payment page was posted without one of its buttons.
pub fn unknown_action() -> String {
    let body = r"<h1>Choose Pay or Cancel</h1>
<p class=soft>The field <code>action</code> is <code>pay</code> or <code>cancel</code>, and <code>fault</code> is one of
the choices on the payment page. Nothing was changed.</p>";
    layout("Unknown action", Width::Narrow, body)
}

/// Bytes as text; what is not UTF-8 is shown as replacement characters.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

enum Width {
    Narrow,
    Wide,
}

fn layout(title: &str, width: Width, body: &str) -> String {
    let class = match width {
        Width::Narrow => "",
        Width::Wide => r#" class="wide""#,
    };
    format!(
        r#"<!doctype html>
<html lang="en-ZA">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{} · PayFast emulator</title>
<style>
{STYLE}</style>
</head>
<body>
<p class="banner" role="note">Test mode. No real money moves.</p>
<main{class}>
<p class="mark">PayFast <span>emulator on this machine</span></p>
{body}
</main>
</body>
</html>
"#,
        escape(title)
    )
}

/// Makes text harmless in HTML, inside quotes too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Rand for people: `R17 190.00`, grouped by no-break spaces.
fn money(amount: Amount) -> String {
    let plain = amount.to_string();
    let (sign, plain) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |plain| ("\u{2212}", plain));
    let (rand, cents) = plain.split_once('.').unwrap_or((plain, "00"));
    let mut money = format!("{sign}R");
    for (index, digit) in rand.chars().enumerate() {
        if index > 0 && (rand.len() - index).is_multiple_of(3) {
            money.push('\u{a0}');
        }
        money.push(digit);
    }
    money + "." + cents
}

/// A list of names and values; blank values are left out.
fn definitions(pairs: &[(&str, String)]) -> String {
    let mut list = String::from("<dl>");
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        // Writing into a string cannot fail.
        let _ = write!(list, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    }
    list + "</dl>"
}

/// What PayFast would have refused; folded, since a developer's own machine always has some.
fn warnings(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: String = warnings
        .iter()
        .map(|warning| format!("<li>{}</li>", escape(warning)))
        .collect();
    let count = warnings.len();
    let points = if count == 1 { "point" } else { "points" };
    format!(
        r#"<details class="note warning"><summary>PayFast itself would object to {count} {points}</summary><ul>{lines}</ul></details>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped() {
        for (cents, text) in [
            (52_900, "R529.00"),
            (1_719_000, "R17\u{a0}190.00"),
            (123_456_789, "R1\u{a0}234\u{a0}567.89"),
            (-460, "\u{2212}R4.60"),
        ] {
            assert_eq!(money(Amount::from_cents(cents)), text);
        }
    }

    #[test]
    fn nothing_escapes_escape() {
        assert_eq!(
            escape(r#"<a href='x' b="y">&"#),
            "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;"
        );
    }
}
