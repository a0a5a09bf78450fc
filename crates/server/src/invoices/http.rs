//! HTTP of invoices and credit notes.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::Data,
};
use common::{
    auth::Done,
    ids::{CreditNoteId, InvoiceId},
    invoices::{Invoice, InvoiceChange, NewCreditNote, NewInvoice, Reason},
};

use super::{
    corrections,
    drafts::{self, Staff},
    history, issue, sending,
    service::{self, DocumentPdf, Fetch, Reader},
};
use crate::{
    app::App,
    audit::Origin,
    error::ApiError,
    http::{Caller, IdPath, IfMatch, Json, etag::etag},
    idempotency::{Answer, Key},
};

pub async fn get(app: Data<App>, caller: Caller, id: IdPath<InvoiceId>) -> Result<HttpResponse, ApiError> {
    service::load(&app, id.0, reader(&caller))
        .await
        .map(|invoice| found(&invoice))
}

pub async fn get_pdf(
    app: Data<App>,
    caller: Caller,
    id: IdPath<InvoiceId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pdf = service::render_pdf(&app, id.0, reader(&caller), fetch(&request)).await?;
    Ok(file(pdf))
}

pub async fn get_credit_note_pdf(
    app: Data<App>,
    caller: Caller,
    id: IdPath<CreditNoteId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pdf = service::render_credit_note_pdf(&app, id.0, reader(&caller), fetch(&request)).await?;
    Ok(file(pdf))
}

pub async fn list_events(app: Data<App>, caller: Caller, id: IdPath<InvoiceId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(history::load(&app, id.0, reader(&caller)).await?))
}

pub async fn create(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    request: HttpRequest,
    body: Json<NewInvoice>,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    drafts::create(&app, staff, body.0).await.map(answer)
}

pub async fn change(
    app: Data<App>,
    origin: Origin,
    id: IdPath<InvoiceId>,
    if_match: IfMatch,
    body: Json<InvoiceChange>,
) -> Result<HttpResponse, ApiError> {
    let invoice = drafts::change(&app, id.0, if_match, body.0, origin).await?;
    Ok(found(&invoice))
}

pub async fn delete(
    app: Data<App>,
    origin: Origin,
    id: IdPath<InvoiceId>,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    drafts::delete(&app, id.0, if_match, origin).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}

pub async fn finalize(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvoiceId>,
    if_match: IfMatch,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    issue::finalize(&app, id.0, if_match, staff).await.map(answer)
}

pub async fn send(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvoiceId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    sending::send(&app, id.0, staff).await.map(answer)
}

pub async fn void(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvoiceId>,
    request: HttpRequest,
    body: Json<Reason>,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    corrections::void(&app, id.0, body.0, staff).await.map(answer)
}

pub async fn write_off(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvoiceId>,
    request: HttpRequest,
    body: Json<Reason>,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    corrections::write_off(&app, id.0, body.0, staff).await.map(answer)
}

pub async fn issue_credit_note(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvoiceId>,
    request: HttpRequest,
    body: Json<NewCreditNote>,
) -> Result<HttpResponse, ApiError> {
    let staff = staff(&caller, origin, &request)?;
    corrections::issue_credit_note(&app, id.0, body.0, staff)
        .await
        .map(answer)
}

fn reader(caller: &Caller) -> Reader {
    Reader {
        account_id: caller.readable_account(),
        user_id: caller.user_id,
        is_staff: caller.staff_role.is_some(),
    }
}

fn staff(caller: &Caller, origin: Origin, request: &HttpRequest) -> Result<Staff, ApiError> {
    let header = request.headers().get("idempotency-key").map(|value| value.as_bytes());
    Ok(Staff {
        user_id: caller.user_id,
        origin,
        key: Key::parse(header)?,
    })
}

fn fetch(request: &HttpRequest) -> Fetch {
    match *request.method() {
        Method::HEAD => Fetch::Head,
        _ => Fetch::Get,
    }
}

fn found(invoice: &Invoice) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(invoice.version)).json(invoice)
}

/// An answer that may be a stored one; its `ETag` is of the invoice that it tells of.
fn answer(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.is_replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    if let Ok(invoice) = serde_json::from_str::<Invoice>(&answer.body) {
        response.insert_header(etag(invoice.version));
    }
    response.content_type("application/json").body(answer.body)
}

fn file(pdf: DocumentPdf) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"{}.pdf\"", pdf.number),
        ))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(pdf.bytes)
}
