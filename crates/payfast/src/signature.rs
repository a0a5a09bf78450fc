//! The passphrase, the string that is signed, and its MD5.
//!
//! Which fields go into the string, and in which order, differs by message: see [`crate::checkout`], [`crate::itn`]
//! and [`crate::api`].

use crate::form::encode;
use std::fmt;
use subtle::ConstantTimeEq;

/// The secret that a merchant shares with PayFast.
///
/// It has no `Display`, its `Debug` is redacted and nothing gives it back, so it cannot slip into a log or an error.
/// An empty passphrase counts as none.
///
/// ```
/// let passphrase = payfast::Passphrase::new("jt7NOE43FZPn");
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(redacted)");
/// ```
#[derive(Clone)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes the passphrase as it stands in the PayFast dashboard.
    pub fn new(passphrase: impl Into<String>) -> Self {
        Passphrase(passphrase.into())
    }

    /// Whether it is empty, and so has no effect.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

/// Takes an empty passphrase for none.
pub(crate) fn given(passphrase: Option<&Passphrase>) -> Option<&Passphrase> {
    passphrase.filter(|passphrase| !passphrase.is_empty())
}

/// The string whose MD5 is the signature; it may end in or contain the passphrase.
///
/// `Debug` is redacted for that reason.
#[derive(Clone, Default)]
pub struct ParamString(Vec<u8>);

impl ParamString {
    /// Appends `name=value`, the value encoded as PHP does, after an `&` where something stands before.
    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push(b'&');
        }
        self.0.extend_from_slice(name);
        self.0.push(b'=');
        self.0.extend_from_slice(encode(value).as_bytes());
    }

    /// The signature: MD5 in lower-case hexadecimal.
    pub fn signature(&self) -> String {
        format!("{:x}", md5::compute(&self.0))
    }

    /// Whether a submitted signature is this string's; exact, and in constant time.
    pub fn is_signed_by(&self, submitted: impl AsRef<[u8]>) -> bool {
        self.signature().as_bytes().ct_eq(submitted.as_ref()).into()
    }

    /// The bytes themselves, **with the passphrase** where one was given: for tools that explain a signature.
    ///
    /// Anything that is stored or logged should be made without a passphrase instead.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ParamString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParamString(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let passphrase = Passphrase::new("s3cret");
        let mut string = ParamString::default();
        string.push(b"passphrase", passphrase.bytes());
        let shown = format!("{passphrase:?} {string:?} {:?}", Some(&passphrase));
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn comparison_is_exact() {
        let mut string = ParamString::default();
        string.push(b"a", b"b");
        let signature = string.signature();
        assert!(string.is_signed_by(&signature));
        assert!(!string.is_signed_by(signature.to_uppercase()));
        assert!(!string.is_signed_by(&signature[..31]));
        assert!(!string.is_signed_by(format!("{signature} ")));
        assert!(!string.is_signed_by(""));
    }
}
