//! `GET /plans`.

use actix_web::{HttpResponse, web::Data};
use common::plans::{Plan, Plans};

use super::rules::CATALOGUE;
use crate::{app::App, invoices};

pub async fn list(app: Data<App>) -> HttpResponse {
    let charges_vat = app.config.supplier.vat_number.is_some();
    let items = CATALOGUE.iter().map(|product| {
        let split = invoices::rules::split_price(product.price, charges_vat);
        Plan {
            code: product.code,
            name: product.name.to_owned(),
            description: product.description.to_owned(),
            price: product.price,
            price_before_vat: split.net,
            vat: split.vat,
            interval: product.interval,
            features: product.features.iter().map(ToString::to_string).collect(),
            vat_inclusive: charges_vat,
        }
    });
    HttpResponse::Ok().json(Plans { items: items.collect() })
}
