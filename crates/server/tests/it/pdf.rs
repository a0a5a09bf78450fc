//! The invoice as a PDF, read back with poppler's `pdftotext` and `pdffonts`.

use std::process::Command;

use common::ids::InvoiceId;
use payfast_sandbox::Fault;
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, TestApp, app::Customer, client::send, db::TestDb};

fn path(id: InvoiceId) -> String {
    format!("/invoices/{id}/pdf")
}

/// Asks for the PDF and checks how it is sent; the answer is its bytes.
async fn fetch(client: &Client, id: InvoiceId, file_name: &str) -> Vec<u8> {
    let request = client.raw(Method::GET, &path(id));
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(
        header("content-disposition"),
        format!("inline; filename=\"{file_name}\"")
    );
    assert_eq!(header("cache-control"), "private, no-store");
    response.bytes().await.unwrap().to_vec()
}

/// What a program of poppler says about the PDF.
pub fn read_with(program: &str, options: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("invoice.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut command = Command::new(program);
    command.args(options).arg(&file);
    if program == "pdftotext" {
        command.arg("-");
    }
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot run `{program}` ({error}); install poppler's programs: apt-get install poppler-utils")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace('\u{a0}', " ")
}

async fn buy(app: &TestApp, customer: &Customer, product_code: &str) -> InvoiceId {
    let checkout = customer.check_out(product_code).await;
    app.pay(&checkout, Fault::None).await;
    app.run_jobs().await;
    checkout.invoice_id
}

async fn fill_in_billing_details(customer: &Customer) {
    let details = json!({
        "company_name": "Tšhwane Môreson Kafee (Pty) Ltd",
        "vat_number": "4123456789",
        "billing_address":
            { "line1": "3 Lighthouse Road", "city": "Kommetjie", "postal_code": "7975", "country": "ZA" },
    });
    let path = format!("/accounts/{}", customer.account_id);
    customer.client.patch(&path, details).await.expect(200);
}

#[track_caller]
pub fn assert_says(text: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(text.contains(sentence), "`{sentence}` is not in:\n{text}");
    }
}

app_test!(a_paid_purchase_has_a_tax_invoice, |app| {
    let customer = app.customer("owner@karoo.test").await;
    fill_in_billing_details(&customer).await;
    let id = buy(app, &customer, "PRO_MONTHLY").await;
    let reference = app_reference(&customer, id).await;
    let pdf = fetch(&customer.client, id, "INV-000001.pdf").await;
    let text = read_with("pdftotext", &["-layout"], &pdf);
    assert_says(
        &text,
        &[
            "Tax invoice",
            "INV-000001",
            "24 Nov 2026",
            "Langstraat Software (Pty) Ltd",
            "14 Loopstraat, Cape Town, 8001",
            "VAT no. 4000 000 000",
            "Billed to",
            "Tšhwane Môreson Kafee (Pty) Ltd",
            "3 Lighthouse Road, Kommetjie, 7975",
            "VAT no. 4123 456 789",
            "Pro, monthly",
            "VAT 15%",
            "R460.00",
            "R69.00",
            "R529.00",
            "Paid on 24 Nov 2026",
            "−R529.00",
            &format!("PayFast {reference}"),
            "R0.00",
            "Page 1 of 1",
        ],
    );
    assert!(!text.contains("COPY"));
    assert!(!text.contains("Pay by EFT") && !text.contains("Still to be paid"));
    // The original left; what follows is a copy, always the same.
    let copy = fetch(&customer.client, id, "INV-000001.pdf").await;
    assert_says(&read_with("pdftotext", &["-layout"], &copy), &["COPY", "Tax invoice"]);
    assert_eq!(copy, fetch(&customer.client, id, "INV-000001.pdf").await);

    let fonts = read_with("pdffonts", &[], &pdf);
    let rows: Vec<&str> = fonts.lines().skip(2).collect();
    assert_eq!(rows.len(), 3, "{fonts}");
    for row in rows {
        // Embedded, a subset, and with a map back to Unicode.
        assert!(row.contains("+RedHatText-") && row.contains("yes yes yes"), "{fonts}");
    }
    let about = read_with("pdfinfo", &["-isodates"], &pdf);
    assert_says(
        &about,
        &[
            "Tax invoice INV-000001",
            "Langstraat Software (Pty) Ltd",
            "2026-11-24T09:14:00+02",
            "A4",
        ],
    );
});

/// PayFast's number of the payment, as the API tells it.
async fn app_reference(customer: &Customer, id: InvoiceId) -> String {
    let invoice = customer
        .client
        .get(&format!("/invoices/{id}"))
        .await
        .expect(200)
        .value();
    invoice["payments"][0]["provider_reference"]
        .as_str()
        .unwrap()
        .to_owned()
}

app_test!(a_draft_has_no_pdf, |app| {
    let customer = app.customer("owner@karoo.test").await;
    let draft = customer.check_out("PRO_MONTHLY").await.invoice_id;
    let refused = customer.client.get(&path(draft)).await;
    assert_eq!(refused.problem(), "409 conflict");
    assert_eq!(
        refused.value()["detail"],
        "this invoice is a draft: it has no PDF until it has a number"
    );
});

app_test!(the_pdf_of_another_account_does_not_exist, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let id = buy(app, &owner, "PRO_MONTHLY").await;
    let path = path(id);
    let other = app.customer("other@kalkbay.test").await;
    assert_eq!(other.client.get(&path).await.problem(), "404 not_found");
    assert_eq!(app.client().get(&path).await.problem(), "401 not_signed_in");
    let unknown = owner.client.get(&path.replace(&id.to_string(), "7")).await;
    assert_eq!(unknown.problem(), "404 not_found");
    let posted = send(owner.client.raw(Method::POST, &path)).await;
    assert_eq!(posted.problem(), "405 method_not_allowed");
    let staff = app.staff(common::auth::StaffRole::Billing).await;
    fetch(&staff, id, "INV-000001.pdf").await;
});

#[actix_web::test]
async fn without_a_vat_number_it_is_an_invoice() {
    let app = TestApp::start_with(TestDb::sqlite().await, &[("SUPPLIER_VAT_NUMBER", "")]).await;
    let customer = app.customer("owner@karoo.test").await;
    let id = buy(&app, &customer, "PRO_MONTHLY").await;
    let pdf = fetch(&customer.client, id, "INV-000001.pdf").await;
    let text = read_with("pdftotext", &["-layout"], &pdf);
    assert_says(&text, &["Invoice", "R529.00", "No VAT is charged."]);
    assert!(
        !text.contains("Tax invoice") && !text.contains("VAT no.") && !text.contains("15%"),
        "{text}"
    );
    app.stop().await;
}
