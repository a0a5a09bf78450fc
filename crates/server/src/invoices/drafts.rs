//! Drafts of staff: written, changed and thrown away, one editor after the other.

use chrono::{DateTime, Utc};
use common::{
    Currency, ErrorCode, FieldError,
    audit::AuditAction,
    ids::{InvoiceId, UserId},
    invoices::{Invoice, InvoiceChange, InvoiceStatus, NewInvoice},
    money::format_money,
};

use super::{
    lines,
    rules::Event,
    service::document,
    states,
    store::{self, InvoiceRow, LineRow},
};
use crate::{
    accounts::{self, service::AccountRow},
    app::App,
    audit::{self, Entry, Origin, service::changed},
    clock,
    config::Supplier,
    db::{Conn, QueryResult},
    error::ApiError,
    http::IfMatch,
    idempotency::{self, Answer},
};

/// Days from finalise to the due date when nobody says.
const DUE_DAYS: u16 = 7;
const DUE_DAYS_MAX: u16 = 90;

/// Somebody of the staff, and the key that keeps a repeated request from doing its work twice.
pub struct Staff {
    pub user_id: UserId,
    pub origin: Origin,
    pub key: Option<idempotency::Key>,
}

impl Staff {
    /// Does `work`, once for a key of the account that the invoice belongs to; call it inside `Db::write`.
    pub(super) fn once(
        &self,
        conn: &mut Conn,
        invoice: &InvoiceRow,
        route: &str,
        request: &impl serde::Serialize,
        now: DateTime<Utc>,
        work: impl FnOnce(&mut Conn) -> Result<Invoice, ApiError>,
    ) -> Result<Answer, ApiError> {
        let route = format!("{route} {}", invoice.id);
        self.once_in(conn, invoice.account_id, &route, request, 200, now, work)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place for what every change of staff needs"
    )]
    fn once_in(
        &self,
        conn: &mut Conn,
        account_id: common::ids::AccountId,
        route: &str,
        request: &impl serde::Serialize,
        status: u16,
        now: DateTime<Utc>,
        work: impl FnOnce(&mut Conn) -> Result<Invoice, ApiError>,
    ) -> Result<Answer, ApiError> {
        match &self.key {
            Some(key) => {
                let scope = idempotency::Scope::new(account_id, self.user_id, None, route);
                idempotency::once(conn, &scope, key, request, status, now, work)
            }
            None => Ok(Answer {
                status,
                body: serde_json::to_string(&work(conn)?).map_err(ApiError::internal)?,
                is_replayed: false,
            }),
        }
    }
}

/// Writes a new draft for an account.
pub async fn create(app: &App, staff: Staff, new: NewInvoice) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    let supplier = app.config.supplier.clone();
    let checked = check(Some(&new.lines), new.due_days)?;
    app.db
        .write(move |conn| {
            let account = accounts::service::find(conn, new.account_id)?
                .ok_or_else(|| FieldError::new("account_id", "unknown", "There is no such account."))?;
            let route = "POST /invoices";
            staff.once_in(conn, account.id, route, &new, 201, now, |conn| {
                let due_days = new.due_days.unwrap_or(DUE_DAYS);
                let mut invoice = empty(&account, &supplier, due_days, now);
                let rows = lines::price(&mut invoice, &checked, now)?;
                invoice.search_text = lines::search_text(&invoice, &rows);
                store::insert(conn, &invoice, &rows)?;
                record(
                    conn,
                    AuditAction::InvoiceDrafted,
                    None,
                    Some(&invoice),
                    &staff.origin,
                    now,
                )?;
                document(conn, invoice)
            })
        })
        .await
}

/// Lines and days as they were sent, every wrong field named at once.
fn check(
    drafts: Option<&[common::invoices::LineDraft]>,
    due_days: Option<u16>,
) -> Result<Vec<lines::CheckedLine>, ApiError> {
    let checked = lines::check(drafts.unwrap_or_default());
    let days = match due_days {
        Some(days) if days > DUE_DAYS_MAX => Some(FieldError::new(
            "due_days",
            "out_of_range",
            format!("Use 0 to {DUE_DAYS_MAX} days."),
        )),
        _ => None,
    };
    match (checked, days) {
        (Ok(lines), None) => Ok(lines),
        (checked, days) => Err(ApiError::invalid(
            checked.err().into_iter().flatten().chain(days).collect(),
        )),
    }
}

fn empty(account: &AccountRow, supplier: &Supplier, due_days: u16, now: DateTime<Utc>) -> InvoiceRow {
    let mut invoice = InvoiceRow {
        id: clock::new_id(now),
        account_id: account.id,
        number: None,
        status: InvoiceStatus::Draft,
        title: String::new(),
        currency: Currency::Zar,
        subtotal_minor: 0,
        vat_minor: 0,
        total_minor: 0,
        amount_paid_minor: 0,
        product_code: None,
        description: String::new(),
        supplier_name: String::new(),
        supplier_address: String::new(),
        supplier_vat_number: None,
        customer_name: String::new(),
        customer_address: None,
        customer_vat_number: None,
        customer_email: String::new(),
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        issued_at: None,
        due_at: None,
        paid_at: None,
        credited_minor: 0,
        returned_minor: 0,
        version: 1,
        due_days: due_days.into(),
        sent_at: None,
        original_taken_at: None,
        document_sha256: None,
        search_text: String::new(),
    };
    name_parties(&mut invoice, account, supplier);
    invoice
}

