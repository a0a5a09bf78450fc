//! What the doctor says: for each rule one sentence that judges and one that helps.

use super::Kind;

/// A verdict and its help.
#[derive(Clone, Copy)]
pub struct Advice {
    pub rule: Option<&'static str>,
    pub verdict: &'static str,
    pub advice: &'static str,
}

const fn broken(rule: &'static str, verdict: &'static str, advice: &'static str) -> Advice {
    Advice {
        rule: Some(rule),
        verdict,
        advice,
    }
}

pub const VALID: Advice = Advice {
    rule: None,
    verdict: "The signature is right.",
    advice: "",
};
pub const UNEXPLAINED: Advice = Advice {
    rule: None,
    verdict: "The signature is wrong, and no known mistake explains it.",
    advice: "Compare your string with the expected one. When they are equal, the passphrase differs from the one in the \
             PayFast dashboard, or a value was changed after signing.",
};
pub const NOTHING_READ: Advice = broken(
    "nothing_read",
    "No fields were found in this text.",
    "Paste the body as it was sent, lines of name and value, an HTML form, or a JSON object.",
);
pub const SIGNATURE_MISSING: Advice = broken(
    "signature_missing",
    "There is no signature in this text.",
    "Add the expected signature as the field or header `signature`.",
);
pub const NOT_A_SIGNATURE: Advice = broken(
    "not_a_signature",
    "The signature is not 32 hexadecimal digits.",
    "Send the MD5 of the string as 32 lower-case hexadecimal digits, not as base64 and not another hash.",
);
pub const UPPER_CASE: Advice = broken(
    "upper_case_hex",
    "The signature is right but written in capitals.",
    "Send the MD5 in lower case: PayFast compares it exactly.",
);
pub const PADDED: Advice = broken(
    "signature_padded",
    "The signature is right but has white space around it.",
    "Send the 32 digits alone: PayFast compares them exactly.",
);
pub const DUPLICATE: Advice = broken(
    "duplicate_field",
    "A field stands in this notification more than once.",
    "Refuse it: receivers disagree on which value counts, and PayFast never sends one twice.",
);
pub const SIGNATURE_NOT_LAST: Advice = broken(
    "signature_not_last",
    "Fields follow the signature in this notification.",
    "Refuse it, or paste the body as it came: PayFast sends the signature last, and some receivers do not cover what follows.",
);
pub const UNUSUAL_NAME: Advice = broken(
    "unusual_name",
    "A field name in this notification has characters that PayFast never uses.",
    "Refuse it: the signed string could be read in two ways.",
);
pub const COVERS_NOTHING: Advice = broken(
    "covers_nothing",
    "The signature covers no field.",
    "Refuse it: anybody can make the signature of nothing.",
);

