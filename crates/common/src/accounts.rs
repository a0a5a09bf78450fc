//! Accounts: the company that pays, its billing details and its plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    api_keys::ApiScope,
    auth::StaffRole,
    endpoint::{Access, Endpoint, Method},
    ids::AccountId,
    plans::ProductCode,
};

crate::text_enum! {
    /// What a user may do in an account; each role includes the ones before it.
    pub enum AccountRole {
        /// Reads.
        Viewer = "viewer",
        /// Also pays and chats.
        Member = "member",
        /// Also manages members, methods, keys and the subscription.
        Owner = "owner",
    }
}

/// An account as the list of one's own accounts shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    pub id: AccountId,
    pub company_name: String,
    pub role: AccountRole,
    pub plan: PlanGrant,
}

/// The plan an account has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanGrant {
    pub code: ProductCode,
    pub name: String,
    /// End of the time that was paid for; absent for Free.
    #[serde(default, with = "crate::instant::option")]
    pub paid_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    pub city: String,
    pub postal_code: String,
    /// Two letters (ISO 3166-1), `ZA` for South Africa.
    pub country: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub company_name: String,
    pub vat_number: Option<String>,
    pub billing_address: Option<Address>,
    /// Where invoices are sent: the owner's address.
    pub billing_email: String,
    pub role: AccountRole,
    pub plan: PlanGrant,
    #[serde(with = "crate::instant")]
    pub created_at: DateTime<Utc>,
}

/// Billing details; a field that is absent stays as it is, `null` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub vat_number: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub billing_address: Option<Option<Address>>,
}

/// Tells an absent field (`None`) from one that is `null` (`Some(None)`).
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

/// An account that staff look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMatch {
    pub id: AccountId,
    pub company_name: String,
    pub billing_email: String,
}

/// What staff look for; names are found by their letters whatever the case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSearch {
    /// Part of the company's name or of its address for bills, 3 to 100 characters.
    pub search: String,
}

/// At most 8 accounts that match, by name.
pub struct SearchAccounts;
impl Endpoint for SearchAccounts {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/accounts";
    const ACCESS: Access = Access::Staff(StaffRole::Support);
    type Request = AccountSearch;
    type Response = Vec<AccountMatch>;
}

pub struct GetAccount;
impl Endpoint for GetAccount {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/accounts/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Viewer);
    const SCOPE: Option<ApiScope> = Some(ApiScope::AccountRead);
    type Request = ();
    type Response = Account;
}

pub struct ChangeAccount;
impl Endpoint for ChangeAccount {
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/accounts/{id}";
    const ACCESS: Access = Access::Account(AccountRole::Member);
    const SCOPE: Option<ApiScope> = Some(ApiScope::AccountWrite);
    type Request = AccountChange;
    type Response = Account;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_field_is_not_a_null_one() {
        let absent: AccountChange = serde_json::from_str("{}").unwrap();
        assert_eq!(absent.vat_number, None);
        let cleared: AccountChange = serde_json::from_str(r#"{"vat_number":null}"#).unwrap();
        assert_eq!(cleared.vat_number, Some(None));
        assert_eq!(serde_json::to_string(&absent).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&cleared).unwrap(), r#"{"vat_number":null}"#);
    }
}
