//! Pure rules of plans: which one holds, and when a purchase begins.

use chrono::{DateTime, Utc};
use common::plans::ProductCode;

use crate::plans::rules::product;

/// Time on a plan that was paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub product_code: ProductCode,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// The plan that holds at `now` and the end of all time paid for it: the highest that has begun, else Free.
pub fn current_plan(grants: &[Grant], now: DateTime<Utc>) -> (ProductCode, Option<DateTime<Utc>>) {
    let holds = |grant: &&Grant| grant.starts_at <= now && now < grant.ends_at;
    let Some(best) = grants.iter().filter(holds).max_by_key(|grant| rank(grant.product_code)) else {
        return (ProductCode::Free, None);
    };
    let same_plan = grants
        .iter()
        .filter(|grant| rank(grant.product_code) == rank(best.product_code));
    (best.product_code, same_plan.map(|grant| grant.ends_at).max())
}

/// When a new purchase of `code` begins: after the time left on the same or a higher plan, so that nothing that was
/// paid for is lost; a higher plan begins at once.
pub fn starts_at(grants: &[Grant], code: ProductCode, now: DateTime<Utc>) -> DateTime<Utc> {
    let not_lower = grants.iter().filter(|grant| rank(grant.product_code) >= rank(code));
    not_lower
        .map(|grant| grant.ends_at)
        .max()
        .map_or(now, |end| end.max(now))
}

fn rank(code: ProductCode) -> i64 {
    match product(code).name {
        "Enterprise" => 2,
        "Pro" => 1,
        _ => 0,
    }
}

/// What `LIKE` looks for to find `text` anywhere; its own signs stand for themselves.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn grant(product_code: ProductCode, from_day: i64, to_day: i64) -> Grant {
        Grant {
            product_code,
            starts_at: day(from_day),
            ends_at: day(to_day),
        }
    }

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    #[test]
    fn the_highest_plan_that_has_begun_holds() {
        use ProductCode::{EnterpriseMonthly, Free, ProMonthly, ProYearly};
        let grants = [
            grant(ProMonthly, 0, 30),
            grant(EnterpriseMonthly, 10, 40),
            grant(ProYearly, 40, 405),
        ];
        assert_eq!(current_plan(&grants, day(5)), (ProMonthly, Some(day(405))));
        assert_eq!(current_plan(&grants, day(10)), (EnterpriseMonthly, Some(day(40))));
        assert_eq!(current_plan(&grants, day(40)), (ProYearly, Some(day(405))));
        assert_eq!(current_plan(&grants, day(405)), (Free, None));
        assert_eq!(current_plan(&[], day(0)), (Free, None));
    }

    #[test]
    fn a_purchase_never_shortens_what_was_paid_for() {
        use ProductCode::{EnterpriseYearly, ProMonthly};
        let enterprise = [grant(EnterpriseYearly, 0, 365)];
        assert_eq!(starts_at(&enterprise, ProMonthly, day(3)), day(365));
        assert_eq!(starts_at(&enterprise, EnterpriseYearly, day(3)), day(365));
        let pro = [grant(ProMonthly, 0, 30)];
        assert_eq!(starts_at(&pro, EnterpriseYearly, day(3)), day(3));
        assert_eq!(starts_at(&pro, ProMonthly, day(31)), day(31));
    }
}
