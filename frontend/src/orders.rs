//! Starts payments so that a double click, a reload or Back never starts a second one.
//!
//! Each order of an account has a key in this tab; the server answers the same key with the same payment.
//! A new key is made only when the payment of the old one has ended. The key is also kept under the payment,
//! for every tab, so that "Continue payment" opens the same form again.

use common::{
    ErrorCode,
    ids::{AccountId, InvoiceId, PaymentId},
    payments::{Checkout, CheckoutRequest, Payment, StartCheckout},
    plans::ProductCode,
};
use gloo_timers::future::TimeoutFuture;

use crate::{
    api::{self, Failure},
    browser, documents, status,
};

/// Tries while the server still works on the first request with the key.
const IN_FLIGHT_TRIES: u32 = 4;
const IN_FLIGHT_PAUSE_MS: u32 = 1_500;

/// Something to pay for, in the name of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub account: AccountId,
    pub request: CheckoutRequest,
}

struct Kept {
    key: String,
    payment_id: Option<PaymentId>,
}

impl Order {
    /// The payment that this tab began for the order, as the server has it now.
    pub async fn earlier_payment(&self) -> Result<Option<Payment>, Failure> {
        let Some(id) = self.kept().and_then(|kept| kept.payment_id) else {
            return Ok(None);
        };
        match documents::payment(id).await {
            Ok(payment) => Ok(Some(payment)),
            Err(failure) if failure.is_not_found() => {
                self.forget();
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The form to hand over to PayFast: of the payment under way, or of a new one.
    pub async fn start(&self) -> Result<Checkout, Failure> {
        let earlier = self.earlier_payment().await?;
        if earlier.is_some_and(|payment| status::is_settled(payment.summary.status)) {
            self.forget();
        }
        let mut kept = self.kept().unwrap_or_else(Kept::new);
        self.keep(&kept);
        let mut answer = post(&kept.key, &self.request).await;
        if answer
            .as_ref()
            .is_err_and(|failure| failure.is(ErrorCode::IdempotencyMismatch))
        {
            kept = Kept::new();
            self.keep(&kept);
            answer = post(&kept.key, &self.request).await;
        }
        let checkout = answer?;
        kept.payment_id = Some(checkout.payment_id);
        self.keep(&kept);
        let (plan, invoice) = (self.request.product_code, self.request.invoice_id);
        browser::local().set_list(
            &payment_slot(checkout.payment_id),
            &[
                &kept.key,
                plan.map_or("", ProductCode::as_str),
                invoice.as_ref().map_or("", InvoiceId::as_str),
            ],
        );
        Ok(checkout)
    }

    fn kept(&self) -> Option<Kept> {
        let [key, payment] = browser::session().get_list(&self.slot())?;
        Some(Kept {
            key,
            payment_id: PaymentId::parse(&payment).ok(),
        })
    }

    fn keep(&self, kept: &Kept) {
        let payment = kept.payment_id.as_ref().map_or("", PaymentId::as_str);
        browser::session().set_list(&self.slot(), &[&kept.key, payment]);
    }

    fn forget(&self) {
        browser::session().remove(&self.slot());
    }

    fn slot(&self) -> String {
        let what = match (self.request.product_code, self.request.invoice_id) {
            (Some(code), _) => code.as_str().to_owned(),
            (None, Some(invoice)) => invoice.to_string(),
            (None, None) => String::new(),
        };
        format!("capecontrol.order.{}.{what}", self.account)
    }
}

impl Kept {
    fn new() -> Self {
        Self {
            key: browser::random_key(),
            payment_id: None,
        }
    }
}

/// The form of a payment that was begun in this browser; `None` if it was begun elsewhere.
pub async fn reopen(payment: PaymentId) -> Result<Option<Checkout>, Failure> {
    let Some([key, plan, invoice]) = browser::local().get_list(&payment_slot(payment)) else {
        return Ok(None);
    };
    let request = CheckoutRequest {
        product_code: ProductCode::parse(&plan),
        invoice_id: InvoiceId::parse(&invoice).ok(),
        ..CheckoutRequest::default()
    };
    let checkout = post(&key, &request).await?;
    // The server forgets keys after a day; then this would be another payment.
    Ok((checkout.payment_id == payment).then_some(checkout))
}

/// Drops what is kept for a payment that has ended.
pub fn forget_payment(payment: PaymentId) {
    browser::local().remove(&payment_slot(payment));
}

async fn post(key: &str, request: &CheckoutRequest) -> Result<Checkout, Failure> {
    let mut tries = 1;
    loop {
        match api::call_on::<StartCheckout>(&[], request, api::Terms::once(key)).await {
            Err(failure) if failure.is(ErrorCode::IdempotencyInFlight) && tries < IN_FLIGHT_TRIES => {
                tries += 1;
                TimeoutFuture::new(IN_FLIGHT_PAUSE_MS).await;
            }
            answer => return answer,
        }
    }
}

fn payment_slot(payment: PaymentId) -> String {
    format!("capecontrol.payment.{payment}")
}
