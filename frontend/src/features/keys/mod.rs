//! API keys: what they are, making one, a new secret, and ending one. For owners.

mod create;
mod list;
mod secret;

use common::{
    Endpoint,
    api_keys::{ApiKey, ApiKeySecret, ApiScope},
};
use serde::Deserialize;

use crate::{
    api::{self, Failure},
    chunk::pages,
    text::t,
};

pages! { company: list => list::KeysPage }

/// The part of [`ApiKeySecret`] that is not the key.
#[derive(Deserialize)]
struct SecretOnly {
    secret: String,
}

/// Asks for a secret. The answer is read in two parts: serde's code for both at once would be a tenth of the page.
async fn ask_secret<E>(parameters: &[&str], request: &E::Request) -> Result<ApiKeySecret, Failure>
where
    E: Endpoint<Response = ApiKeySecret>,
{
    read_secret(&api::ask::<E>(parameters, request).await?)
}

fn read_secret(text: &str) -> Result<ApiKeySecret, Failure> {
    let key: ApiKey = api::from_json(text)?;
    let SecretOnly { secret } = api::from_json(text)?;
    Ok(ApiKeySecret { key, secret })
}

/// What a scope allows, in a few words.
fn scope_name(scope: ApiScope) -> &'static str {
    let texts = t().keys;
    match scope {
        ApiScope::AccountRead => texts.account_read,
        ApiScope::AccountWrite => texts.account_write,
        ApiScope::InvoicesRead => texts.invoices_read,
        ApiScope::PaymentsRead => texts.payments_read,
        ApiScope::PaymentsWrite => texts.payments_write,
    }
}

/// What exactly it opens.
fn scope_rights(scope: ApiScope) -> &'static str {
    let texts = t().keys;
    match scope {
        ApiScope::AccountRead => texts.account_read_more,
        ApiScope::AccountWrite => texts.account_write_more,
        ApiScope::InvoicesRead => texts.invoices_read_more,
        ApiScope::PaymentsRead => texts.payments_read_more,
        ApiScope::PaymentsWrite => texts.payments_write_more,
    }
}
