//! Notifications (ITN): parse, verify, and the body that asks PayFast to confirm one.
//!
//! PayFast asks for four checks (PayFast, step 4.3). This module does the signature; the caller adds
//! the source address ([`crate::hosts::PUBLISHED_SOURCES`]), the amount ([`crate::amounts_match`]) and the
//! confirmation, for which [`Itn::confirmation_body`] makes the text. The caller also looks at the merchant, the order
//! and whether `pf_payment_id` was seen before.

use crate::amount::Amount;
use crate::error::{AmountError, Rejection};
use crate::form::{self, Pair, is_unreserved};
use crate::signature::{ParamString, Passphrase, given};
use crate::status::PaymentStatus;
use std::collections::HashSet;

const SIGNATURE: &[u8] = b"signature";

/// A notification as received: every field in its order, blank ones and duplicates included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Itn {
    fields: Vec<Pair>,
}

impl Itn {
    /// Splits a form-encoded body; any bytes are accepted, since a bad notification must still be shown.
    ///
    /// Trust nothing in it before [`Itn::check`] or [`Itn::verify`].
    pub fn parse(body: &[u8]) -> Self {
        Itn {
            fields: form::parse(body),
        }
    }

    /// Checks form and signature and names the first thing that is wrong.
    ///
    /// The rule is the strictest reading of PayFast's: fields in the order received, blank ones included, no trimming,
    /// no duplicates, `signature` last, lower-case and compared exactly in constant time.
    pub fn check(&self, passphrase: Option<&Passphrase>) -> Result<(), Rejection> {
        let mut names = HashSet::new();
        for (name, _) in &self.fields {
            if !name.iter().copied().all(is_unreserved) {
                return Err(Rejection::UnusualName(name.escape_ascii().to_string()));
            }
            if !names.insert(name) {
                return Err(Rejection::DuplicateField(name.escape_ascii().to_string()));
            }
        }
        let submitted = self.signature().ok_or(Rejection::SignatureMissing)?;
        if self.fields.len() == 1 {
            return Err(Rejection::Empty);
        }
        if self.fields.last().is_none_or(|(name, _)| name != SIGNATURE) {
            return Err(Rejection::SignatureNotLast);
        }
        if !self.param_string(passphrase).is_signed_by(submitted) {
            return Err(Rejection::SignatureMismatch);
        }
        Ok(())
    }

    /// Whether [`Itn::check`] finds nothing wrong.
    pub fn verify(&self, passphrase: Option<&Passphrase>) -> bool {
        self.check(passphrase).is_ok()
    }

    /// The string that is signed: every field but `signature`, as received, then the passphrase.
    ///
    /// Give no passphrase for a string that may be stored or shown.
    pub fn param_string(&self, passphrase: Option<&Passphrase>) -> ParamString {
        let mut string = ParamString::default();
        for (name, value) in self.fields.iter().filter(|(name, _)| name != SIGNATURE) {
            string.push(name, value);
        }
        if let Some(passphrase) = given(passphrase) {
            string.push(b"passphrase", passphrase.bytes());
        }
        string
    }

    /// What to post to [`crate::hosts::VALIDATE_PATH`]: the signed string without the passphrase.
    ///
    /// Of duplicates it holds the last value at the first place, as PHP would. Post it as
    /// `application/x-www-form-urlencoded` and compare the trimmed answer with [`crate::hosts::VALIDATE_VALID`].
    pub fn confirmation_body(&self) -> Vec<u8> {
        let mut string = ParamString::default();
        let mut names = HashSet::new();
        for (name, _) in self.fields.iter().filter(|(name, _)| name != SIGNATURE) {
            if names.insert(name) {
                string.push(name, self.get(name).unwrap_or_default());
            }
        }
        string.expose().to_vec()
    }

