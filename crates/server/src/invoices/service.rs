//! Decisions about invoices; each change runs in the caller's transaction.

use chrono::{DateTime, Utc};
use common::{
    Currency, Money,
    ids::{AccountId, CreditNoteId, InvoiceId, UserId},
    invoices::{AppliedPayment, Invoice, InvoiceStatus},
    plans::ProductCode,
};

use super::{
    credit_notes, issue, money,
    pdf::{self, Issue, WaysToPay},
    rules::{self, Event},
    seal, states,
    store::{self, LineRow},
};
pub use super::{credit_notes::CreditNoteRow, store::InvoiceRow};
use crate::{
    accounts::service::AccountRow,
    app::App,
    audit::Origin,
    books::{self, rules::Leg},
    clock,
    config::Supplier,
    db::{Conn, QueryResult},
    error::ApiError,
    payments, plans, search,
};

/// Writes the frozen draft of a plan purchase: it gets its number when the money is there.
pub fn draft_purchase(
    conn: &mut Conn,
    account: &AccountRow,
    supplier: &Supplier,
    code: ProductCode,
    now: DateTime<Utc>,
) -> Result<InvoiceRow, ApiError> {
    let product = plans::rules::product(code);
    let charges_vat = supplier.vat_number.is_some();
    let split = rules::split_price(product.price, charges_vat);
    let description = product.title();
    let invoice = InvoiceRow {
        id: clock::new_id(now),
        account_id: account.id,
        number: None,
        status: InvoiceStatus::Draft,
        title: if charges_vat { "Tax invoice" } else { "Invoice" }.to_owned(),
        currency: Currency::Zar,
        subtotal_minor: split.net.minor,
        vat_minor: split.vat.minor,
        total_minor: product.price.minor,
        amount_paid_minor: 0,
        product_code: Some(code),
        description: description.clone(),
        supplier_name: supplier.name.clone(),
        supplier_address: supplier.address.clone(),
        supplier_vat_number: supplier.vat_number.clone(),
        customer_name: account.company_name.clone(),
        customer_address: account
            .address()
            .map(|address| serde_json::to_string(&address).expect("an address holds only text")),
        customer_vat_number: account.vat_number.clone(),
        customer_email: account.billing_email.clone(),
        created_at: now.naive_utc(),
        updated_at: now.naive_utc(),
        issued_at: None,
        due_at: None,
        paid_at: None,
        credited_minor: 0,
        returned_minor: 0,
        version: 1,
        due_days: 0,
        sent_at: None,
        original_taken_at: None,
        document_sha256: None,
        search_text: search::fold([account.company_name.as_str(), &description]),
    };
    let line = LineRow {
        id: clock::new_id(now),
        invoice_id: invoice.id,
        position: 1,
        description,
        quantity: "1".to_owned(),
        unit_price_minor: split.net.minor,
        vat_rate: if charges_vat {
            rules::VAT_PERCENT.to_string()
        } else {
            "0".to_owned()
        },
        net_minor: split.net.minor,
        vat_minor: split.vat.minor,
        total_minor: product.price.minor,
    };
    store::insert(conn, &invoice, &[line])?;
    Ok(invoice)
}

/// The invoice if it belongs to the account and is for its eyes.
pub fn find_own(conn: &mut Conn, id: InvoiceId, account_id: AccountId) -> Result<InvoiceRow, ApiError> {
    store::find(conn, id)?
        .filter(|invoice| invoice.account_id == account_id && invoice.is_public())
        .ok_or_else(|| ApiError::not_found("invoice"))
}

/// Reads the invoice and holds its row until the transaction ends.
pub fn find_locked(conn: &mut Conn, id: InvoiceId) -> Result<InvoiceRow, ApiError> {
    states::lock(conn, id)
}

/// What a credit note can still give back of a paid invoice; nothing while it is owed, since a note lowers the debt
/// first.
pub fn creditable_minor(invoice: &InvoiceRow) -> i64 {
    match invoice.status {
        InvoiceStatus::Paid => invoice.guards(0).creditable_minor(),
        _ => 0,
    }
}

/// The same, held until the transaction ends.
pub fn find_own_locked(conn: &mut Conn, id: InvoiceId, account_id: AccountId) -> Result<InvoiceRow, ApiError> {
    let found = find_own(conn, id, account_id)?;
    states::lock(conn, found.id)
}

/// Whether the account has any invoice or draft.
pub fn has_any(conn: &mut Conn, account_id: AccountId) -> QueryResult<bool> {
    store::has_any(conn, account_id)
}

/// Who reads invoices.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Whose invoices; `None` for staff who named no account.
    pub account_id: Option<AccountId>,
    pub user_id: UserId,
    /// Staff see drafts of their own making too.
    pub is_staff: bool,
}

