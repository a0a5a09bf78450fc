//! What a notification was judged by and what it changed, in words that a person can check.
//!
//! Each finding is written down when it is made, in the transaction of the verdict; nothing is concluded afterwards.

use common::itn::{CheckName, ItnChange, ItnCheck, ItnStatus, Verdict};
use payfast::Itn;
use serde::{Serialize, de::DeserializeOwned};

use super::{facts::Fact, store::ItnRow};
use crate::{config::Config, http::peer, payments::gateway::Confirmation};

/// The four checks, as far as they were reached.
#[derive(Debug, Clone)]
pub struct Findings {
    checks: [ItnCheck; 4],
    /// Why the notification cannot be PayFast's, as far as we see alone.
    refusal: Option<String>,
}

impl Findings {
    /// Looks at signature, source and merchant, in this order, until one fails.
    pub fn look(itn: &Itn, row: &ItnRow, config: &Config) -> Self {
        let mut found = Self::unreached("An earlier check failed.");
        if let Err(rejection) = itn.check(config.payfast.passphrase.as_ref()) {
            return found.fail(CheckName::Signature, rejection.to_string());
        }
        let fields = itn.fields().count().saturating_sub(1);
        found.set(
            CheckName::Signature,
            Verdict::Passed,
            format!("The MD5 of its {fields} fields and our passphrase is the signature that came."),
        );
        let is_source = row
            .peer
            .parse()
            .is_ok_and(|from| peer::contains(&config.payfast.itn_sources, from));
        if !is_source {
            return found.fail(
                CheckName::Source,
                format!("{} is not one of PayFast's addresses", row.peer),
            );
        }
        let evidence = format!("{} is one of PayFast's addresses.", row.peer);
        found.set(CheckName::Source, Verdict::Passed, evidence);
        if itn.merchant_id() != Some(config.payfast.merchant_id.as_str()) {
            return found.fail(CheckName::Contents, "the merchant_id is not ours".to_owned());
        }
        found.set(
            CheckName::Contents,
            Verdict::NotDone,
            "The merchant is ours; payment and amount are compared after PayFast's confirmation.".to_owned(),
        );
        found
    }

    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    pub fn confirmed(&mut self, confirmation: &Confirmation) {
        let (verdict, evidence) = match confirmation {
            Confirmation::Valid => (Verdict::Passed, "PayFast answered VALID.".to_owned()),
            Confirmation::Invalid => (Verdict::Failed, "PayFast answered INVALID.".to_owned()),
            Confirmation::Unreachable(reason) => (Verdict::NotDone, format!("{reason}.")),
        };
        self.set(CheckName::Confirmation, verdict, evidence);
    }

    /// After payment and amount were looked at.
    pub fn concluded(&mut self, itn: &Itn, status: ItnStatus, reason: &str) {
        let told = itn.text("amount_gross").map_or_else(
            || "no amount is told".to_owned(),
            |amount| format!("R{amount} is told, as it was asked"),
        );
        let (verdict, evidence) = match status {
            ItnStatus::Applied => (
                Verdict::Passed,
                format!("The merchant is ours, {} is known, and {told}.", subject(itn)),
            ),
            ItnStatus::Duplicate => (
                Verdict::NotDone,
                "PayFast told this before, so it was not compared again.".to_owned(),
            ),
            _ => (Verdict::Failed, reason.to_owned()),
        };
        self.set(CheckName::Contents, verdict, evidence);
    }

    pub fn checks(&self) -> Vec<ItnCheck> {
        self.checks.to_vec()
    }

    pub fn to_json(&self) -> String {
        to_json(&self.checks)
    }

    fn unreached(evidence: &str) -> Self {
        let names = [
            CheckName::Signature,
            CheckName::Source,
            CheckName::Contents,
            CheckName::Confirmation,
        ];
        Self {
            checks: names.map(|check| ItnCheck {
                check,
                verdict: Verdict::NotDone,
                evidence: evidence.to_owned(),
            }),
            refusal: None,
        }
    }

    fn fail(mut self, name: CheckName, reason: String) -> Self {
        self.set(name, Verdict::Failed, reason.clone());
        self.refusal = Some(reason);
        self
    }

    fn set(&mut self, name: CheckName, verdict: Verdict, evidence: String) {
        if let Some(check) = self.checks.iter_mut().find(|check| check.check == name) {
            check.verdict = verdict;
            check.evidence = evidence;
        }
    }
}

fn subject(itn: &Itn) -> &'static str {
    match itn.m_payment_id() {
        Some(_) => "its m_payment_id",
        None => "its token",
    }
}

/// The checks of a stored notification; always four.
pub fn stored_checks(row: &ItnRow) -> Vec<ItnCheck> {
    let unknown = if row.checked_at.is_some() {
        "It was judged before the findings of checks were kept."
    } else {
        "It was not judged yet."
    };
    from_json(&row.checks).unwrap_or_else(|| Findings::unreached(unknown).checks())
}

/// What a stored notification changed.
pub fn stored_changes(row: &ItnRow) -> Vec<ItnChange> {
    from_json(&row.changes).unwrap_or_default()
}

/// What differs between two looks at the same things, in the order of the later one.
pub fn differences(before: &[Fact], after: &[Fact]) -> Vec<ItnChange> {
    let value_in = |facts: &[Fact], like: &Fact| {
        let found = facts.iter().find(|fact| fact.is_about_the_same_as(like));
        found.and_then(|fact| fact.value.clone())
    };
    let gone = before
        .iter()
        .filter(|fact| !after.iter().any(|other| other.is_about_the_same_as(fact)));
    after
        .iter()
        .chain(gone)
        .map(|fact| ItnChange {
            entity: fact.entity.to_owned(),
            entity_id: fact.entity_id.clone(),
            field: fact.field.clone(),
            before: value_in(before, fact),
            after: value_in(after, fact),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

pub fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and names are always written")
}

fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