/// Writes both parties into the document as they are now.
pub(super) fn name_parties(invoice: &mut InvoiceRow, account: &AccountRow, supplier: &Supplier) {
    let charges_vat = supplier.vat_number.is_some();
    invoice.title = if charges_vat { "Tax invoice" } else { "Invoice" }.to_owned();
    invoice.supplier_name = supplier.name.clone();
    invoice.supplier_address = supplier.address.clone();
    invoice.supplier_vat_number = supplier.vat_number.clone();
    invoice.customer_name = account.company_name.clone();
    invoice.customer_address = account
        .address()
        .map(|address| serde_json::to_string(&address).expect("an address holds only text"));
    invoice.customer_vat_number = account.vat_number.clone();
    invoice.customer_email = account.billing_email.clone();
}

/// The invoice that an editor means, held until the transaction ends; 412 when somebody was faster.
pub(super) fn find_meant(
    conn: &mut Conn,
    id: InvoiceId,
    event: Event,
    if_match: &IfMatch,
) -> Result<InvoiceRow, ApiError> {
    let invoice = states::lock(conn, id)?;
    // What cannot be changed at all is said first.
    states::check(&invoice, event)?;
    if !if_match.allows(invoice.version) {
        let at = (invoice.updated_at.and_utc() + states::SOUTH_AFRICA).format("%H:%M:%S on %-d %b %Y");
        return Err(ApiError::new(
            ErrorCode::PreconditionFailed,
            format!(
                "this draft was changed at {at}, and is version {} now; load it again before you change it",
                invoice.version
            ),
        ));
    }
    Ok(invoice)
}

/// Changes a draft; what is absent stays.
pub async fn change(
    app: &App,
    id: InvoiceId,
    if_match: IfMatch,
    change: InvoiceChange,
    origin: Origin,
) -> Result<Invoice, ApiError> {
    if if_match == IfMatch::Absent {
        return Err(ApiError::new(
            ErrorCode::PreconditionRequired,
            "say which version you change: send its ETag in the header If-Match",
        ));
    }
    let now = app.clock.now();
    let supplier = app.config.supplier.clone();
    let checked = check(change.lines.as_deref(), change.due_days)?;
    app.db
        .write(move |conn| {
            let before = find_meant(conn, id, Event::Edit, &if_match)?;
            let account =
                accounts::service::find(conn, before.account_id)?.ok_or_else(|| ApiError::not_found("account"))?;
            let stored = store::load_lines(conn, id)?;
            let checked = match change.lines {
                Some(_) => checked,
                None => lines::of_rows(&stored),
            };
            let mut draft = before.clone();
            name_parties(&mut draft, &account, &supplier);
            draft.due_days = change.due_days.map_or(before.due_days, i32::from);
            let rows = lines::price(&mut draft, &checked, now)?;
            draft.search_text = lines::search_text(&draft, &rows);
            store::replace_lines(conn, id, &rows)?;
            let guards = before.guards(0);
            let after = states::step(conn, &before, Event::Edit, &guards, now, |row| *row = draft)?;
            let is_rewritten = says(&stored) != says(&rows);
            record_change(conn, &before, &after, is_rewritten, &origin, now)?;
            document(conn, after)
        })
        .await
}

/// What the lines say, without their ids.
fn says(rows: &[LineRow]) -> Vec<(&str, &str, i64, &str)> {
    rows.iter()
        .map(|row| {
            (
                row.description.as_str(),
                row.quantity.as_str(),
                row.unit_price_minor,
                row.vat_rate.as_str(),
            )
        })
        .collect()
}

/// Throws a draft away; only the audit log remembers it.
pub async fn delete(app: &App, id: InvoiceId, if_match: IfMatch, origin: Origin) -> Result<(), ApiError> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let invoice = find_meant(conn, id, Event::Delete, &if_match)?;
            store::delete(conn, id)?;
            record(conn, AuditAction::InvoiceDeleted, Some(&invoice), None, &origin, now)?;
            Ok(())
        })
        .await
}

/// A line of the log; a draft is no business of its customer, so it stands in no account's log.
fn record(
    conn: &mut Conn,
    action: AuditAction,
    before: Option<&InvoiceRow>,
    after: Option<&InvoiceRow>,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let Some(invoice) = after.or(before) else { return Ok(()) };
    let total = |row: Option<&InvoiceRow>| row.map(|row| format_money(row.money(row.total_minor)));
    let (total_before, total_after) = (total(before), total(after));
    let entry = Entry {
        action,
        account_id: None,
        subject_kind: "invoice",
        subject_id: Some(invoice.id.as_str()),
        subject: subject(invoice),
        changes: changed([
            (
                "customer",
                before.map(|row| row.customer_name.as_str()),
                after.map(|row| row.customer_name.as_str()),
            ),
            ("total", total_before.as_deref(), total_after.as_deref()),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

fn record_change(
    conn: &mut Conn,
    before: &InvoiceRow,
    after: &InvoiceRow,
    is_rewritten: bool,
    origin: &Origin,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let total = |row: &InvoiceRow| format_money(row.money(row.total_minor));
    let entry = Entry {
        action: AuditAction::InvoiceChanged,
        account_id: None,
        subject_kind: "invoice",
        subject_id: Some(after.id.as_str()),
        subject: subject(after),
        changes: changed([
            (
                "version",
                Some(&before.version.to_string()),
                Some(&after.version.to_string()),
            ),
            ("lines", None, Some("rewritten").filter(|_| is_rewritten)),
            ("total", Some(&total(before)), Some(&total(after))),
            (
                "due_days",
                Some(&before.due_days.to_string()),
                Some(&after.due_days.to_string()),
            ),
        ]),
    };
    audit::record(conn, origin, &entry, now)
}

fn subject(invoice: &InvoiceRow) -> &str {
    match invoice.description.as_str() {
        "" => "empty draft",
        description => description,
    }
}
