//! Decisions about accounts; each change runs in the caller's transaction.

use chrono::{DateTime, Utc};
use common::{
    FieldError,
    accounts::{Account, AccountChange, AccountMatch, AccountRole, AccountSummary, Address, PlanGrant},
    audit::AuditAction,
    ids::{AccountId, PaymentId, UserId},
    plans::ProductCode,
    validate::{NAME_MAX_CHARS, Name, line, vat_number},
};

pub use super::store::AccountRow;
use super::{
    rules,
    store::{self, NewGrant},
};
use crate::{
    app::App,
    audit::{self, Entry, Origin, service::changed},
    clock,
    db::{Conn, QueryResult},
    error::ApiError,
    members, plans,
};

/// Opens an account with `user_id` as its owner.
pub fn open_for(
    conn: &mut Conn,
    origin: &Origin,
    user_id: UserId,
    company_name: &str,
    billing_email: &str,
    now: DateTime<Utc>,
) -> QueryResult<AccountId> {
    let id = clock::new_id(now);
    store::insert(conn, id, company_name, billing_email, now)?;
    members::service::add(conn, id, user_id, AccountRole::Owner, now)?;
    let entry = Entry {
        action: AuditAction::AccountOpened,
        account_id: Some(id),
        subject_kind: "account",
        subject_id: Some(id.as_str()),
        subject: company_name,
        changes: changed([("owner", None, Some(billing_email))]),
    };
    audit::record(conn, origin, &entry, now)?;
    Ok(id)
}

/// The accounts of a person with their role in each.
pub fn memberships(conn: &mut Conn, user_id: UserId) -> QueryResult<Vec<(AccountId, AccountRole)>> {
    members::service::memberships(conn, user_id)
}

pub fn summaries(conn: &mut Conn, user_id: UserId, now: DateTime<Utc>) -> QueryResult<Vec<AccountSummary>> {
    let mut summaries = Vec::new();
    for (id, role) in members::service::memberships(conn, user_id)? {
        if let Some(row) = store::find(conn, id)? {
            let plan = plan_of(conn, id, now)?;
            summaries.push(AccountSummary {
                id,
                role,
                plan,
                company_name: row.company_name,
            });
        }
    }
    Ok(summaries)
}

fn plan_of(conn: &mut Conn, id: AccountId, now: DateTime<Utc>) -> QueryResult<PlanGrant> {
    let (code, paid_until) = rules::current_plan(&store::load_grants(conn, id, now)?, now);
    Ok(PlanGrant {
        code,
        name: plans::rules::product(code).name.to_owned(),
        paid_until,
    })
}

/// The account with its billing details, for forms and documents.
pub fn find(conn: &mut Conn, id: AccountId) -> QueryResult<Option<AccountRow>> {
    store::find(conn, id)
}

/// Reads the account and holds its row until the transaction ends, so that changes follow one another.
pub fn find_locked(conn: &mut Conn, id: AccountId) -> QueryResult<Option<AccountRow>> {
    store::lock(conn, id)?;
    store::find(conn, id)
}

/// As many as a list below a field shows.
const MOST_MATCHES: i64 = 8;
const SEARCH_CHARS: std::ops::RangeInclusive<usize> = 3..=100;

/// Accounts that staff look for.
pub async fn search(app: &App, text: &str) -> Result<Vec<AccountMatch>, ApiError> {
    let text = text.trim().to_owned();
    if !SEARCH_CHARS.contains(&text.chars().count()) {
        let error = FieldError::new("search", "out_of_range", "Enter 3 to 100 characters.");
        return Err(ApiError::invalid(vec![error]));
    }
    let rows = app
        .db
        .read(move |conn| Ok::<_, ApiError>(store::search(conn, &text, MOST_MATCHES)?))
        .await?;
    let found = |row: AccountRow| AccountMatch {
        id: row.id,
        company_name: row.company_name,
        billing_email: row.billing_email,
    };
    Ok(rows.into_iter().map(found).collect())
}

pub async fn load(app: &App, id: AccountId, role: AccountRole) -> Result<Account, ApiError> {
    let now = app.clock.now();
    app.db.read(move |conn| account(conn, id, role, now)).await
}

fn account(conn: &mut Conn, id: AccountId, role: AccountRole, now: DateTime<Utc>) -> Result<Account, ApiError> {
    let row = store::find(conn, id)?.ok_or_else(|| ApiError::not_found("account"))?;
    let plan = plan_of(conn, id, now)?;
    Ok(Account {
        id,
        role,
        plan,
        billing_address: row.address(),
        created_at: row.created_at.and_utc(),
        company_name: row.company_name,
        vat_number: row.vat_number,
        billing_email: row.billing_email,
    })
}

