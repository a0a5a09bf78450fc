//! PayFast's REST API: how a call is signed, each call there is, and how to read what comes back.
//!
//! [`call`] makes requests, [`reply`] and [`statement`] read answers; sending belongs to the caller. On this wire amounts
//! are in cents, unlike in forms and notifications; here they are [`crate::Amount`]s.
//! Neither method nor path is signed: two different calls without parameters in one second have the same signature.

pub mod call;
pub mod reply;
pub mod statement;

pub use call::{AdHocCharge, BankAccount, Call, Credentials, Refund, Request, Verb};
pub use reply::{Refusal, ReplyError};
pub use statement::{Statement, StatementLine};

use crate::signature::{ParamString, Passphrase, given};

/// The version that every call names.
pub const VERSION: &str = "v1";

/// The string that is signed: all headers, query and body fields and the passphrase, sorted by name byte by byte.
///
/// `testing` and `signature` are left out, values are not trimmed. Do not send empty values or JSON booleans: PayFast's
/// own libraries disagree on both, so write 1 and 0.
pub fn param_string<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], passphrase: Option<&Passphrase>) -> ParamString {
    let passphrase = given(passphrase);
    let mut pairs: Vec<(&[u8], &[u8])> = fields
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_ref()))
        .filter(|(name, _)| !matches!(*name, b"testing" | b"signature"))
        .filter(|(name, _)| passphrase.is_none() || *name != b"passphrase")
        .chain(passphrase.map(|passphrase| (&b"passphrase"[..], passphrase.bytes())))
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let mut string = ParamString::default();
    for (name, value) in pairs {
        string.push(name, value);
    }
    string
}

/// The signature of a call's headers, query and body fields.
///
/// ```
/// use payfast::{Passphrase, api};
///
/// let ping = [("merchant-id", "10000100"), ("version", "v1"), ("timestamp", "2020-04-01T12:00:01+02:00")];
/// let signature = api::signature(&ping, Some(&Passphrase::new("passphrase")));
/// assert_eq!(signature, "8e237e61984b20b67d69344bd6e57cdb");
/// ```
pub fn signature<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)], passphrase: Option<&Passphrase>) -> String {
    param_string(fields, passphrase).signature()
}

/// The four headers of a call, signed.
///
/// `timestamp` is ISO 8601 with an offset, as in `2020-04-01T12:00:01+02:00`; without one PayFast reads it as GMT+2.
/// `parameters` are the fields of query and body together.
pub fn headers<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    merchant_id: &str,
    timestamp: &str,
    parameters: &[(N, V)],
    passphrase: &Passphrase,
) -> [(&'static str, String); 4] {
    let mut fields: Vec<(&[u8], &[u8])> = vec![
        (b"merchant-id", merchant_id.as_bytes()),
        (b"version", VERSION.as_bytes()),
        (b"timestamp", timestamp.as_bytes()),
    ];
    fields.extend(parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
    [
        ("merchant-id", merchant_id.to_owned()),
        ("version", VERSION.to_owned()),
        ("timestamp", timestamp.to_owned()),
        ("signature", signature(&fields, Some(passphrase))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_sign_the_parameters_too() {
        let headers = headers(
            "10000100",
            "2020-04-01T12:00:01+02:00",
            &[("cycles", "1"), ("testing", "true")],
            &Passphrase::new("passphrase"),
        );
        assert_eq!(headers[3], ("signature", "df825c61b5082c2c99ac896589883598".to_owned()));
    }
}
