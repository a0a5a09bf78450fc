//! HTTP of invoices.

use actix_web::{HttpResponse, http::header, web::Data};
use common::ids::InvoiceId;

use super::service;
use crate::{
    app::App,
    error::ApiError,
    http::{Caller, IdPath},
};

pub async fn get(app: Data<App>, caller: Caller, id: IdPath<InvoiceId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::load(&app, id.0, caller.readable_account()).await?))
}

pub async fn get_pdf(app: Data<App>, caller: Caller, id: IdPath<InvoiceId>) -> Result<HttpResponse, ApiError> {
    let pdf = service::render_pdf(&app, id.0, caller.readable_account()).await?;
    let file_name = format!("inline; filename=\"{}.pdf\"", pdf.number);
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CONTENT_DISPOSITION, file_name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(pdf.bytes))
}