/// What to say of a rule that a known mistake has broken.
pub fn of(kind: Kind, rule: &'static str) -> Advice {
    let (verdict, advice) = match (rule, kind) {
        ("order", Kind::Checkout) => (
            "The fields were hashed in another order than PayFast's.",
            "Hash them in the order of PayFast's table of attributes, neither in the order of your form nor alphabetically.",
        ),
        ("order", Kind::Itn) => (
            "The fields were put into another order than PayFast sent.",
            "Hash a notification in the order in which its fields came; keep the raw body and do not use a map.",
        ),
        ("order", Kind::Api) => (
            "The fields were not sorted.",
            "Sort headers, query, body and passphrase together by name, byte by byte, before hashing.",
        ),
        ("blank_kept", _) => (
            "Blank fields were hashed.",
            "Leave blank fields out of the string and out of the form.",
        ),
        ("blank_dropped", Kind::Itn) => (
            "Blank fields were left out.",
            "Keep the blank fields of a notification as `name=`; read the raw body instead of a bound model.",
        ),
        ("blank_dropped", _) => (
            "Blank fields were sent but not hashed.",
            "Do not send blank fields at all: then it does not matter whether they are hashed.",
        ),
        ("zero_dropped", _) => (
            "A field with the value 0 was left out.",
            "A zero is not blank: hash it. In PHP `empty()` takes \"0\" for blank.",
        ),
        ("trim", Kind::Checkout) => (
            "Values were not trimmed as PayFast trims them.",
            "Strip space, tab, line breaks, NUL and vertical tab from both ends, and nothing else, and post what you signed.",
        ),
        ("trim", _) => (
            "Values were trimmed.",
            "Hash the values as they are; only the checkout form is trimmed.",
        ),
        ("encoding", _) => (
            "Values were encoded differently.",
            "Encode as PHP's `urlencode`: letters, digits, `-`, `_` and `.` stay, a space is `+`, everything else is `%XX`.",
        ),
        ("case", _) => (
            "Percent codes were written in lower case.",
            "Write `%3A`, not `%3a`: the codes are in capitals.",
        ),
        ("html_entities", _) => (
            "HTML entities were hashed.",
            "Sign the plain value, such as `&`, and escape it only when it is written into the page.",
        ),
        ("line_breaks", _) => (
            "Line breaks were changed between signing and sending.",
            "A browser turns a line break in a field into CR LF: replace line breaks by spaces before signing.",
        ),
        ("passphrase_missing", Kind::Itn) => (
            "PayFast signed this without a passphrase.",
            "Set the same passphrase in the PayFast dashboard (Settings, Developer settings), or remove it from your own.",
        ),
        ("passphrase_missing", _) => (
            "The passphrase was not hashed.",
            "Add `passphrase=…` to the string, since one is set on the account.",
        ),
        ("passphrase_extra", _) => (
            "An empty passphrase was hashed.",
            "Add nothing to the string when the account has no passphrase, not even `passphrase=`.",
        ),
        ("passphrase_wrong_place", Kind::Api) => (
            "The passphrase stands at the wrong place.",
            "Sort the passphrase among the other names; only forms and notifications have it at the end.",
        ),
        ("passphrase_wrong_place", _) => (
            "The passphrase stands at the wrong place.",
            "Append the passphrase at the end; only the API sorts it among the other names.",
        ),
        ("passphrase_encoded_twice", _) => (
            "The passphrase was encoded twice.",
            "Encode it once. PayFast's PHP library 1.1.4 to 1.1.6 does it twice: use letters and digits only, or another version.",
        ),
        ("passphrase_unencoded", _) => (
            "The passphrase was not encoded.",
            "Encode the passphrase like every other value.",
        ),
        ("passphrase_trim", _) => (
            "The passphrase has white space at an end, and one side trims it.",
            "Set a passphrase without spaces at its ends, on both sides.",
        ),
        ("passphrase_wrong", _) => (
            "It was signed with another passphrase.",
            "It is the passphrase of PayFast's public sandbox, or yours in other capitals: use the one of this account on both sides.",
        ),
        ("signed_too_much", Kind::Api) => (
            "Something was hashed that PayFast leaves out.",
            "Leave `testing` and `signature` out of the string.",
        ),
        ("signed_too_much", Kind::Itn) => (
            "The signature itself was hashed.",
            "Leave `signature` out of the string.",
        ),
        ("signed_too_much", Kind::Checkout) => (
            "Something was hashed that PayFast leaves out.",
            "Leave `signature`, `setup` and fields of your own out of the string.",
        ),
        ("signed_too_little", Kind::Checkout) => (
            "Fields of the form were not hashed.",
            "Hash every field of PayFast's table that you post, with merchant_key, the addresses and fica_idnumber.",
        ),
        ("signed_too_little", _) => (
            "A header was not hashed.",
            "Hash merchant-id, version and timestamp with the parameters.",
        ),
        ("timestamp_unencoded", _) => (
            "The timestamp was hashed without encoding.",
            "Encode the timestamp like every other value: its colons become `%3A` and its plus `%2B`.",
        ),
        _ => (UNEXPLAINED.verdict, UNEXPLAINED.advice),
    };
    broken(rule, verdict, advice)
}
