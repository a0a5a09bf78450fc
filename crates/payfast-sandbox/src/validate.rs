//! Judges a posted form as PayFast does: every field and the signature, all errors at once.

use crate::Config;
use payfast::form::{Pair, trim};
use payfast::{FieldError, checkout};

/// What is wrong with a form, and what PayFast would refuse elsewhere.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Lines of the error page; a form with any is refused.
    pub errors: Vec<FieldError>,
    /// Lines that do not stop the payment here.
    pub warnings: Vec<FieldError>,
}

/// Judges a redirect form.
pub fn judge(form: &[Pair], config: &Config) -> Verdict {
    let mut errors = checkout::validate(form);
    let passes = |errors: &[FieldError], name| errors.iter().all(|error| error.field != name);
    if passes(&errors, "merchant_id") && value(form, "merchant_id") != config.merchant_id.as_bytes() {
        errors.push(FieldError::new("merchant_id", "Merchant is invalid"));
    }
    if passes(&errors, "merchant_key") && value(form, "merchant_key") != config.merchant_key.as_bytes() {
        errors.push(FieldError::new("merchant_key", "Merchant key is invalid"));
    }
    errors.extend(checkout::verify(form, config.passphrase.as_ref()).err());

    let (refused, mut warnings): (Vec<_>, Vec<_>) = checkout::concerns(form)
        .into_iter()
        .partition(|concern| config.strict && concern.field.ends_with("_url"));
    errors.extend(refused);
    if value(form, "signature").is_empty() {
        warnings.push(FieldError::new(
            "signature",
            "is missing; accounts that require one refuse this form",
        ));
    }
    if value(form, "notify_url").is_empty() {
        warnings.push(FieldError::new("notify_url", "is missing; no notification is sent"));
    }
    errors.sort_by_key(|error| error.field);
    Verdict { errors, warnings }
}

/// Judges an onsite form, which needs a way to reach the buyer.
pub fn judge_onsite(form: &[Pair], config: &Config) -> Verdict {
    let mut verdict = judge(form, config);
    if value(form, "email_address").is_empty() && value(form, "cell_number").is_empty() {
        verdict
            .errors
            .push(FieldError::new("email_address", "email_address is required"));
        verdict.errors.sort_by_key(|error| error.field);
    }
    verdict
}

fn value<'a>(form: &'a [Pair], name: &str) -> &'a [u8] {
    trim(checkout::value_of(form, name))
}