/// Changes billing details; documents that exist keep what they say.
pub async fn change(
    app: &App,
    id: AccountId,
    role: AccountRole,
    change: AccountChange,
    origin: Origin,
) -> Result<Account, ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            // Two changes at once follow one another: each keeps what the other changed.
            let row = find_locked(conn, id)?.ok_or_else(|| ApiError::not_found("account"))?;
            let mut errors = Vec::new();
            let company_name = match &change.company_name {
                None => Some(row.company_name.clone()),
                Some(text) => {
                    keep(&mut errors, Name::parse("company_name", text, "the company's name")).map(Name::into_string)
                }
            };
            let vat_number = match &change.vat_number {
                None => Some(row.vat_number.clone()),
                Some(text) => keep(
                    &mut errors,
                    vat_number("vat_number", text.as_deref().unwrap_or_default()),
                ),
            };
            let address = match &change.billing_address {
                None => Some(row.address()),
                Some(None) => Some(None),
                Some(Some(address)) => check_address(&mut errors, address).map(Some),
            };
            let (Some(company_name), Some(vat_number), Some(address), true) =
                (company_name, vat_number, address, errors.is_empty())
            else {
                return Err(ApiError::invalid(errors));
            };
            store::update_details(conn, id, &company_name, vat_number.as_deref(), address.as_ref())?;
            let changes = changed([
                ("company_name", Some(&row.company_name), Some(&company_name)),
                ("vat_number", row.vat_number.as_deref(), vat_number.as_deref()),
                (
                    "billing_address",
                    row.address().map(|address| one_line(&address)).as_deref(),
                    address.as_ref().map(one_line).as_deref(),
                ),
            ]);
            if !changes.is_empty() {
                let entry = Entry {
                    action: AuditAction::AccountChanged,
                    account_id: Some(id),
                    subject_kind: "account",
                    subject_id: Some(id.as_str()),
                    subject: &company_name,
                    changes,
                };
                audit::record(conn, &origin, &entry, now)?;
            }
            account(conn, id, role, now)
        })
        .await
}

fn one_line(address: &Address) -> String {
    let line2 = address.line2.as_deref();
    let parts = [
        Some(address.line1.as_str()),
        line2,
        Some(&address.city),
        Some(&address.postal_code),
        Some(&address.country),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn check_address(errors: &mut Vec<FieldError>, address: &Address) -> Option<Address> {
    let mut part = |name: &str, text: &str, max: usize, what: &str| {
        let field = format!("billing_address.{name}");
        let parsed = line(&field, text, max)
            .and_then(|text| text.ok_or_else(|| FieldError::required(&field, &format!("Enter {what}."))));
        keep(errors, parsed)
    };
    let line1 = part("line1", &address.line1, NAME_MAX_CHARS, "the street and number");
    let city = part("city", &address.city, NAME_MAX_CHARS, "the town or city");
    let postal_code = part("postal_code", &address.postal_code, 12, "the postal code");
    let country = part("country", &address.country, 2, "the country");
    let line2 = keep(
        errors,
        line(
            "billing_address.line2",
            address.line2.as_deref().unwrap_or_default(),
            NAME_MAX_CHARS,
        ),
    );
    let country = country.map(|code| code.to_ascii_uppercase());
    if country
        .as_ref()
        .is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        errors.push(FieldError::new(
            "billing_address.country",
            "invalid",
            "Use the two letters of the country, such as ZA.",
        ));
    }
    Some(Address {
        line1: line1?,
        line2: line2?,
        city: city?,
        postal_code: postal_code?,
        country: country?,
    })
}

fn keep<T>(errors: &mut Vec<FieldError>, result: Result<T, FieldError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// What a payment bought for an account.
pub struct BoughtPlan {
    pub account_id: AccountId,
    pub payment_id: PaymentId,
    pub code: ProductCode,
}

/// Gives the account what was bought; a second call for the same payment changes nothing.
///
/// Nothing that was paid for is lost: the new time begins after what is left on the same or a higher plan.
pub fn grant_plan(conn: &mut Conn, bought: &BoughtPlan, origin: &Origin, now: DateTime<Utc>) -> QueryResult<bool> {
    let &BoughtPlan {
        account_id,
        payment_id,
        code,
    } = bought;
    store::lock(conn, account_id)?;
    let starts_at = rules::starts_at(&store::load_grants(conn, account_id, now)?, code, now);
    let product = plans::rules::product(code);
    let ends_at = product.ends_after(starts_at);
    let grant = NewGrant {
        id: clock::new_id(now),
        account_id,
        payment_id,
        product_code: code,
        starts_at,
        ends_at,
        now,
    };
    let is_new = store::insert_grant(conn, &grant)?;
    if is_new {
        let day = |at: DateTime<Utc>| at.date_naive().to_string();
        let ends_at = ends_at.map(day);
        let entry = Entry {
            action: AuditAction::PlanGranted,
            account_id: Some(account_id),
            subject_kind: "payment",
            subject_id: Some(payment_id.as_str()),
            subject: &product.title(),
            changes: changed([
                ("starts_at", None, Some(&day(starts_at))),
                ("ends_at", None, ends_at.as_deref()),
            ]),
        };
        audit::record(conn, origin, &entry, now)?;
    }
    Ok(is_new)
}
