//! The plans that can be bought; their prices come from the server only.

use serde::{Deserialize, Serialize};

use crate::{
    endpoint::{Access, Endpoint, Method},
    money::Money,
};

crate::text_enum! {
    /// Codes of what can be bought.
    pub enum ProductCode {
        Free = "FREE",
        ProMonthly = "PRO_MONTHLY",
        ProYearly = "PRO_YEARLY",
        EnterpriseMonthly = "ENTERPRISE_MONTHLY",
        EnterpriseYearly = "ENTERPRISE_YEARLY",
        /// A five rand purchase that proves a live PayFast account.
        LiveVerifyR5 = "LIVE_VERIFY_R5",
    }
}

crate::text_enum! {
    /// How long one payment lasts.
    pub enum Interval {
        Month = "month",
        Year = "year",
        /// A purchase without a period.
        Once = "once",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub code: ProductCode,
    /// Name of the family: `Pro`.
    pub name: String,
    pub description: String,
    /// What is charged, VAT included when `vat_inclusive`.
    pub price: Money,
    /// `price` without its VAT; equal to `price` when no VAT is charged.
    pub price_before_vat: Money,
    pub vat: Money,
    pub interval: Interval,
    pub features: Vec<String>,
    pub vat_inclusive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plans {
    pub items: Vec<Plan>,
}

pub struct ListPlans;
impl Endpoint for ListPlans {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/plans";
    const ACCESS: Access = Access::Public;
    type Request = ();
    type Response = Plans;
}
