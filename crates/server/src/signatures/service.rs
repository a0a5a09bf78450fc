//! Asks [`payfast::doctor`], within a budget for each person.

use common::{
    FieldError,
    ids::UserId,
    signatures::{SignatureDiagnosis, SignatureQuestion, SignedKind},
};
use payfast::{Passphrase, doctor};

use crate::{app::App, error::ApiError, limits::Quota};

const TEXT_MAX_BYTES: usize = 16 * 1024;
/// PayFast takes 32 characters.
const PASSPHRASE_MAX_BYTES: usize = 256;

/// Explains a signature. Trying the known mistakes takes a moment of a core, so it has a thread of its own.
pub async fn diagnose(app: &App, user_id: UserId, question: SignatureQuestion) -> Result<SignatureDiagnosis, ApiError> {
    app.limits.check(Quota::Diagnosis, &[user_id.as_str().into()]).await?;
    if question.text.len() > TEXT_MAX_BYTES {
        return Err(FieldError::new("text", "too_long", "Paste at most 16 KiB.").into());
    }
    if question.passphrase.len() > PASSPHRASE_MAX_BYTES {
        return Err(FieldError::new(
            "passphrase",
            "too_long",
            "PayFast's passphrases have at most 32 characters.",
        )
        .into());
    }
    let found = tokio::task::spawn_blocking(move || {
        let kind = match question.kind {
            SignedKind::Checkout => doctor::Kind::Checkout,
            SignedKind::Itn => doctor::Kind::Itn,
            SignedKind::Api => doctor::Kind::Api,
        };
        doctor::diagnose(kind, &question.text, &Passphrase::new(question.passphrase))
    })
    .await
    .map_err(|error| ApiError::internal(format!("the signature doctor stopped: {error}")))?;
    Ok(SignatureDiagnosis {
        is_valid: found.is_valid,
        rule: found.rule.map(str::to_owned),
        verdict: found.verdict,
        advice: found.advice,
        submitted_signature: found.submitted_signature,
        expected_signature: found.expected_signature,
        expected_string: found.expected_string,
        submitted_string: found.submitted_string,
        first_difference: found.first_difference,
        first_field: found.first_field,
        fields: found.fields,
    })
}
