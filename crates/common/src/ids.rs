//! Ids: UUIDv7 text newtypes, one type per entity so that they cannot be mixed up.
//!
//! They are `Copy` and hold their hyphenated text, which is what JSON, URLs and both databases store.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id; an id is a UUID such as 01929b7e-7c1c-7000-8000-000000000000")]
pub struct InvalidId(pub String);

/// What every id type can do.
pub trait Id: Copy + fmt::Display {
    fn from_uuid(uuid: Uuid) -> Self;
}

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow))]
        #[cfg_attr(feature = "sql", diesel(sql_type = diesel::sql_types::Text))]
        pub struct $name([u8; 36]);

        impl $name {
            /// Reads any spelling of a UUID; the id keeps the lower-case hyphenated one.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(<Self as Id>::from_uuid).map_err(|_| InvalidId(text.chars().take(64).collect()))
            }

            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("an id is made of ASCII by from_uuid")
            }
        }

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self {
                let mut text = [0; 36];
                uuid.hyphenated().encode_lower(&mut text);
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }

        #[cfg(feature = "sql")]
        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.as_str(), out)
            }
        }

        #[cfg(feature = "sql")]
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                Ok(Self::parse(&text)?)
            }
        }
    )+ };
}

id! {
    /// A person who signs in.
    UserId,
    /// A signed-in browser.
    SessionId,
    /// An offer to join an account, sent by mail.
    InvitationId,
    /// A key that a program uses in place of a session.
    ApiKeyId,
    /// One line of the audit log.
    AuditEntryId,
    /// A single-use code in place of an authenticator app.
    RecoveryCodeId,
    /// The company that pays; users belong to it with a role.
    AccountId,
    InvoiceId,
    InvoiceLineId,
    PaymentId,
    /// One try to get a payment from a provider.
    AttemptId,
    /// One step of a payment's history.
    PaymentEventId,
    /// One stored PayFast notification.
    ItnId,
    /// One durable background job.
    JobId,
    /// A sign-up that waits for its e-mail address to be confirmed.
    RegistrationId,
    /// A stored answer of an idempotent request.
    IdempotencyId,
    /// Credit that a customer can spend on a later invoice.
    CreditId,
    /// One write of a customer's plan and its paid-until date.
    PlanGrantId,
    CreditNoteId,
    /// A card that may be charged, or the wish to add one.
    PaymentMethodId,
    RefundId,
    /// One comparison of payments with PayFast's statement.
    ReconciliationId,
    /// One line of PayFast's statement.
    StatementLineId,
    /// One balanced set of postings in the books.
    LedgerTransactionId,
    /// One conversation.
    ThreadId,
    /// One message, card or result in a thread.
    ItemId,
    /// Given by the client to what it sends, so that sending twice has one effect.
    ClientMessageId,
    /// The run of one tab's sockets, which a new socket may continue.
    SocketSessionId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_the_lower_case_hyphenated_form() {
        let id = InvoiceId::parse("01929B7E7C1C70008000000000000001").unwrap();
        assert_eq!(id.to_string(), "01929b7e-7c1c-7000-8000-000000000001");
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"01929b7e-7c1c-7000-8000-000000000001\""
        );
        assert_eq!(
            serde_json::from_str::<InvoiceId>("\"01929b7e-7c1c-7000-8000-000000000001\"").unwrap(),
            id
        );
    }

    #[test]
    fn other_text_is_refused_by_name() {
        assert!(
            InvoiceId::parse("7")
                .unwrap_err()
                .to_string()
                .starts_with("`7` is not an id")
        );
    }
}
