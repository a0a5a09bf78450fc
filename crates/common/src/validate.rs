//! Values that are right by construction: `parse` or a reason that names the field.
//!
//! The client runs the same rules while the user types; the server runs them again.

use crate::error::FieldError;

/// Longest e-mail address that mail can carry (RFC 5321 section 4.5.3.1.3).
const EMAIL_MAX: usize = 254;
/// Passwords are counted in characters at the lower end and in bytes at the upper.
pub const PASSWORD_MIN_CHARS: usize = 10;
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// PayFast's limit for names and items, used for ours too.
pub const NAME_MAX_CHARS: usize = 100;

/// An address that mail can be sent to; kept as typed, compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldError::required(field, "Enter your e-mail address."));
        }
        let invalid = || FieldError::new(field, "invalid", "Enter an e-mail address such as name@company.co.za.");
        if text.len() > EMAIL_MAX {
            return Err(FieldError::new(
                field,
                "too_long",
                "An e-mail address has at most 254 characters.",
            ));
        }
        if !text.is_ascii()
            || text
                .bytes()
                .any(|byte| byte.is_ascii_control() || b" \"(),:;<>[\\]".contains(&byte))
        {
            return Err(invalid());
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let local_is_fine = !local.is_empty()
            && local.len() <= 64
            && !local.contains('@')
            && local.split('.').all(|part| !part.is_empty());
        let domain_is_fine = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        if local_is_fine && domain_is_fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid())
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is unique among users.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Checks a new password; existing ones are never judged again.
pub fn check_new_password(field: &str, password: &str) -> Result<(), FieldError> {
    if password.is_empty() {
        return Err(FieldError::required(field, "Enter a password."));
    }
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(FieldError::new(
            field,
            "too_short",
            "Use at least 10 characters. A short sentence works well.",
        ));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(FieldError::new(
            field,
            "too_long",
            "A password has at most 1 024 characters.",
        ));
    }
    Ok(())
}

/// A name of a person or company: one line, 1 to 100 characters; kept as typed but for its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// `what` completes "Enter …", for example `your first name`.
    pub fn parse(field: &str, text: &str, what: &str) -> Result<Self, FieldError> {
        line(field, text, NAME_MAX_CHARS)?
            .map(Self)
            .ok_or_else(|| FieldError::required(field, &format!("Enter {what}.")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// One trimmed line of at most `max` characters; `None` when it is empty.
pub fn line(field: &str, text: &str, max: usize) -> Result<Option<String>, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    // Unicode's own line ends are no control characters, and end a line all the same.
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        return Err(FieldError::new(
            field,
            "invalid",
            "Use one line without control characters.",
        ));
    }
    if text.chars().count() > max {
        return Err(FieldError::new(
            field,
            "too_long",
            format!("Use at most {max} characters."),
        ));
    }
    Ok(Some(text.to_owned()))
}

/// A South African VAT number: ten digits, the first a 4; spaces are dropped. `None` when empty.
///
/// ```
/// use common::validate::vat_number;
/// assert_eq!(vat_number("vat_number", "4000 000 000").unwrap().as_deref(), Some("4000000000"));
/// assert!(vat_number("vat_number", "123").is_err());
/// ```
pub fn vat_number(field: &str, text: &str) -> Result<Option<String>, FieldError> {
    let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    if digits.is_empty() {
        return Ok(None);
    }
    if digits.len() == 10 && digits.starts_with('4') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Some(digits))
    } else {
        Err(FieldError::new(
            field,
            "invalid",
            "Enter a 10-digit VAT number that starts with 4.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_can_reach_are_taken() {
        for address in [
            "a@b.co",
            "thandi.mokoena+bills@rietvlei.co.za",
            "  x@y.example ",
            "o'neil@kalkbay.africa",
        ] {
            assert!(Email::parse("email", address).is_ok(), "{address}");
        }
    }

    #[test]
    fn other_text_is_refused_by_field() {
        for address in [
            "",
            "a",
            "a@b",
            "a@@b.co",
            "a b@c.co",
            ".a@b.co",
            "a@-b.co",
            "a@b.co\r\nBcc: x@y.z",
            "é@b.co",
            "a@b..co",
        ] {
            assert_eq!(Email::parse("email", address).unwrap_err().field, "email", "{address}");
        }
        let long = format!("{}@b.co", "a".repeat(260));
        assert_eq!(Email::parse("email", &long).unwrap_err().code, "too_long");
    }

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(
            Email::parse("email", "Thandi@Rietvlei.co.za").unwrap().key(),
            "thandi@rietvlei.co.za"
        );
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert!(check_new_password("password", "ĝĥĵŝŭĉĝĥĵŝ").is_ok());
        assert_eq!(check_new_password("password", "short").unwrap_err().code, "too_short");
        assert_eq!(
            check_new_password("password", &"x".repeat(1025)).unwrap_err().code,
            "too_long"
        );
    }

    #[test]
    fn names_keep_what_was_typed() {
        assert_eq!(
            Name::parse("n", "  D'Arcy <b>&  ", "a name").unwrap().as_str(),
            "D'Arcy <b>&"
        );
        assert_eq!(Name::parse("n", "a\nb", "a name").unwrap_err().code, "invalid");
        assert_eq!(Name::parse("n", " ", "a name").unwrap_err().message, "Enter a name.");
    }
}
