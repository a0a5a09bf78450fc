//! Turns a failed call into words: what happened, what did not, what to do.

use common::ErrorCode;

use crate::{api::Failure, components::problem::Words, dates, text::t};

/// `title` says what could not be done, in a sentence of the catalogue.
pub fn explain(failure: &Failure, title: &str) -> Words {
    let texts = t().common;
    let (detail, reference) = match failure {
        Failure::Offline => (texts.offline.to_owned(), None),
        Failure::Unreadable => (texts.unreadable.to_owned(), None),
        Failure::Refused { problem, retry_after } => {
            let detail = match problem.status {
                429 => match retry_after {
                    Some(seconds) => texts.wait(&dates::duration(*seconds)),
                    None => texts.too_many.to_owned(),
                },
                403 if problem.is(ErrorCode::Forbidden) => texts.not_allowed.to_owned(),
                503 => texts.unavailable.to_owned(),
                500..=599 => texts.server_failed.to_owned(),
                _ => problem.detail.clone(),
            };
            (detail, Some(problem.request_id.clone()).filter(|id| !id.is_empty()))
        }
    };
    Words {
        title: title.to_owned(),
        detail,
        reference: reference.map(|id| texts.reference(&id)),
    }
}

/// `We could not load …`
pub fn could_not_load(failure: &Failure, what: &str) -> Words {
    explain(failure, &t().common.could_not_load(what))
}

/// `We could not …`
pub fn could_not(failure: &Failure, what: &str) -> Words {
    explain(failure, &t().common.could_not(what))
}
