//! The papers: one original, then copies; credit notes; and what goes out by mail.

use common::{invoices::Invoice, site::Site};
use futures_util::future;
use reqwest::Method;
use serde_json::json;

use super::{act, an_hour, both, issue};
use crate::{
    pdf::{assert_says, read_with},
    support::{Client, client::send},
};

async fn text_of(client: &Client, path: &str) -> String {
    let response = client.raw(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    read_with("pdftotext", &["-layout"], &response.bytes().await.unwrap())
}

app_test!(
    the_first_paper_is_the_original,
    with[("SUPPLIER_BANK", "Example Bank 000 123 456")],
    |app| {
        let (customer, staff) = both(app).await;
        let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
        let path = format!("/invoices/{id}/pdf");
        // A look at the headers takes nothing.
        for _ in 0..2 {
            send(customer.client.raw(Method::HEAD, &path)).await.expect(200);
        }
        let texts = future::join_all((0..4).map(|_| text_of(&customer.client, &path))).await;
        let originals = texts.iter().filter(|text| !text.contains("COPY")).count();
        assert_eq!(originals, 1, "{texts:?}");
        assert_says(
            &texts[0],
            &[
                "Tax invoice",
                "INV-000001",
                "Still to be paid",
                "Due 1 Dec 2026",
                "By card or instant EFT, at PayFast",
                "Pay by EFT",
                "Example Bank 000 123 456",
                "Reference INV-000001",
            ],
        );
        assert!(text_of(&staff, &path).await.contains("COPY"));
        // The client writes the same foot below its own paper.
        let site: Site = customer.client.get("/site").await.expect(200).json();
        assert_eq!(site.supplier.bank.as_deref(), Some("Example Bank 000 123 456"));
    }
);

app_test!(a_credit_note_has_a_paper_of_its_own, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let body = json!({ "amount": { "minor": 1_150, "currency": "ZAR" }, "reason": "An hour was too long" });
    let invoice: Invoice = act(&staff, id, "credit-notes", body).await.expect(200).json();
    let path = format!("/credit-notes/{}/pdf", invoice.credit_notes[0].id);
    let head = send(customer.client.raw(Method::HEAD, &path)).await.expect(200);
    assert_eq!(
        head.headers["content-disposition"],
        "inline; filename=\"CN-000001.pdf\""
    );
    let text = text_of(&customer.client, &path).await;
    assert_says(
        &text,
        &[
            "Tax credit note",
            "CN-000001",
            "INV-000001",
            "An hour was too long",
            "VAT 15%",
            "R1.50",
            "R11.50",
            "VAT no. 4000 000 000",
        ],
    );
    assert!(!text.contains("COPY"));
    assert!(text_of(&customer.client, &path).await.contains("COPY"));
    let other = app.customer("other@kalkbay.test").await;
    assert_eq!(other.client.get(&path).await.problem(), "404 not_found");
    let paper = text_of(&customer.client, &format!("/invoices/{id}/pdf")).await;
    assert_says(&paper, &["Credit note CN-000001", "−R11.50", "R103.50"]);
});

app_test!(an_invoice_goes_out_by_mail_with_its_paper, |app| {
    let (customer, staff) = both(app).await;
    let id = issue(&staff, customer.account_id, an_hour()).await.summary.id;
    let sent: Invoice = act(&staff, id, "send", json!({})).await.expect(200).json();
    assert!(sent.sent_at.is_some());
    act(&staff, id, "send", json!({})).await.expect(200);
    let waiting = app.app.db.read(jobs_payload).await.unwrap();
    assert!(waiting < 200, "a job holds {waiting} bytes: the paper is not stored");
    app.run_jobs().await;
    let mails = app.mails_to("owner@karoo.test");
    assert_eq!(mails.len(), 2);
    let mut copies = 0;
    for mail in &mails {
        assert_says(
            mail,
            &[
                "Tax invoice INV-000001",
                "R115.00 is due on 1 Dec 2026",
                "application/pdf",
            ],
        );
        let paper = attached_paper(mail);
        copies += usize::from(read_with("pdftotext", &["-layout"], &paper).contains("COPY"));
    }
    assert_eq!(copies, 1, "the first mail carries the original");
    assert!(
        text_of(&customer.client, &format!("/invoices/{id}/pdf"))
            .await
            .contains("COPY")
    );
});

fn jobs_payload(conn: &mut server::db::Conn) -> server::db::QueryResult<usize> {
    use diesel::prelude::*;
    use server::db::schema::jobs::dsl;
    let payloads: Vec<String> = dsl::jobs
        .filter(dsl::kind.eq("send_invoice"))
        .select(dsl::payload)
        .load(conn)?;
    Ok(payloads.iter().map(String::len).max().unwrap_or(usize::MAX))
}

/// The PDF of a mail: the part in base64, whose last noughts `mails_to` may have taken for a soft line break.
fn attached_paper(mail: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let part = mail.split("application/pdf").nth(1).unwrap();
    let body = part.split("\r\n\r\n").nth(1).unwrap().split("--").next().unwrap();
    let is_digit = |character: &char| character.is_ascii_alphanumeric() || "+/".contains(*character);
    STANDARD_NO_PAD
        .decode(body.chars().filter(is_digit).collect::<String>())
        .unwrap()
}