    /// All fields in the order received, decoded.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// A field's value; of duplicates the last, as in PHP.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        self.fields
            .iter()
            .rev()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_slice())
    }

    /// A field's value if it is UTF-8 and not blank.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
            .filter(|text| !text.is_empty())
    }

    /// The signature that came with it.
    pub fn signature(&self) -> Option<&[u8]> {
        self.get(SIGNATURE)
    }

    /// PayFast's id of the payment; new for each charge, the key to tell a repetition.
    pub fn pf_payment_id(&self) -> Option<&str> {
        self.text("pf_payment_id")
    }

    /// The merchant's own id, as given at checkout.
    pub fn m_payment_id(&self) -> Option<&str> {
        self.text("m_payment_id")
    }

    /// The merchant that was paid; compare it with your own.
    pub fn merchant_id(&self) -> Option<&str> {
        self.text("merchant_id")
    }

    /// The token of a subscription or tokenisation agreement.
    pub fn token(&self) -> Option<&str> {
        self.text("token")
    }

    /// The day of the next charge, `YYYY-MM-DD`; only in the first notification of a subscription.
    pub fn billing_date(&self) -> Option<&str> {
        self.text("billing_date")
    }

    /// What happened.
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::parse(self.get("payment_status").unwrap_or_default())
    }

    /// What the buyer paid; `None` where it is absent or blank, as in `CANCELLED` notifications.
    pub fn amount_gross(&self) -> Option<Result<Amount, AmountError>> {
        self.amount("amount_gross")
    }

    /// What PayFast keeps, as a negative number.
    pub fn amount_fee(&self) -> Option<Result<Amount, AmountError>> {
        self.amount("amount_fee")
    }

    /// What the merchant gets: gross plus the negative fee.
    pub fn amount_net(&self) -> Option<Result<Amount, AmountError>> {
        self.amount("amount_net")
    }

    fn amount(&self, name: &str) -> Option<Result<Amount, AmountError>> {
        self.get(name).filter(|value| !value.is_empty()).map(Amount::parse)
    }
}

/// Signs fields in the given order and writes the body of a notification, `signature` last.
///
/// This is PayFast's side: an emulator and tests need it.
///
/// ```
/// use payfast::{Itn, Passphrase, itn};
///
/// let passphrase = Passphrase::new("secret");
/// let body = itn::sign(&[("pf_payment_id", "1089250"), ("payment_status", "COMPLETE")], Some(&passphrase));
/// assert!(Itn::parse(&body).verify(Some(&passphrase)));
/// ```
pub fn sign<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], passphrase: Option<&Passphrase>) -> Vec<u8> {
    let own = |(name, value): &(N, V)| (name.as_ref().to_vec(), value.as_ref().to_vec());
    let mut itn = Itn {
        fields: fields.iter().map(own).filter(|(name, _)| name != SIGNATURE).collect(),
    };
    let signature = itn.param_string(passphrase).signature();
    itn.fields.push((SIGNATURE.to_vec(), signature.into_bytes()));
    form::body(&itn.fields).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(body: &str) -> Rejection {
        Itn::parse(body.as_bytes()).check(None).unwrap_err()
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!(rejection(""), Rejection::SignatureMissing);
        assert_eq!(rejection("a=1"), Rejection::SignatureMissing);
        assert_eq!(rejection("a=1&a=1&signature=x"), Rejection::DuplicateField("a".into()));
        assert_eq!(
            rejection("a=1&signature=x&signature=x"),
            Rejection::DuplicateField("signature".into())
        );
        assert_eq!(rejection("a=1&signature=x"), Rejection::SignatureMismatch);
    }

    #[test]
    fn signature_of_nothing_is_refused() {
        // MD5 of the empty string, which the official library accepts when the signature stands first.
        let nothing = "signature=d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(rejection(nothing), Rejection::Empty);
        assert_eq!(
            rejection(&format!("{nothing}&amount_gross=5.00")),
            Rejection::SignatureNotLast
        );
    }

    #[test]
    fn fields_after_the_signature_are_refused_even_if_signed() {
        let body = sign(&[("a", "1"), ("b", "2")], None);
        let itn = Itn::parse(&body);
        let moved = format!("a=1&signature={}&b=2", itn.text("signature").unwrap());
        assert_eq!(rejection(&moved), Rejection::SignatureNotLast);
    }

    #[test]
    fn two_fields_cannot_be_read_as_one() {
        let body = sign(&[("a", "1"), ("b", "2")], None);
        let itn = Itn::parse(&body);
        let merged = format!("a%3D1%26b=2&signature={}", itn.text("signature").unwrap());
        assert_eq!(rejection(&merged), Rejection::UnusualName("a=1&b".into()));
    }

    #[test]
    fn amounts_are_absent_blank_or_numbers() {
        let itn = Itn::parse(b"amount_gross=200.00&amount_fee=&amount_net=x");
        assert_eq!(itn.amount_gross(), Some(Ok(Amount::from_cents(20_000))));
        assert_eq!(itn.amount_fee(), None);
        assert_eq!(itn.amount_net(), Some(Err(AmountError::Malformed)));
        assert_eq!(Itn::parse(b"").amount_gross(), None);
    }
}
