//! What owners do with their saved cards; each change holds the account's row, so that one card is the default.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    FieldError, Page,
    audit::AuditAction,
    ids::{AccountId, PaymentMethodId},
    payment_methods::{
        CardUpdate, Expiry, MethodSetup, NewPaymentMethod, PaymentMethod, PaymentMethodChange, PaymentMethodKind,
        PaymentMethodStatus,
    },
};
use payfast::hosts;
use secrecy::ExposeSecret;

pub use super::store::MethodRow;
use super::{mails, rules, store, tokens};
use crate::{
    accounts,
    app::App,
    audit::{self, Entry, Origin, service::changed},
    auth::seal::{self, Use},
    clock,
    config::Config,
    db::{Conn, QueryResult},
    error::ApiError,
    idempotency::{self, Answer},
    jobs::{self, Job},
    limits::Quota,
    payments::service::{Buyer, Payer, find_payer},
};

/// How long a customer may take on PayFast's page.
const TIME_TO_SAVE: TimeDelta = TimeDelta::hours(24);

/// The cards of an account, the oldest first, removed ones left out.
pub async fn list(app: &App, account_id: AccountId) -> Result<Page<PaymentMethod>, ApiError> {
    let rows = app.db.read(move |conn| store::load_of(conn, account_id)).await?;
    let total = i64::try_from(rows.len()).unwrap_or_default();
    Ok(Page {
        items: rows.iter().map(PaymentMethod::from).collect(),
        next_cursor: None,
        total: Some(total),
        total_at_least: None,
    })
}

/// Writes the wish to save a card and gives the signed form; PayFast's notification brings the token.
pub async fn add(
    app: &App,
    buyer: Buyer,
    wish: NewPaymentMethod,
    key: Option<idempotency::Key>,
) -> Result<Answer, ApiError> {
    app.limits
        .check(Quota::Charge, &[buyer.account_id.as_str().into()])
        .await?;
    let now = app.clock.now();
    let label = rules::check_label(wish.label.as_deref().unwrap_or("Card"))?;
    let expiry = wish
        .expires
        .map(|expiry| rules::check_expiry(expiry, now))
        .transpose()?;
    let config = app.config.clone();
    let scope = idempotency::Scope::new(
        buyer.account_id,
        buyer.user_id,
        buyer.origin.api_key_id,
        "POST /payment-methods",
    );
    app.db
        .write(move |conn| {
            let start = |conn: &mut Conn| {
                lock(conn, buyer.account_id)?;
                if store::load_of(conn, buyer.account_id)?.len() >= rules::MOST_METHODS {
                    return Err(ApiError::conflict(format!(
                        "an account has at most {} cards; remove one first",
                        rules::MOST_METHODS
                    )));
                }
                let row = MethodRow {
                    id: clock::new_id(now),
                    account_id: buyer.account_id,
                    kind: PaymentMethodKind::Card,
                    status: PaymentMethodStatus::Pending,
                    label,
                    last_four: None,
                    expires_year: expiry.map(|expiry| expiry.year),
                    expires_month: expiry.map(|expiry| expiry.month),
                    is_default: false,
                    token: None,
                    token_hash: None,
                    warned_for: None,
                    created_by: Some(buyer.user_id),
                    created_at: now.naive_utc(),
                    updated_at: now.naive_utc(),
                    expires_at: Some((now + TIME_TO_SAVE).naive_utc()),
                    revoked_at: None,
                };
                let account =
                    accounts::service::find(conn, buyer.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
                let payer = find_payer(conn, &buyer, &account)?;
                let fields = signed_form(&config, &row, &payer)?;
                store::insert(conn, &row)?;
                record(conn, &buyer.origin, AuditAction::MethodAdded, None, &row, now)?;
                Ok(MethodSetup {
                    payment_method: (&row).into(),
                    process_url: format!("{}{}", config.payfast.process_base, hosts::PROCESS_PATH),
                    fields,
                })
            };
            match &key {
                Some(key) => idempotency::once(conn, &scope, key, &wish, 201, now, start),
                None => idempotency::Answer::fresh(201, &start(conn)?),
            }
        })
        .await
}

fn signed_form(config: &Config, row: &MethodRow, payer: &Payer) -> Result<Vec<(String, String)>, ApiError> {
    let page = |name: &str| config.http.url(&format!("/payment-methods/{}/{name}", row.id));
    let (return_url, cancel_url) = (page("return"), page("cancelled"));
    let notify_url = config.http.url("/api/v1/payments/payfast/itn");
    let m_payment_id = row.id.to_string();
    let fields = [
        ("merchant_id", config.payfast.merchant_id.as_str()),
        ("merchant_key", config.payfast.merchant_key.expose_secret()),
        ("return_url", &return_url),
        ("cancel_url", &cancel_url),
        ("notify_url", &notify_url),
        ("name_first", &payer.first_name),
        ("name_last", &payer.last_name),
        ("email_address", &payer.email),
        ("m_payment_id", &m_payment_id),
        ("amount", "0.00"),
        ("item_name", "CapeControl saved card"),
        // Tokenization: an agreement that we charge, without dates of its own.
        ("subscription_type", "2"),
    ];
    let fields: Vec<(&str, &str)> = fields
        .into_iter()
        .filter(|(name, value)| *name != "email_address" || value.len() <= 100)
        .collect();
    let form = payfast::checkout::sign(&fields, config.payfast.passphrase.as_ref()).map_err(ApiError::internal)?;
    Ok(form.into_fields())
}

/// Changes what its owner typed, or makes the card the default.
pub async fn change(
    app: &App,
    account_id: AccountId,
    id: PaymentMethodId,
    change: PaymentMethodChange,
    origin: Origin,
) -> Result<PaymentMethod, ApiError> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    let mut keep = |error: FieldError| errors.push(error);
    let label = change
        .label
        .as_deref()
        .map(rules::check_label)
        .transpose()
        .map_err(&mut keep);
    let last_four = change
        .last_four
        .as_deref()
        .map(rules::check_last_four)
        .transpose()
        .map_err(&mut keep);
    let expiry = change
        .expires
        .map(|expiry| rules::check_expiry(expiry, now))
        .transpose()
        .map_err(&mut keep);
    if change.is_default == Some(false) {
        let message = "Make another card the default instead; one always is.";
        keep(FieldError::new("is_default", "invalid", message));
    }
    let (Ok(label), Ok(last_four), Ok(expiry), true) = (label, last_four, expiry, errors.is_empty()) else {
        return Err(ApiError::invalid(errors));
    };
    app.db
        .write(move |conn| {
            lock(conn, account_id)?;
            let before = find_own(conn, account_id, id)?;
            let mut after = before.clone();
            after.label = label.unwrap_or(after.label);
            after.last_four = last_four.or(after.last_four);
            if let Some(expiry) = expiry {
                (after.expires_year, after.expires_month) = (Some(expiry.year), Some(expiry.month));
                if rules::is_usable(after.status) {
                    after.status = rules::active_status(Some(expiry), now);
                }
            }
            if change.is_default == Some(true) {
                if !rules::is_usable(after.status) {
                    return Err(ApiError::conflict("PayFast has not confirmed this card yet"));
                }
                store::clear_default(conn, account_id)?;
                after.is_default = true;
            }
            after.updated_at = now.naive_utc();
            store::update(conn, &after)?;
            record(conn, &origin, AuditAction::MethodChanged, Some(&before), &after, now)?;
            Ok((&after).into())
        })
        .await
}