impl Reader {
    pub fn sees(&self, row: &InvoiceRow) -> bool {
        self.account_id.is_none_or(|account| account == row.account_id) && (self.is_staff || row.is_public())
    }
}

/// What became of a payment's money.
pub struct Settlement {
    pub invoice: InvoiceRow,
    /// What the invoice owed before.
    pub before: Standing,
    pub applied: Money,
    /// Money that the invoice did not take.
    pub excess: Money,
}

/// How an invoice stood before a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: InvoiceStatus,
    pub balance_minor: i64,
}

impl Settlement {
    /// The payment finalised the frozen draft of a purchase: its issue is to be posted too.
    pub fn issued(&self) -> bool {
        self.before.status == InvoiceStatus::Draft && self.invoice.status != InvoiceStatus::Draft
    }

    /// The VAT in the applied part of an invoice that had been written off: it is owed again.
    pub fn written_off_vat_minor(&self) -> Option<i64> {
        let balance = self.before.balance_minor;
        let given_up = || money::given_up(&self.invoice, balance - self.applied.minor, balance);
        (self.before.status == InvoiceStatus::Uncollectible).then(|| given_up().vat.minor)
    }
}

/// Applies `paid` to the invoice: finalises a purchase's draft with its number and pays it, in one step.
///
/// Posts nothing: the caller does, last in its transaction, with [`post_issue`] when the payment issued it.
pub fn settle(
    conn: &mut Conn,
    id: InvoiceId,
    paid: Money,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<Settlement, ApiError> {
    let invoice = states::lock(conn, id)?;
    let guards = invoice.guards(paid.minor);
    let settlement = rules::settle(invoice.status, &guards);
    let before = Standing {
        status: invoice.status,
        balance_minor: invoice.balance_minor(),
    };
    let applied = invoice.money(settlement.applied_minor);
    let excess = invoice.money(settlement.excess_minor);
    if settlement.status.is_none() {
        return Ok(Settlement {
            invoice,
            before,
            applied,
            excess,
        });
    }
    let issued = match invoice.status {
        InvoiceStatus::Draft => Some(issue::numbered(conn, &invoice, now)?),
        _ => None,
    };
    let after = states::step(conn, &invoice, Event::PaymentApplied, &guards, now, |row| {
        if let Some(issued) = issued {
            *row = issued;
        }
        row.amount_paid_minor += applied.minor;
    })?;
    if invoice.status == InvoiceStatus::Draft {
        issue::record(conn, &after, before.status, origin, now)?;
    }
    Ok(Settlement {
        invoice: after,
        before,
        applied,
        excess,
    })
}

/// Takes back what a payment had brought: the invoice is open again, or stays written off.
///
/// The answer is the invoice and the legs by which more is owed; the caller writes the books and the audit log.
pub fn take_back(
    conn: &mut Conn,
    id: InvoiceId,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(InvoiceRow, Vec<Leg>), ApiError> {
    let before = states::lock(conn, id)?;
    let guards = before.guards(amount.minor);
    let after = states::step(conn, &before, Event::PaymentReversed, &guards, now, |row| {
        row.amount_paid_minor -= amount.minor;
    })?;
    Ok((after, money::owed_more(&before, amount.minor)))
}

/// Seals a document that has its number and dates; for those from before there were seals.
pub fn seal_document(conn: &mut Conn, invoice: &mut InvoiceRow) -> QueryResult<()> {
    let lines = store::load_lines(conn, invoice.id)?;
    let hash = seal::document_hash(invoice, &lines);
    store::set_seal(conn, invoice.id, &hash)?;
    invoice.document_sha256 = Some(hash);
    Ok(())
}

/// Writes the issue of an invoice into the books; call it at the end of the transaction that issues it.
pub fn post_issue(conn: &mut Conn, invoice: &InvoiceRow, now: DateTime<Utc>) -> Result<(), ApiError> {
    let number = invoice.number.as_deref().unwrap_or_default();
    let legs = books::entries::invoice_issued(invoice.subtotal_minor, invoice.vat_minor);
    if legs.is_empty() {
        // A document of nothing moves no money.
        return Ok(());
    }
    let entry = books::service::Entry {
        kind: "invoice_issued",
        source: &format!("invoice:{}", invoice.id),
        account_id: Some(invoice.account_id),
        invoice_id: Some(invoice.id),
        description: &format!("{number} issued to {}", invoice.customer_name),
        currency: invoice.currency,
        legs: &legs,
    };
    books::service::post(conn, &entry, now)
}

/// One invoice with its lines and payments; another account's is not found.
pub async fn load(app: &App, id: InvoiceId, reader: Reader) -> Result<Invoice, ApiError> {
    app.db
        .read(move |conn| {
            let row = find_for(conn, id, reader)?;
            document(conn, row)
        })
        .await
}

fn find_for(conn: &mut Conn, id: InvoiceId, reader: Reader) -> Result<InvoiceRow, ApiError> {
    store::find(conn, id)?
        .filter(|row| reader.sees(row))
        .ok_or_else(|| ApiError::not_found("invoice"))
}

/// One invoice as staff, or somebody of its account, get it after a change.
pub fn details(conn: &mut Conn, id: InvoiceId, account_id: Option<AccountId>) -> Result<Invoice, ApiError> {
    let row = store::find(conn, id)?
        .filter(|row| account_id.is_none_or(|account| account == row.account_id))
        .ok_or_else(|| ApiError::not_found("invoice"))?;
    document(conn, row)
}

/// The invoice as the API tells it.
pub fn document(conn: &mut Conn, row: InvoiceRow) -> Result<Invoice, ApiError> {
    let id = row.id;
    let lines = store::load_lines(conn, id)?;
    let payments: Vec<AppliedPayment> = payments::service::applied_to(conn, &row)?;
    let notes = credit_notes::store::load_of(conn, id)?;
    Ok(Invoice {
        summary: (&row).into(),
        title: row.title.clone(),
        supplier: row.supplier(),
        customer: row.customer(),
        lines: lines.into_iter().map(|line| line.into_line(row.currency)).collect(),
        payments,
        credit_notes: notes.iter().map(CreditNoteRow::note).collect(),
        product_code: row.product_code,
        due_days: u16::try_from(row.due_days).unwrap_or_default(),
        version: row.version,
        sent_at: row.sent_at.map(|at| at.and_utc()),
    })
}

/// How a request came for a file: HEAD changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    Get,
    Head,
}

/// A document as a file.
pub struct DocumentPdf {
    pub number: String,
    pub bytes: Vec<u8>,
}

/// Writes the PDF of an invoice that [`load`] finds; a draft has none. The first one that is fetched is the original.
pub async fn render_pdf(app: &App, id: InvoiceId, reader: Reader, fetch: Fetch) -> Result<DocumentPdf, ApiError> {
    let now = app.clock.now();
    let (row, invoice) = app
        .db
        .read(move |conn| {
            let row = find_for(conn, id, reader)?;
            Ok::<_, ApiError>((row.clone(), document(conn, row)?))
        })
        .await?;
    // The law's COPY is for reprints: one request alone takes the original, and only when it may still be there.
    let issue = match fetch {
        Fetch::Get if row.status != InvoiceStatus::Draft && row.original_taken_at.is_none() => {
            let taken = app.db.write(move |conn| store::take_original(conn, id, now)).await?;
            Issue::of_taking(taken)
        }
        _ => Issue::of_taking(row.original_taken_at.is_none()),
    };
    let ways = ways_to_pay(app, id);
    written(row.number, move || pdf::render(&invoice, &ways, issue)).await
}

/// The same of a credit note.
pub async fn render_credit_note_pdf(
    app: &App,
    id: CreditNoteId,
    reader: Reader,
    fetch: Fetch,
) -> Result<DocumentPdf, ApiError> {
    let now = app.clock.now();
    let (note, invoice) = app
        .db
        .read(move |conn| {
            let not_found = || ApiError::not_found("credit note");
            let note = credit_notes::store::find(conn, id)?.ok_or_else(not_found)?;
            let row = store::find(conn, note.invoice_id)?
                .filter(|row| reader.sees(row))
                .ok_or_else(not_found)?;
            Ok::<_, ApiError>((note, document(conn, row)?))
        })
        .await?;
    let issue = match fetch {
        Fetch::Get if note.original_taken_at.is_none() => {
            let take = move |conn: &mut Conn| credit_notes::store::take_original(conn, id, now);
            Issue::of_taking(app.db.write(take).await?)
        }
        _ => Issue::of_taking(note.original_taken_at.is_none()),
    };
    let told = note.note();
    let url = ways_to_pay(app, invoice.summary.id).invoice_url;
    written(Some(note.number), move || {
        pdf::render_credit_note(&told, &invoice, &url, issue)
    })
    .await
}

/// Writes a file away from the threads that serve requests.
async fn written(
    number: Option<String>,
    render: impl FnOnce() -> Result<Vec<u8>, pdf::Error> + Send + 'static,
) -> Result<DocumentPdf, ApiError> {
    let work = move || {
        let bytes = render().map_err(|error| match error {
            pdf::Error::Draft => ApiError::conflict(error.to_string()),
            pdf::Error::Write(_) => ApiError::internal(error),
        })?;
        Ok(DocumentPdf {
            number: number.unwrap_or_default(),
            bytes,
        })
    };
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?
}

pub(super) fn ways_to_pay(app: &App, id: InvoiceId) -> WaysToPay {
    WaysToPay {
        invoice_url: app.config.http.url(&format!("/invoices/{id}")),
        bank: app.config.supplier.bank.clone(),
    }
}
