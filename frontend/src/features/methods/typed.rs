//! What a person types about a card, and how it reads.

use common::{FieldError, payment_methods::Expiry};

use crate::text::methods;

const LABEL_MAX: usize = 60;

/// `02/2027`
pub fn expiry_words(expiry: Expiry) -> String {
    format!("{:02}/{:04}", expiry.month, expiry.year)
}

/// Reads `02/2027`, `2/27` and `02 / 2027`; nothing typed is no expiry.
pub fn expiry(text: &str) -> Result<Option<Expiry>, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || FieldError::new("expires", "invalid", methods().expires_wrong);
    let (month, year) = text.split_once('/').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<i32>().map_err(|_| wrong());
    let (month, year) = (number(month)?, number(year)?);
    let year = if (0..100).contains(&year) { year + 2000 } else { year };
    match (1..=12).contains(&month) && (2000..2100).contains(&year) {
        true => Ok(Some(Expiry { year, month })),
        false => Err(wrong()),
    }
}

/// A name; nothing typed is none.
pub fn label(text: &str) -> Result<Option<String>, FieldError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Ok(None),
        1..=LABEL_MAX => Ok(Some(text.to_owned())),
        _ => Err(FieldError::new("label", "out_of_range", methods().label_wrong)),
    }
}

pub fn last_four(text: &str) -> Result<Option<String>, FieldError> {
    let text = text.trim();
    match text.len() {
        0 => Ok(None),
        4 if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(text.to_owned())),
        _ => Err(FieldError::new("last_four", "invalid", methods().last_four_wrong)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_month_and_a_year() {
        let read = |text| expiry(text).map(|expiry| expiry.map(expiry_words)).ok();
        assert_eq!(read("02/2027"), Some(Some("02/2027".to_owned())));
        assert_eq!(read(" 2 / 27 "), Some(Some("02/2027".to_owned())));
        assert_eq!(read(""), Some(None));
        for wrong in ["13/2027", "0/2027", "02-2027", "02/1999", "02/20271", "/", "ab/cd"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn digits_are_four_and_names_are_short() {
        assert_eq!(last_four("4242").unwrap().as_deref(), Some("4242"));
        assert!(last_four("424").is_err() && last_four("42a2").is_err());
        assert_eq!(label("  ").unwrap(), None);
        assert!(label(&"é".repeat(60)).is_ok() && label(&"é".repeat(61)).is_err());
    }
}
