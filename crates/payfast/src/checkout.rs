//! The checkout form, redirect and onsite: its signature and its rules.
//!
//! The browser posts it to [`crate::hosts::PROCESS_PATH`], so everything in it but the passphrase is public, and
//! nothing that comes back in the return address proves a payment.

use crate::amount::Amount;
use crate::error::{FieldError, FieldErrors};
use crate::fields::{FIELDS, Rule, Url};
use crate::form::{one_line, trim};
use crate::hosts::ITN_PORTS;
use crate::signature::{ParamString, Passphrase, given};

/// Message of PayFast's page for a wrong signature.
pub const SIGNATURE_MISMATCH: &str = "Generated signature does not match submitted signature";
const PASSPHRASE_REQUIRED: &str = "a passphrase is required for subscriptions and tokenization";

/// The string that is signed: known fields in table order, blanks left out, values trimmed, then the passphrase.
///
/// `signature`, `setup` and unknown names are not signed. A value of whitespace only is not blank and gives `name=`, as
/// in PayFast's sample code; [`sign`] never sends one. Of duplicates the last counts, as in PHP.
pub fn param_string<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], passphrase: Option<&Passphrase>) -> ParamString {
    let mut string = ParamString::default();
    for field in FIELDS {
        let value = value_of(fields, field.name);
        if !value.is_empty() {
            string.push(field.name.as_bytes(), trim(value));
        }
    }
    if let Some(passphrase) = given(passphrase) {
        string.push(b"passphrase", trim(passphrase.bytes()));
    }
    string
}

/// The signature of a form.
pub fn signature<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], passphrase: Option<&Passphrase>) -> String {
    param_string(fields, passphrase).signature()
}

/// A form that is ready to post: hidden inputs in this order, HTML-escaped but otherwise unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedForm {
    fields: Vec<(String, String)>,
}

impl SignedForm {
    /// Names and values in the order to post, `signature` last.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The same, to keep.
    pub fn into_fields(self) -> Vec<(String, String)> {
        self.fields
    }

    /// The signature in it.
    pub fn signature(&self) -> &str {
        self.fields.last().map_or("", |(_, signature)| signature)
    }
}

/// Signs a form given in any order, after checking every field.
///
/// What is posted is what is signed: values are trimmed, blanks are left out, and line breaks become spaces, since a
/// browser would turn `LF` into `CRLF` on the way and break the signature. Unknown fields and `setup` are posted
/// unsigned. Subscriptions and tokenization need a passphrase.
///
/// # Errors
/// All faults at once, ordered by field.
pub fn sign(fields: &[(&str, &str)], passphrase: Option<&Passphrase>) -> Result<SignedForm, FieldErrors> {
    let known = FIELDS.iter().map(|field| field.name);
    let unknown = fields
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !is_known(name) && !is_never_posted(name));
    let mut posted: Vec<(String, String)> = known
        .chain(unknown)
        .map(|name| (name.to_owned(), one_line(value_of(fields, name))))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut errors = validate(&posted);
    if is_recurring(&posted) && given(passphrase).is_none() {
        errors.push(FieldError::new("signature", PASSPHRASE_REQUIRED));
    }
    if !errors.is_empty() {
        return Err(FieldErrors(errors));
    }
    let signature = signature(&posted, passphrase);
    posted.push(("signature".into(), signature));
    Ok(SignedForm { fields: posted })
}

/// Checks every field against its rule and gives all faults at once, ordered by field as on PayFast's page.
///
/// The signature is [`verify`]'s, addresses that PayFast cannot reach are [`concerns`]'.
pub fn validate<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in FIELDS {
        let value = value_of(fields, field.name);
        if trim(value).is_empty() {
            if field.required || is_missing_in_subscription(fields, field.name) {
                errors.push(FieldError::new(field.name, format!("{} is required", field.name)));
            }
        } else if let Some(fault) = field.rule.fault(value) {
            errors.push(FieldError::new(field.name, fault));
        }
    }
    if is_zero_without_agreement(fields) {
        errors.push(FieldError::new(
            "amount",
            "must be at least 5.00; 0.00 is for subscriptions and tokenization",
        ));
    }
    errors.sort_by_key(|error| error.field);
    errors
}

/// Checks a posted form's signature as PayFast does: in table order, whatever the posted order was.
///
/// A form without signature passes only if it is once-off and no passphrase is set on the account.
///
/// # Errors
/// The line for the field `signature`.
pub fn verify<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    fields: &[(N, V)],
    passphrase: Option<&Passphrase>,
) -> Result<(), FieldError> {
    let submitted = value_of(fields, "signature");
    let recurring = is_recurring(fields);
    if recurring && given(passphrase).is_none() {
        return Err(FieldError::new("signature", PASSPHRASE_REQUIRED));
    }
    if submitted.is_empty() {
        let required = recurring || given(passphrase).is_some();
        return if required {
            Err(FieldError::new("signature", "Signature is required"))
        } else {
            Ok(())
        };
    }
    if !param_string(fields, passphrase).is_signed_by(submitted) {
        return Err(FieldError::new("signature", SIGNATURE_MISMATCH));
    }
    Ok(())
}

