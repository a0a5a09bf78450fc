//! Saved cards: PayFast keeps the numbers, we keep its token.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::AccountRole,
    api_keys::ApiScope,
    auth::Done,
    endpoint::{Access, Endpoint, Method},
    ids::PaymentMethodId,
    page::Page,
};

crate::text_enum! {
    pub enum PaymentMethodKind {
        Card = "card",
    }
}

crate::text_enum! {
    pub enum PaymentMethodStatus {
        /// PayFast has not told its token yet.
        Pending = "pending",
        Active = "active",
        /// Active, and the expiry that its owner typed is near or past.
        Expiring = "expiring",
        Revoked = "revoked",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    pub id: PaymentMethodId,
    pub kind: PaymentMethodKind,
    /// What its owner calls it.
    pub label: String,
    /// As its owner typed them: PayFast tells neither digits nor expiry.
    pub last_four: Option<String>,
    pub expires: Option<Expiry>,
    pub is_default: bool,
    pub status: PaymentMethodStatus,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
}

/// The last month in which a card works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// 2000 to 2099.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentMethod {
    /// At most 60 characters; `Card` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
}

/// The signed form that the browser posts to PayFast to save a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodSetup {
    pub payment_method: PaymentMethod,
    pub process_url: String,
    /// Names and values in the order to post.
    pub fields: Vec<(String, String)>,
}

/// What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethodChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_four: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// Only `true`: exactly one active method is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
}

/// PayFast's own page on which the owner changes the card behind a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardUpdate {
    pub url: String,
}

pub struct ListPaymentMethods;
impl Endpoint for ListPaymentMethods {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/payment-methods";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::PaymentsRead);
    type Request = ();
    type Response = Page<PaymentMethod>;
}

/// Starts a tokenisation checkout. Takes `Idempotency-Key`; answers 201.
pub struct AddPaymentMethod;
impl Endpoint for AddPaymentMethod {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/payment-methods";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = NewPaymentMethod;
    type Response = MethodSetup;
}

pub struct ChangePaymentMethod;
impl Endpoint for ChangePaymentMethod {
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/payment-methods/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = PaymentMethodChange;
    type Response = PaymentMethod;
}

/// PayFast forgets the card too. The default one can go only as the last, or after another became the default.
pub struct RemovePaymentMethod;
impl Endpoint for RemovePaymentMethod {
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/payment-methods/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = Done;
}

pub struct UpdateCard;
impl Endpoint for UpdateCard {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/payment-methods/{id}/card-update";
    const ACCESS: Access = Access::Account(AccountRole::Owner);
    type Request = ();
    type Response = CardUpdate;
}
