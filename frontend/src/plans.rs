//! What plans are called.

use common::{
    money::Money,
    plans::{Interval, Plan, ProductCode},
};

use crate::text::t;

/// `Pro, monthly`
pub fn title(plan: &Plan) -> String {
    let name = &plan.name;
    match plan.interval {
        Interval::Month => t().shop.plan_monthly(name),
        Interval::Year => t().shop.plan_yearly(name),
        Interval::Once => name.clone(),
    }
}

/// `Pro`
pub fn family(code: ProductCode) -> &'static str {
    match code {
        ProductCode::Free => "Free",
        ProductCode::ProMonthly | ProductCode::ProYearly => "Pro",
        ProductCode::EnterpriseMonthly | ProductCode::EnterpriseYearly => "Enterprise",
        ProductCode::LiveVerifyR5 => "R5 check",
    }
}

/// The product that an address of the checkout names, if it names one.
pub fn in_address(path: &str) -> Option<ProductCode> {
    let (_, query) = path.split_once("/checkout?")?;
    let code = query.split('&').find_map(|pair| pair.strip_prefix("plan="))?;
    ProductCode::parse(code)
}

/// What twelve months cost more than the year.
pub fn yearly_saving(monthly: &Plan, yearly: &Plan) -> Option<Money> {
    let twelve = Money::new(monthly.price.minor.checked_mul(12)?, monthly.price.currency);
    twelve.checked_sub(yearly.price).ok().filter(|saving| saving.minor > 0)
}

/// The tax rate of an amount and its tax, in whole percent: 15 for R460.00 and R69.00.
pub fn vat_percent(net: Money, vat: Money) -> i64 {
    if net.minor == 0 {
        return 0;
    }
    (vat.minor * 200 / net.minor + 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_plan_is_read_from_the_address() {
        assert_eq!(in_address("/checkout?plan=PRO_MONTHLY"), Some(ProductCode::ProMonthly));
        assert_eq!(
            in_address("/checkout?step=review&plan=PRO_YEARLY"),
            Some(ProductCode::ProYearly)
        );
        assert_eq!(in_address("/checkout?plan=NOTHING"), None);
        assert_eq!(in_address("/home"), None);
    }

    #[test]
    fn the_rate_survives_rounding_to_cents() {
        assert_eq!(vat_percent(Money::zar(46_000), Money::zar(6_900)), 15);
        assert_eq!(vat_percent(Money::zar(433_913), Money::zar(65_087)), 15);
        assert_eq!(vat_percent(Money::zar(435), Money::zar(65)), 15);
        assert_eq!(vat_percent(Money::zar(0), Money::zar(0)), 0);
    }
}
