//! Codes of the second factor: TOTP (RFC 6238) and recovery codes, as values.

use chrono::{DateTime, Utc};
use totp_rs::{Algorithm, Secret, TOTP};

/// Crockford's alphabet: no I, L, O and U. 32 signs are 5 bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Signs of a recovery code: 50 bits.
const RECOVERY_SIGNS: usize = 10;
/// How many recovery codes a person has at first.
pub const RECOVERY_CODES: usize = 10;
/// Seconds that one TOTP code is shown.
const STEP_SECONDS: i64 = 30;

/// What a person typed, by its shape; case, spaces and dashes do not count.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Six digits of an authenticator app.
    Totp(String),
    /// A recovery code in its one spelling.
    Recovery(String),
}

/// Reads what was typed; `None` when it can be neither.
pub fn read(text: &str) -> Option<Typed> {
    let signs: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(RECOVERY_SIGNS + 1)
        .collect();
    if signs.len() == 6 && signs.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Typed::Totp(signs));
    }
    let signs: String = signs.to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1");
    let is_ours = signs.len() == RECOVERY_SIGNS && signs.bytes().all(|byte| ALPHABET.contains(&byte));
    is_ours.then_some(Typed::Recovery(signs))
}

/// New recovery codes as people see them: five signs, a dash, five signs.
pub fn new_recovery_codes() -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect()
}

fn new_recovery_code() -> String {
    let mut bytes = [0; RECOVERY_SIGNS];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    // 256 is a multiple of 32, so every sign is equally likely.
    let signs: String = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    let (left, right) = signs.split_at(RECOVERY_SIGNS / 2);
    format!("{left}-{right}")
}

/// A new TOTP secret in base 32, 160 bits as RFC 4226 section 4 recommends.
pub fn new_totp_secret() -> String {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    Secret::Raw(bytes.to_vec()).to_encoded().to_string()
}

/// The step that a code belongs to, with one step of drift either way; `None` for a wrong code or secret.
pub fn matching_step(secret: &str, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let bytes = Secret::Encoded(secret.to_owned()).to_bytes().ok()?;
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, STEP_SECONDS.unsigned_abs(), bytes).ok()?;
    let current = now.timestamp() / STEP_SECONDS;
    (current - 1..=current + 1).find(|step| {
        let expected = totp.generate(u64::try_from(step * STEP_SECONDS).unwrap_or_default());
        bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), code.as_bytes()))
    })
}

/// What an authenticator app reads from the QR code.
pub fn otpauth_uri(secret: &str, email: &str) -> String {
    let email: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/CapeControl:{email}?secret={secret}&issuer=CapeControl&algorithm=SHA1&digits=6&period=30")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_count() {
        let recovery = |text: &str| Some(Typed::Recovery(text.to_owned()));
        assert_eq!(read("7k2q9-xmz40"), recovery("7K2Q9XMZ40"));
        assert_eq!(read(" 7K2Q9 XMZ4O "), recovery("7K2Q9XMZ40"));
        assert_eq!(read("iLi11-00oO0"), recovery("1111100000"));
        assert_eq!(read("123 456"), Some(Typed::Totp("123456".to_owned())));
        for wrong in [
            "",
            "12345",
            "1234567",
            "7K2Q9-XMZ4",
            "7K2Q9-XMZ400",
            "7K2Q9-XMZ4U",
            "éééééééééé",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn recovery_codes_are_readable_and_differ() {
        let codes = new_recovery_codes();
        assert_eq!(codes.len(), RECOVERY_CODES);
        for code in &codes {
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
            assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
            assert!(matches!(read(code), Some(Typed::Recovery(_))), "{code}");
        }
        let different: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B: the secret is "12345678901234567890"; eight digits there, the last six here.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = DateTime::from_timestamp(at, 0).unwrap();
            assert_eq!(matching_step(secret, code, now), Some(at / 30), "{at}");
            let late = DateTime::from_timestamp(at + 60, 0).unwrap();
            assert_eq!(matching_step(secret, code, late), None, "{at}");
        }
        assert_eq!(matching_step("not base 32!", "287082", DateTime::UNIX_EPOCH), None);
    }

    #[test]
    fn the_address_is_written_as_apps_read_it() {
        assert_eq!(
            otpauth_uri("JBSWY3DP", "thandi+bills@rietvlei.co.za"),
            "otpauth://totp/CapeControl:thandi%2Bbills%40rietvlei.co.za?secret=JBSWY3DP&issuer=CapeControl\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
