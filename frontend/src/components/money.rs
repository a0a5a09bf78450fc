//! A field for an amount in rand: reads what people type, writes it as we do, and asks where a comma could be either.

use common::{
    FieldError,
    money::{Money, format_money},
};
use leptos::prelude::*;

use super::{
    dynamic::flag,
    field::{Errors, below, described_by, id},
};
use crate::text;

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    Missing,
    /// A comma before three digits: thousands to some, decimals to others.
    Comma {
        thousands: Money,
        decimals: Money,
    },
    TooManyDecimals,
    NoAmount,
}

impl Unclear {
    pub fn words(&self) -> String {
        let texts = text::lists();
        match self {
            Unclear::Missing => texts.amount_missing.to_owned(),
            Unclear::Comma { thousands, decimals } => {
                texts.amount_comma(&format_money(*thousands), &format_money(*decimals))
            }
            Unclear::TooManyDecimals => texts.amount_decimals.to_owned(),
            Unclear::NoAmount => texts.amount_unclear.to_owned(),
        }
    }

    pub fn at(&self, field: &str) -> FieldError {
        FieldError::new(field, "invalid", self.words())
    }
}

/// Reads `1234.5`, `1 234,50`, `R1 234.50` and `1,234.50`; never a negative amount.
pub fn parse_amount(text: &str) -> Result<Money, Unclear> {
    let plain: String = text
        .trim()
        .trim_start_matches(['R', 'r'])
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if plain.is_empty() {
        return Err(Unclear::Missing);
    }
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // The last sign is the decimal one; a comma before it groups.
    let (whole, cents) = match plain.rfind(['.', ',']) {
        None => (plain.clone(), String::new()),
        Some(at) => {
            let (whole, cents) = (&plain[..at], &plain[at + 1..]);
            let is_comma = plain[at..].starts_with(',');
            if is_comma && cents.len() == 3 && is_digits(cents) {
                let thousands = amount(&whole.replace(',', ""), cents, true)?;
                let decimals = amount(&whole.replace(',', ""), &cents[..2], false)?;
                return Err(Unclear::Comma { thousands, decimals });
            }
            let groups = if is_comma { '.' } else { ',' };
            if !is_grouped(whole, groups) {
                return Err(Unclear::NoAmount);
            }
            (whole.replace(groups, ""), cents.to_owned())
        }
    };
    if !is_digits(&cents) || (whole.is_empty() && cents.is_empty()) {
        return Err(Unclear::NoAmount);
    }
    match cents.len() {
        0..=2 => amount(&whole, &format!("{cents:0<2}"), false),
        _ => Err(Unclear::TooManyDecimals),
    }
}

/// Whether every group after the first has three digits.
fn is_grouped(whole: &str, sign: char) -> bool {
    whole.split(sign).skip(1).all(|group| group.len() == 3)
}

/// `digits` are further thousands, or the two digits of the cents.
fn amount(whole: &str, digits: &str, are_thousands: bool) -> Result<Money, Unclear> {
    let zeros = if are_thousands { "00" } else { "" };
    let text = format!("{whole}{digits}{zeros}");
    let is_number = !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(minor) if is_number => Ok(Money::zar(minor)),
        _ => Err(Unclear::NoAmount),
    }
}

/// As the field writes an amount when the keyboard leaves it: `1 234.50`.
pub fn amount_text(amount: Money) -> String {
    format_money(amount).trim_start_matches('R').to_owned()
}

#[component]
pub fn MoneyField(
    label: &'static str,
    name: &'static str,
    value: RwSignal<String>,
    errors: Errors,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let error = errors.of(name);
    let settle = move |_| match parse_amount(&value.get_untracked()) {
        Ok(amount) => value.set(amount_text(amount)),
        Err(Unclear::Missing) => {}
        Err(unclear) => errors.tell_of(unclear.at(name)),
    };
    view! {
        <div class="field">
            <label for=id(name)>{label} " " <span class="visually-hidden">{text::lists().in_rand}</span></label>
            <div class="money">
                <span class="money-sign" aria-hidden="true">"R"</span>
                <input
                    class="input"
                    id=id(name)
                    name=name
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    prop:value=value
                    on:input=move |event| {
                        value.set(event_target_value(&event));
                        errors.clear_field(name);
                    }
                    on:blur=settle
                    aria-invalid=flag(move || error.get().is_some())
                    aria-describedby=described_by(name, hint, error)
                />
            </div>
            {below(name, hint, error)}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (text, minor) in [
            ("1234.5", 123_450),
            ("1 234,50", 123_450),
            ("R1\u{a0}234.50", 123_450),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("529", 52_900),
            ("0.05", 5),
            ("12.", 1_200),
            (" r 7 ", 700),
        ] {
            assert_eq!(parse_amount(text), Ok(Money::zar(minor)), "{text}");
        }
    }

    #[test]
    fn a_comma_before_three_digits_is_asked_about() {
        let unclear = parse_amount("1,234").unwrap_err();
        assert_eq!(
            unclear,
            Unclear::Comma {
                thousands: Money::zar(123_400),
                decimals: Money::zar(123),
            }
        );
        assert_eq!(unclear.words(), "Is this R1\u{a0}234.00 or R1.23? Use a dot for cents.");
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, why) in [
            ("", Unclear::Missing),
            ("R", Unclear::Missing),
            ("-5", Unclear::NoAmount),
            ("five", Unclear::NoAmount),
            ("1.2345", Unclear::TooManyDecimals),
            ("1,23,4.50", Unclear::NoAmount),
            ("1..5", Unclear::NoAmount),
            ("99999999999999999", Unclear::NoAmount),
            (".", Unclear::NoAmount),
        ] {
            assert_eq!(parse_amount(text), Err(why), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for minor in [0, 5, 52_900, 123_456_789] {
            assert_eq!(parse_amount(&amount_text(Money::zar(minor))), Ok(Money::zar(minor)));
        }
    }
}
