//! The signature doctor: why PayFast refuses a signature.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Access, Endpoint, Method};

crate::text_enum! {
    /// What is signed; each kind has rules of its own.
    pub enum SignedKind {
        /// A checkout form, or the request for an onsite payment.
        Checkout = "checkout",
        /// A notification that PayFast sent.
        Itn = "itn",
        /// A call of the REST API: headers, query and body together.
        Api = "api",
    }
}

/// What somebody pastes; nothing of it is stored or logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureQuestion {
    pub kind: SignedKind,
    /// As it was sent: `a=b&c=d`, `name: value` or `name=value` lines, an HTML form, or a JSON object.
    /// At most 16 KiB.
    pub text: String,
    /// Empty for none.
    #[serde(default)]
    pub passphrase: String,
}

crate::redacted_debug!(SignatureQuestion);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureDiagnosis {
    pub is_valid: bool,
    /// Stable name of the rule that broke: `order`, `blank_kept`, `blank_dropped`, `encoding`, `case`, `trim`,
    /// `passphrase_missing`, `passphrase_wrong_place`, `passphrase_extra`, `signed_too_much`, `upper_case_hex`, ….
    /// Absent when it is valid or nothing explains it.
    pub rule: Option<String>,
    /// One sentence: the verdict.
    pub verdict: String,
    /// One sentence: the rule, and what to change. Empty when it is valid.
    pub advice: String,
    pub submitted_signature: Option<String>,
    pub expected_signature: String,
    /// What must be hashed, with the passphrase shown as `•••`.
    pub expected_string: String,
    /// What was hashed, when a known mistake explains the submitted signature; the passphrase hidden likewise.
    pub submitted_string: Option<String>,
    /// Where both strings part, as characters from the start.
    pub first_difference: Option<usize>,
    /// The field there, counted from 1, and its name.
    pub first_field: Option<(usize, String)>,
    /// The names as they were read, in order.
    pub fields: Vec<String>,
}

/// Nothing is stored, and the passphrase is never logged.
pub struct DiagnoseSignature;
impl Endpoint for DiagnoseSignature {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/signatures/diagnose";
    const ACCESS: Access = Access::SignedIn;
    type Request = SignatureQuestion;
    type Response = SignatureDiagnosis;
}
