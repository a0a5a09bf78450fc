//! A handful of invoices for the demo account, one in each state and two with an EFT, made as staff make them: through the services,
//! with a clock that is set back and moves on.

use chrono::TimeDelta;
use common::{
    Money,
    ids::{AccountId, InvoiceId, UserId},
    invoices::{Invoice, LineDraft, NewCreditNote, NewInvoice, NewReceipt, Reason},
};

use crate::{
    app::App,
    audit::Origin,
    days,
    error::ApiError,
    http::IfMatch,
    idempotency::{self, Answer},
    invoices::{corrections, drafts, drafts::Staff, issue},
    payments::eft::{self, Clerk},
};

/// The desk that writes the demo's invoices.
struct Desk<'a> {
    app: &'a App,
    account_id: AccountId,
    staff_id: UserId,
}

/// Writes the invoices; call it only when the account has none. A fixed clock ends where it was.
pub async fn seed(app: &App, account_id: AccountId, staff_id: UserId) -> Result<(), ApiError> {
    let desk = Desk {
        app,
        account_id,
        staff_id,
    };
    let end = app.clock.now();
    app.clock.advance(TimeDelta::days(-40));
    let gone = desk.issue(7, &[("Loan of a test bench, August", "1", 240_000)]).await?;
    desk.issue(
        14,
        &[
            ("Calibration of two sensors", "2", 95_000),
            ("Travel, in km", "64.5", 480),
        ],
    )
    .await?;
    app.clock.advance(TimeDelta::days(10));
    let wrong = desk
        .issue(7, &[("Training day for three people", "3", 180_000)])
        .await?;
    let credited = desk.issue(14, &[("Support hours, September", "12.5", 72_000)]).await?;
    app.clock.advance(TimeDelta::days(1));
    desk.issue(0, &[("First hour of support, free of charge", "1", 0)])
        .await?;
    let reason = |text: &str| Reason {
        reason: text.to_owned(),
    };
    let to_void = reason("Billed to the wrong account");
    corrections::void(app, wrong, to_void, desk.staff()).await?;
    let note = NewCreditNote {
        amount: Some(Money::zar(165_600)),
        reason: "Two hours were not used".to_owned(),
    };
    corrections::issue_credit_note(app, credited, note, desk.staff()).await?;
    app.clock.advance(TimeDelta::days(24));
    let given_up = reason("The bench was lost with its insurer");
    corrections::write_off(app, gone, given_up, desk.staff()).await?;
    let part_paid = desk
        .issue(
            30,
            &[("Support hours, October", "8", 72_000), ("Spare gripper", "1", 349_900)],
        )
        .await?;
    let paid = desk
        .issue(7, &[("Yearly inspection of the line", "1", 460_000)])
        .await?;
    app.clock.advance(TimeDelta::days(3));
    desk.receive(part_paid, 500_000, "FNB 0071 4402").await?;
    desk.receive(paid, 529_000, "FNB 0071 4431").await?;
    desk.draft(14, &[("Support hours, November", "6.25", 72_000)]).await?;
    app.clock.advance(end - app.clock.now());
    Ok(())
}

impl Desk<'_> {
    fn staff(&self) -> Staff {
        Staff {
            user_id: self.staff_id,
            origin: Origin::operator().acting_as(self.staff_id, "staff@demo.test"),
            key: None,
        }
    }

    /// Lines are description, quantity, and price before VAT in cents.
    async fn draft(&self, due_days: u16, lines: &[(&str, &str, i64)]) -> Result<InvoiceId, ApiError> {
        let line = |(description, quantity, unit_price): &(&str, &str, i64)| LineDraft {
            description: (*description).to_owned(),
            quantity: (*quantity).to_owned(),
            unit_price: Some(Money::zar(*unit_price)),
            vat_rate: "15".to_owned(),
        };
        let new = NewInvoice {
            account_id: self.account_id,
            lines: lines.iter().map(line).collect(),
            due_days: Some(due_days),
        };
        id_of(&drafts::create(self.app, self.staff(), new).await?)
    }

    async fn issue(&self, due_days: u16, lines: &[(&str, &str, i64)]) -> Result<InvoiceId, ApiError> {
        let id = self.draft(due_days, lines).await?;
        issue::finalize(self.app, id, IfMatch::Absent, self.staff()).await?;
        Ok(id)
    }

    /// An EFT of `cents` that the bank had today.
    async fn receive(&self, id: InvoiceId, cents: i64, reference: &str) -> Result<(), ApiError> {
        let receipt = NewReceipt {
            amount: Money::zar(cents),
            reference: reference.to_owned(),
            received_on: days::of(self.app.clock.now()).to_string(),
        };
        let Staff { user_id, origin, .. } = self.staff();
        // The invoice takes this one receipt, however often it is asked.
        let Some(key) = idempotency::Key::parse(Some(id.to_string().as_bytes()))? else {
            return Ok(());
        };
        eft::record_receipt(self.app, Clerk { user_id, origin }, id, receipt, key).await?;
        Ok(())
    }
}

fn id_of(answer: &Answer) -> Result<InvoiceId, ApiError> {
    let invoice: Invoice = serde_json::from_str(&answer.body).map_err(ApiError::internal)?;
    Ok(invoice.summary.id)
}
