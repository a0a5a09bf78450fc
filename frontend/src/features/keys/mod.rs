//! API keys: what they are, making one, a new secret, and ending one. For owners.

mod create;
mod list;
mod secret;

use common::api_keys::ApiScope;

use crate::{chunk::pages, text::t};

pages! { keys: list => list::KeysPage }

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
