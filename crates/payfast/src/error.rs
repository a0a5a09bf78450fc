//! What can be wrong with a form, a notification or an amount.
//!
//! No variant holds a passphrase, an expected signature or the string that was signed: these errors may be logged.

use std::fmt;

/// Why a notification must not be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The body holds no field besides the signature, so the signature covers nothing.
    #[error("the notification has no fields")]
    Empty,
    /// A field name appears more than once; receivers disagree on which value counts.
    #[error("field `{0}` appears more than once")]
    DuplicateField(String),
    /// A name holds bytes that would have to be encoded, so the signed string could be read in two ways.
    #[error("field name `{0}` is not plain")]
    UnusualName(String),
    /// There is no `signature` field.
    #[error("the signature is missing")]
    SignatureMissing,
    /// Fields follow the `signature` field; some receivers would not cover them.
    #[error("the signature is not the last field")]
    SignatureNotLast,
    /// The signature is not that of the fields and the passphrase.
    #[error("the signature does not match")]
    SignatureMismatch,
}

/// An amount that is not a plain decimal number of rand and cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most two decimals after a dot.
    #[error("amount is not a decimal number with at most two decimals")]
    Malformed,
    /// More cents than fit in 64 bits.
    #[error("amount is too large")]
    TooLarge,
}

/// One field of a checkout form that PayFast would not take.
///
/// Displays as a line of PayFast's own error page: `amount : amount is required`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field, as posted.
    pub field: &'static str,
    /// What is wrong with it, without its value.
    pub message: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        FieldError {
            field,
            message: message.into(),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.field, self.message)
    }
}

/// All faults of a checkout form at once, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the supplied variables are not according to specification")?;
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{} {error}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
