//! The signature doctor: reads what somebody pasted, says what must be hashed, and which known mistake explains a wrong
//! signature.
//!
//! A wrong signature tells nothing by itself. So the mistakes that merchants make are made on purpose, alone and in
//! pairs, until one gives the submitted signature: then it is known which one it was. Nothing here keeps or shows the
//! passphrase; in the strings it stands as `•••`.

mod advice;
mod read;
mod recipe;

use crate::form::{self, Pair};
use crate::itn::Itn;
use crate::signature::Passphrase;
use advice::Advice;
use recipe::{Mistake, Recipe, SignedString};

/// What is signed; each kind has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A checkout form, redirect or onsite.
    Checkout,
    /// A notification.
    Itn,
    /// A call of the REST API: headers, query and body together.
    Api,
}

/// What the doctor found; it holds no passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whether the submitted signature is right.
    pub is_valid: bool,
    /// Stable name of the rule that broke; none when it is valid or nothing explains it.
    pub rule: Option<&'static str>,
    /// One sentence: the verdict.
    pub verdict: String,
    /// The rule, and what to change; empty when it is valid.
    pub advice: String,
    /// As it was pasted.
    pub submitted_signature: Option<String>,
    /// What it must be.
    pub expected_signature: String,
    /// What must be hashed.
    pub expected_string: String,
    /// What was hashed, when a known mistake explains it.
    pub submitted_string: Option<String>,
    /// Where both part, in characters from the start.
    pub first_difference: Option<usize>,
    /// The field there, counted from 1, and its name.
    pub first_field: Option<(usize, String)>,
    /// The names as they were read, in order.
    pub fields: Vec<String>,
}

/// Explains the signature in a pasted text.
///
/// ```
/// use payfast::{Passphrase, doctor};
///
/// let text = "amount=100.00&item_name=Test&merchant_id=10000100&signature=aaaa";
/// let found = doctor::diagnose(doctor::Kind::Checkout, text, &Passphrase::new("secret"));
/// assert!(!found.is_valid);
/// assert_eq!(found.expected_string, "merchant_id=10000100&amount=100.00&item_name=Test&passphrase=•••");
/// ```
pub fn diagnose(kind: Kind, text: &str, passphrase: &Passphrase) -> Diagnosis {
    let fields = read::fields(kind, text);
    let names = fields.iter().map(|(name, _)| shown(name)).collect();
    let submitted = fields
        .iter()
        .rev()
        .find(|(name, _)| name == b"signature")
        .map(|(_, value)| shown(value))
        .filter(|signature| !signature.trim().is_empty());
    let correct = Recipe::correct(kind, passphrase);
    let expected = correct.string(&fields);
    let mut found = Diagnosis {
        is_valid: false,
        rule: None,
        verdict: String::new(),
        advice: String::new(),
        expected_signature: expected.signature(),
        expected_string: expected.shown(),
        submitted_string: None,
        first_difference: None,
        first_field: None,
        fields: names,
        submitted_signature: submitted.clone(),
    };
    let told = if fields.is_empty() {
        advice::NOTHING_READ
    } else if let Some(submitted) = submitted {
        judge(kind, &fields, &correct, &expected, &submitted, &mut found)
    } else {
        advice::SIGNATURE_MISSING
    };
    found.rule = told.rule;
    found.verdict = told.verdict.to_owned();
    found.advice = told.advice.to_owned();
    found
}

fn judge(
    kind: Kind,
    fields: &[Pair],
    correct: &Recipe,
    expected: &SignedString,
    submitted: &str,
    found: &mut Diagnosis,
) -> Advice {
    let lower = submitted.trim().to_ascii_lowercase();
    let (is_padded, is_upper) = (submitted.trim() != submitted, lower != submitted.trim());
    if lower == found.expected_signature {
        if is_upper {
            return advice::UPPER_CASE;
        }
        if is_padded {
            return advice::PADDED;
        }
        if let Some(form) = misshapen(kind, fields) {
            return form;
        }
        found.is_valid = true;
        return advice::VALID;
    }
    if !(lower.len() == 32 && lower.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return advice::NOT_A_SIGNATURE;
    }
    let Some((mistake, hashed)) = explain(kind, fields, correct, expected, &lower) else {
        return misshapen(kind, fields).unwrap_or(advice::UNEXPLAINED);
    };
    found.submitted_string = Some(hashed.shown());
    let at = expected.parts_from(&hashed);
    found.first_difference = Some(at);
    // Where the hashed string has ended, the field after the `&` is what it lacks.
    let lacks = usize::from(at >= hashed.shown().chars().count());
    found.first_field = expected.field_at(at + lacks).or_else(|| hashed.field_at(at));
    advice::of(kind, mistake.rule)
}

/// What makes PayFast's own notification untrustworthy though its hash is right.
fn misshapen(kind: Kind, fields: &[Pair]) -> Option<Advice> {
    if kind != Kind::Itn {
        return None;
    }
    let body = form::body(fields);
    match Itn::parse(body.as_bytes()).check(None) {
        Err(crate::Rejection::DuplicateField(_)) => Some(advice::DUPLICATE),
        Err(crate::Rejection::SignatureNotLast) => Some(advice::SIGNATURE_NOT_LAST),
        Err(crate::Rejection::UnusualName(_)) => Some(advice::UNUSUAL_NAME),
        Err(crate::Rejection::Empty) => Some(advice::COVERS_NOTHING),
        _ => None,
    }
}

/// The mistake, or the first of two, that gives the submitted signature.
fn explain(
    kind: Kind,
    fields: &[Pair],
    correct: &Recipe,
    expected: &SignedString,
    submitted: &str,
) -> Option<(Mistake, SignedString)> {
    // Only mistakes that matter for these fields are worth a pair.
    let mut matter = Vec::new();
    for mistake in recipe::mistakes(kind) {
        let mut recipe = correct.clone();
        (mistake.make)(&mut recipe);
        let string = recipe.string(fields);
        if string.signature() == submitted {
            return Some((mistake, string));
        }
        if !string.is_same_as(expected) {
            matter.push(mistake);
        }
    }
    for (index, first) in matter.iter().enumerate() {
        for second in &matter[index + 1..] {
            let mut recipe = correct.clone();
            (first.make)(&mut recipe);
            (second.make)(&mut recipe);
            let string = recipe.string(fields);
            if string.signature() == submitted {
                return Some((*first, string));
            }
        }
    }
    None
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
