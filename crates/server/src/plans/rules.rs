//! The catalogue of plans and how long a purchase lasts.

use chrono::{DateTime, Months, Utc};
use common::{
    Money,
    plans::{Interval, ProductCode},
};

/// A plan as the catalogue holds it; prices include VAT where VAT is charged.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    pub code: ProductCode,
    pub name: &'static str,
    pub description: &'static str,
    pub price: Money,
    pub interval: Interval,
    pub features: &'static [&'static str],
}

impl Product {
    /// How documents name it: `Pro, monthly`.
    pub fn title(&self) -> String {
        match self.interval {
            Interval::Month => format!("{}, monthly", self.name),
            Interval::Year => format!("{}, yearly", self.name),
            Interval::Once => self.name.to_owned(),
        }
    }

    /// End of the time that one payment buys, counted from `start`; `None` when it buys no time.
    ///
    /// Month ends keep to the calendar: 31 January plus a month is 28 February.
    pub fn ends_after(&self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let months = match self.interval {
            Interval::Month => 1,
            Interval::Year => 12,
            Interval::Once => return None,
        };
        start.checked_add_months(Months::new(months))
    }
}

const PRO: &[&str] = &[
    "Unlimited invoices",
    "PayFast checkout",
    "Chat with your customers",
    "Exports for your accountant",
];
const ENTERPRISE: &[&str] = &[
    "Everything in Pro",
    "Staff roles and audit log",
    "API keys and webhooks",
    "Support on working days",
];

/// Everything on sale, in the order in which it is shown.
pub const CATALOGUE: &[Product] = &[
    Product {
        code: ProductCode::Free,
        name: "Free",
        description: "To try things out",
        price: Money::zar(0),
        interval: Interval::Month,
        features: &["Five invoices a month", "PayFast checkout"],
    },
    Product {
        code: ProductCode::ProMonthly,
        name: "Pro",
        description: "For a small team that bills every month",
        price: Money::zar(52_900),
        interval: Interval::Month,
        features: PRO,
    },
    Product {
        code: ProductCode::ProYearly,
        name: "Pro",
        description: "For a small team that bills every month",
        price: Money::zar(499_000),
        interval: Interval::Year,
        features: PRO,
    },
    Product {
        code: ProductCode::EnterpriseMonthly,
        name: "Enterprise",
        description: "For companies with several people in billing",
        price: Money::zar(179_900),
        interval: Interval::Month,
        features: ENTERPRISE,
    },
    Product {
        code: ProductCode::EnterpriseYearly,
        name: "Enterprise",
        description: "For companies with several people in billing",
        price: Money::zar(1_719_000),
        interval: Interval::Year,
        features: ENTERPRISE,
    },
    Product {
        code: ProductCode::LiveVerifyR5,
        name: "PayFast check",
        description: "A five rand payment that proves your PayFast account works",
        price: Money::zar(500),
        interval: Interval::Once,
        features: &["One payment, nothing else"],
    },
];

/// The product with this code; the catalogue holds every code.
pub fn product(code: ProductCode) -> &'static Product {
    CATALOGUE
        .iter()
        .find(|product| product.code == code)
        .expect("a test checks that the catalogue holds every code")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_on_sale_once() {
        for code in ProductCode::ALL {
            assert_eq!(
                CATALOGUE.iter().filter(|product| product.code == *code).count(),
                1,
                "{code}"
            );
        }
    }

    #[test]
    fn a_month_ends_within_the_calendar() {
        let start: DateTime<Utc> = "2027-01-31T08:00:00Z".parse().unwrap();
        let end = product(ProductCode::ProMonthly).ends_after(start).unwrap();
        assert_eq!(end.to_rfc3339(), "2027-02-28T08:00:00+00:00");
        assert_eq!(product(ProductCode::LiveVerifyR5).ends_after(start), None);
    }
}
