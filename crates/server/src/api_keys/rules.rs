//! Pure rules of keys: what they may do, how long they live, and how a refused one is told.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    FieldError,
    accounts::AccountRole,
    api_keys::{ApiScope, DEFAULT_LIFE_DAYS, MAX_LIFE_DAYS, ROTATION_OVERLAP_HOURS},
};

/// Every secret starts with it, so that people and scanners recognise one.
const MARK: &str = "ck_";
/// Characters of a secret that are shown; the 224 bits after them are nobody's to see.
const PREFIX_CHARS: usize = 11;

/// A secret of 256 random bits, given as hex.
pub fn secret(random: &str) -> String {
    format!("{MARK}{random}")
}

/// What tells keys apart without giving them away.
pub fn prefix(secret: &str) -> &str {
    secret.get(..PREFIX_CHARS).unwrap_or(secret)
}

/// Whether text can be a secret at all, so that nothing else is looked up.
pub fn has_shape(text: &str) -> bool {
    text.strip_prefix(MARK)
        .is_some_and(|rest| rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The scopes in the order of declaration, each once; at least one.
pub fn check_scopes(scopes: &[ApiScope]) -> Result<Vec<ApiScope>, FieldError> {
    let chosen: Vec<ApiScope> = ApiScope::ALL
        .iter()
        .copied()
        .filter(|scope| scopes.contains(scope))
        .collect();
    if chosen.is_empty() {
        return Err(FieldError::required("scopes", "Choose what the key may do."));
    }
    Ok(chosen)
}

/// Days that a key lives.
pub fn check_life(days: Option<u32>) -> Result<u32, FieldError> {
    let days = days.unwrap_or(DEFAULT_LIFE_DAYS);
    if (1..=MAX_LIFE_DAYS).contains(&days) {
        Ok(days)
    } else {
        let message = format!("Use 1 to {MAX_LIFE_DAYS} days.");
        Err(FieldError::new("expires_in_days", "out_of_range", message))
    }
}

/// A key that only reads is a viewer, one that writes a member; none is an owner.
pub fn role(scopes: &[ApiScope]) -> AccountRole {
    if scopes.iter().any(|scope| scope.is_write()) {
        AccountRole::Member
    } else {
        AccountRole::Viewer
    }
}

/// Until when the secret before a rotation works; never longer than it would have without.
pub fn old_secret_until(now: DateTime<Utc>, expires_at: DateTime<Utc>) -> DateTime<Utc> {
    expires_at.min(now + TimeDelta::hours(i64::from(ROTATION_OVERLAP_HOURS)))
}

/// The secret that was shown: the key's own, or the one before a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Current,
    Old { until: Option<DateTime<Utc>> },
}

/// Why a key that was found does not work now, as a sentence for its owner.
pub fn refusal(shown: Shown, expires_at: DateTime<Utc>, is_revoked: bool, now: DateTime<Utc>) -> Option<&'static str> {
    match shown {
        _ if is_revoked => Some("this API key was revoked"),
        Shown::Old { until } if until.is_none_or(|until| until <= now) => {
            Some("this secret was replaced by a newer one of the same API key")
        }
        Shown::Current if expires_at <= now => Some("this API key has expired"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_kept_once_and_in_order() {
        use ApiScope::{AccountRead, PaymentsRead};
        assert_eq!(
            check_scopes(&[PaymentsRead, AccountRead, PaymentsRead]).unwrap(),
            [AccountRead, PaymentsRead]
        );
        assert!(check_scopes(&[]).is_err());
    }

    #[test]
    fn a_key_is_never_an_owner() {
        assert_eq!(role(ApiScope::ALL), AccountRole::Member);
        assert_eq!(
            role(&[ApiScope::InvoicesRead, ApiScope::PaymentsRead]),
            AccountRole::Viewer
        );
    }

    #[test]
    fn only_our_secrets_are_looked_up() {
        let random = "0123456789abcdef".repeat(4);
        let ours = secret(&random);
        assert!(has_shape(&ours));
        assert_eq!(prefix(&ours), "ck_01234567");
        for other in ["", "ck_", "ck_1", &random, &format!("{ours}0"), &ours.replace('0', "é")] {
            assert!(!has_shape(other), "{other}");
        }
    }

    #[test]
    fn what_ended_is_refused_by_reason() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(10);
        let (past, later) = (now - TimeDelta::seconds(1), now + TimeDelta::seconds(1));
        let old = |until| Shown::Old { until };
        for (shown, expires_at, is_revoked, says) in [
            (Shown::Current, later, false, None),
            (Shown::Current, now, false, Some("expired")),
            (Shown::Current, later, true, Some("revoked")),
            (old(Some(later)), later, false, None),
            (old(Some(now)), later, false, Some("replaced")),
            (old(Some(past)), later, false, Some("replaced")),
            (old(None), later, false, Some("replaced")),
            (old(Some(later)), later, true, Some("revoked")),
        ] {
            let told = refusal(shown, expires_at, is_revoked, now);
            assert_eq!(told.is_some(), says.is_some(), "{shown:?}");
            assert!(told.unwrap_or_default().contains(says.unwrap_or_default()));
        }
        assert_eq!(old_secret_until(now, later), later);
    }

    #[test]
    fn a_life_has_bounds() {
        assert_eq!(check_life(None), Ok(365));
        assert_eq!(check_life(Some(730)), Ok(730));
        assert!(check_life(Some(0)).is_err() && check_life(Some(731)).is_err());
    }
}
