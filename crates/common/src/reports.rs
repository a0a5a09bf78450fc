//! Reports for the owner of the business and the accountant; each also as CSV under the same filters.

use serde::{Deserialize, Serialize};

use crate::{
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    money::Money,
    payments::{self, PaymentStatus},
};

crate::text_enum! {
    /// Length of a report's periods; weeks begin on Monday.
    pub enum Group {
        Day = "day",
        Week = "week",
        Month = "month",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// First day, `2026-11-01`, in South African time; a year before `to` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day, inclusive; today when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `month` when absent. At most 400 periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

/// The days that a report covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First day, `2026-11-01`.
    pub from: String,
    /// Last day, inclusive.
    pub to: String,
    /// Whether it goes on after today.
    pub is_unfinished: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenueReport {
    pub span: Span,
    /// Without VAT, less credit notes.
    pub net: Money,
    pub vat: Money,
    pub collected: Money,
    pub fees: Money,
    pub refunded: Money,
    pub periods: Vec<RevenuePeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevenuePeriod {
    pub span: Span,
    /// Invoices that were issued.
    pub invoices: i64,
    /// Invoiced without VAT.
    pub invoiced: Money,
    /// Credit notes without VAT, positive.
    pub credited: Money,
    /// `invoiced − credited`.
    pub net: Money,
    pub vat: Money,
    /// Money that came, with VAT.
    pub collected: Money,
    /// What PayFast kept.
    pub fees: Money,
    pub refunded: Money,
}

/// What customers owe today, by how late it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivablesReport {
    /// The day that ages are counted from, `2026-11-24`.
    pub on: String,
    pub total: Money,
    pub overdue: Money,
    /// Not due, 1 to 30, 31 to 60, 61 to 90, more than 90 days late.
    pub ages: Vec<AgeBucket>,
    /// The customers who owe most, at most 100.
    pub customers: Vec<CustomerDebt>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeBucket {
    /// Least days late; absent for what is not due yet.
    pub from_days: Option<i32>,
    /// Most days late; absent for the last one.
    pub to_days: Option<i32>,
    pub invoices: i64,
    pub balance: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerDebt {
    pub account_id: crate::ids::AccountId,
    pub customer_name: String,
    pub invoices: i64,
    pub balance: Money,
    /// Same order as [`ReceivablesReport::ages`].
    pub ages: Vec<Money>,
}

/// Output VAT on the invoice basis (VAT Act section 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatReport {
    pub span: Span,
    pub periods: Vec<VatPeriod>,
    /// Sum of [`VatPeriod::payable`].
    pub payable: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatPeriod {
    pub span: Span,
    /// Value of supplies at the standard rate, without VAT.
    pub standard_rated: Money,
    /// Value of supplies at 0%.
    pub zero_rated: Money,
    pub output_vat: Money,
    /// VAT of credit notes, positive.
    pub credited_vat: Money,
    /// VAT of debts that were written off, less what came in after all (VAT Act section 22).
    pub bad_debt_vat: Money,
    /// `output_vat − credited_vat − bad_debt_vat`.
    pub payable: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentsReport {
    pub span: Span,
    pub rows: Vec<PaymentsRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentsRow {
    pub method: payments::Method,
    pub status: PaymentStatus,
    pub count: i64,
    pub amount: Money,
    pub fee: Money,
    pub net: Money,
}

macro_rules! report {
    ($($(#[$meta:meta])* $name:ident, $csv:ident => $path:literal, $response:ty;)+) => { $(
        $(#[$meta])*
        pub struct $name;
        impl Endpoint for $name {
            const METHOD: Method = Method::Get;
            const PATH: &'static str = concat!("/reports/", $path);
            const ACCESS: Access = Access::Staff(StaffRole::Billing);
            type Request = ReportQuery;
            type Response = $response;
        }

        /// The same rows as `text/csv`.
        pub struct $csv;
        impl Endpoint for $csv {
            const METHOD: Method = Method::Get;
            const PATH: &'static str = concat!("/reports/", $path, ".csv");
            const ACCESS: Access = Access::Staff(StaffRole::Billing);
            type Request = ReportQuery;
            type Response = ();
        }
    )+ };
}

report! {
    ReportRevenue, ReportRevenueCsv => "revenue", RevenueReport;
    /// Of the dates only `to` counts: the day of the ages.
    ReportReceivables, ReportReceivablesCsv => "receivables", ReceivablesReport;
    ReportVat, ReportVatCsv => "vat", VatReport;
    ReportPayments, ReportPaymentsCsv => "payments", PaymentsReport;
}