/// Forgets a card; the worker cancels its token at PayFast after the commit.
pub async fn remove(app: &App, account_id: AccountId, id: PaymentMethodId, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            lock(conn, account_id)?;
            let row = find_own(conn, account_id, id)?;
            let others = store::load_of(conn, account_id)?;
            let has_other = others
                .iter()
                .any(|other| other.id != id && rules::is_usable(other.status));
            if row.is_default && has_other {
                return Err(ApiError::conflict(
                    "this is the default card; make another one the default first",
                ));
            }
            let mut after = revoked(&row, now);
            // Somebody decided so: a token that comes later is not wanted.
            after.expires_at = None;
            store::update(conn, &after)?;
            if let Some(sealed) = after.token.clone() {
                jobs::enqueue(
                    conn,
                    &Job::CancelToken {
                        payment_method_id: id,
                        sealed_token: sealed,
                    },
                    now,
                )?;
            }
            record(conn, &origin, AuditAction::MethodRemoved, Some(&row), &after, now)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.wake_worker();
    Ok(())
}

/// PayFast's own page on which the owner changes the card behind the token.
pub async fn card_update(app: &App, account_id: AccountId, id: PaymentMethodId) -> Result<CardUpdate, ApiError> {
    let row = app.db.read(move |conn| find_own(conn, account_id, id)).await?;
    let token = token_of(&app.config, &row)?;
    let back = app.config.http.url("/payment-methods");
    Ok(CardUpdate {
        url: hosts::card_update_url(&app.config.payfast.process_base, &token, &back),
    })
}

/// The token of a card that can be charged.
pub fn token_of(config: &Config, row: &MethodRow) -> Result<String, ApiError> {
    let sealed = match &row.token {
        Some(sealed) if rules::is_usable(row.status) => sealed,
        _ => return Err(ApiError::conflict("PayFast has not confirmed this card yet")),
    };
    seal::open_for(&config.secret_key, Use::CardToken, row.id.as_str(), sealed)
        .ok_or_else(|| ApiError::internal("the token of a card cannot be opened; was SECRET_KEY changed?"))
}