/// What PayFast would refuse or ignore but a developer on their own machine needs: unreachable addresses and old codes.
///
/// A live or public sandbox account cannot reach `localhost`, and sends notifications to four ports only.
pub fn concerns<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<FieldError> {
    let mut concerns = Vec::new();
    for field in FIELDS.iter().filter(|field| field.rule == Rule::Url) {
        let Some(url) = Url::parse(trim(value_of(fields, field.name))) else {
            continue;
        };
        if is_local(url.host) {
            concerns.push(FieldError::new(
                field.name,
                "must be a valid URL; PayFast cannot reach a local address",
            ));
        }
        if field.name == "notify_url" && !ITN_PORTS.contains(&url.port) {
            concerns.push(FieldError::new(field.name, "must use port 80, 443, 8080 or 8081"));
        }
    }
    if matches!(trim(value_of(fields, "payment_method")), b"eft" | b"rcs") {
        concerns.push(FieldError::new("payment_method", "is an old code; use ef or rc"));
    }
    if !value_of(fields, "passphrase").is_empty() {
        concerns.push(FieldError::new(
            "passphrase",
            "must never be posted; change it, since it was sent",
        ));
    }
    concerns.sort_by_key(|concern| concern.field);
    concerns
}

/// Whether the form asks for a subscription (1) or a tokenization agreement (2).
pub fn is_recurring<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> bool {
    !trim(value_of(fields, "subscription_type")).is_empty()
}

/// A field's value, empty where it is absent; of duplicates the last.
pub fn value_of<'a, N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &'a [(N, V)], name: &str) -> &'a [u8] {
    let found = fields.iter().rev().find(|(field, _)| field.as_ref() == name.as_bytes());
    found.map_or(&[], |(_, value)| value.as_ref())
}

fn is_known(name: &str) -> bool {
    FIELDS.iter().any(|field| field.name == name)
}

fn is_never_posted(name: &str) -> bool {
    matches!(name, "signature" | "passphrase")
}

fn is_missing_in_subscription<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], name: &str) -> bool {
    matches!(name, "frequency" | "cycles") && trim(value_of(fields, "subscription_type")) == b"1"
}

fn is_zero_without_agreement<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> bool {
    Amount::parse(trim(value_of(fields, "amount"))) == Ok(Amount::default()) && !is_recurring(fields)
}

fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "local" || host == "localhost" || host.ends_with(".local") || host.ends_with(".localhost") {
        return true;
    }
    match host.trim_matches(['[', ']']).parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
        Err(_) => !host.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MERCHANT: [(&str, &str); 2] = [("merchant_id", "10000100"), ("merchant_key", "46f0cd694581a")];

    fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let basic = [("amount", "100.00"), ("item_name", "Test")];
        MERCHANT.iter().chain(&basic).chain(more).copied().collect()
    }

    fn lines(errors: &[FieldError]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn empty_form_gives_the_lines_of_the_real_page() {
        let nothing: [(&str, &str); 0] = [];
        assert_eq!(
            lines(&validate(&nothing)),
            [
                "amount : amount is required",
                "item_name : item_name is required",
                "merchant_id : merchant_id is required",
                "merchant_key : merchant_key is required",
            ]
        );
    }

    #[test]
    fn signed_form_is_in_table_order_on_one_line_and_without_blanks() {
        let passphrase = Passphrase::new("secret");
        let fields = [
            ("signature", "stale"),
            ("passphrase", "secret"),
            ("source", "shop"),
            ("item_name", " Two\r\n\nlines "),
            ("amount", "100.00"),
            ("name_first", "  "),
            ("cycles", ""),
            MERCHANT[1],
            MERCHANT[0],
        ];
        let form = sign(&fields, Some(&passphrase)).unwrap();
        let names: Vec<_> = form.fields().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "merchant_id",
                "merchant_key",
                "amount",
                "item_name",
                "source",
                "signature"
            ]
        );
        assert_eq!(form.fields()[3].1, "Two lines");
        assert_eq!(verify(form.fields(), Some(&passphrase)), Ok(()));
        assert!(!format!("{form:?}").contains("secret"));
    }

    #[test]
    fn recurring_needs_passphrase_frequency_and_cycles() {
        let errors = sign(&with(&[("subscription_type", "1")]), None).unwrap_err();
        assert_eq!(
            lines(&errors.0),
            [
                "cycles : cycles is required",
                "frequency : frequency is required",
                "signature : a passphrase is required for subscriptions and tokenization",
            ]
        );
        let token = with(&[("subscription_type", "2")]);
        assert!(sign(&token, Some(&Passphrase::new("x"))).is_ok());
    }

    #[test]
    fn zero_is_for_agreements_only() {
        assert_eq!(validate(&with(&[("amount", "0.00")])).len(), 1);
        assert_eq!(validate(&with(&[("amount", "0.00"), ("subscription_type", "2")])), []);
    }

    #[test]
    fn unsigned_forms_pass_only_without_passphrase() {
        let form = with(&[]);
        assert_eq!(verify(&form, None), Ok(()));
        assert_eq!(verify(&form, Some(&Passphrase::new(""))), Ok(()));
        assert_eq!(
            verify(&form, Some(&Passphrase::new("x"))).unwrap_err().message,
            "Signature is required"
        );
    }

    #[test]
    fn local_addresses_and_odd_ports_are_concerns_not_errors() {
        for (url, count) in [
            ("https://example.com/itn", 0),
            ("https://example.com:8443/itn", 1),
            ("http://127.0.0.1:8080/itn", 1),
            ("http://localhost:3000", 2),
            ("http://shop.local", 1),
            ("http://192.168.0.7", 1),
            ("http://[::1]/", 1),
        ] {
            let form = with(&[("notify_url", url)]);
            assert_eq!(validate(&form), [], "{url}");
            assert_eq!(concerns(&form).len(), count, "{url}");
        }
    }

    #[test]
    fn errors_never_show_values() {
        let errors = validate(&with(&[("email_address", "s3cret"), ("merchant_key", "s3cret!")]));
        assert_eq!(errors.len(), 2);
        assert!(!FieldErrors(errors).to_string().contains("s3cret"));
    }
}