/// The card to charge: the one that is named, else the account's default.
pub fn find_chargeable(
    conn: &mut Conn,
    account_id: AccountId,
    id: Option<PaymentMethodId>,
) -> Result<MethodRow, ApiError> {
    match id {
        Some(id) => find_own(conn, account_id, id),
        None => store::load_of(conn, account_id)?
            .into_iter()
            .find(|row| row.is_default)
            .ok_or_else(|| FieldError::required("payment_method_id", "Save a card first; there is no default.").into()),
    }
}

/// The card that a payment was charged to; also one that was removed since.
pub fn find(conn: &mut Conn, id: PaymentMethodId) -> QueryResult<Option<MethodRow>> {
    store::find(conn, id)
}

pub(super) fn lock(conn: &mut Conn, account_id: AccountId) -> Result<(), ApiError> {
    accounts::service::find_locked(conn, account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
    Ok(())
}

fn find_own(conn: &mut Conn, account_id: AccountId, id: PaymentMethodId) -> Result<MethodRow, ApiError> {
    store::find(conn, id)?
        .filter(|row| row.account_id == account_id && row.status != PaymentMethodStatus::Revoked)
        .ok_or_else(|| ApiError::not_found("payment method"))
}

pub(super) fn revoked(row: &MethodRow, now: DateTime<Utc>) -> MethodRow {
    MethodRow {
        status: PaymentMethodStatus::Revoked,
        is_default: false,
        token_hash: None,
        updated_at: now.naive_utc(),
        revoked_at: Some(now.naive_utc()),
        ..row.clone()
    }
}

pub(super) fn record(
    conn: &mut Conn,
    origin: &Origin,
    action: AuditAction,
    before: Option<&MethodRow>,
    after: &MethodRow,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let expiry = |row: &MethodRow| row.expiry().map(|Expiry { year, month }| format!("{month:02}/{year}"));
    let yes_no = |row: &MethodRow| if row.is_default { "yes" } else { "no" };
    let (expired_before, expires) = (before.and_then(expiry), expiry(after));
    let entry = Entry {
        action,
        account_id: Some(after.account_id),
        subject_kind: "payment_method",
        subject_id: Some(after.id.as_str()),
        subject: &after.label,
        changes: changed([
            (
                "status",
                before.map(|row| row.status.as_str()),
                Some(after.status.as_str()),
            ),
            ("label", before.map(|row| row.label.as_str()), Some(&after.label)),
            (
                "last_four",
                before.and_then(|row| row.last_four.as_deref()),
                after.last_four.as_deref(),
            ),
            ("expires", expired_before.as_deref(), expires.as_deref()),
            ("default", before.map(yes_no), Some(yes_no(after))),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

/// Ends wishes whose day has passed.
pub fn keep_house(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    store::lapse(conn, now).map(drop)
}

/// Warns of cards that end soon, each once 30 and once 7 days before.
///
/// A transaction each, so that it waits for nobody with another card in its hands.
pub async fn warn_of_ending(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now();
    let methods_url = Arc::<str>::from(app.config.http.url("/payment-methods"));
    let [far, near] = rules::WARNED_AT.map(|days| rules::horizon(now, days));
    let due = app
        .db
        .read(move |conn| store::load_to_warn(conn, far, near, 500))
        .await?;
    for row in due {
        let methods_url = Arc::clone(&methods_url);
        app.db.write(move |conn| warn(conn, &row, &methods_url, now)).await?;
    }
    Ok(())
}

fn warn(conn: &mut Conn, row: &MethodRow, methods_url: &str, now: DateTime<Utc>) -> QueryResult<()> {
    let Some(expiry) = row.expiry() else { return Ok(()) };
    let Some(days) = rules::warning(expiry, now) else {
        return Ok(());
    };
    // Removed, renewed or warned of meanwhile: the owner does not want this mail.
    if !store::set_expiring(conn, row, &rules::warned_for(expiry, days), now)? {
        return Ok(());
    }
    if let Some(account) = accounts::service::find(conn, row.account_id)? {
        let last_four = row.last_four.as_deref();
        let mail = mails::expires_soon(&account.billing_email, &row.label, last_four, expiry, methods_url);
        jobs::enqueue(conn, &Job::Mail(mail), now)?;
    }
    Ok(())
}

/// Cancels a token at PayFast, for the job of a removal.
pub async fn cancel_token(app: &App, id: PaymentMethodId, sealed: String) -> Result<(), ApiError> {
    tokens::cancel(app, id, sealed).await
}
