//! Asks the server about one payment until it has ended: after 1, 2, 4, 8, then each 10 seconds.

use std::time::Duration;

use common::{ids::PaymentId, payments::Payment};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::{api::Failure, documents, orders, status};

const FIRST_PAUSES_MS: [u32; 4] = [1_000, 2_000, 4_000, 8_000];
const LATER_PAUSE_MS: u32 = 10_000;
/// From here on the page says that PayFast has not answered.
const PATIENCE_SECONDS: u64 = 60;

/// A payment under observation.
#[derive(Clone, Copy)]
pub struct Watch {
    id: PaymentId,
    pub payment: RwSignal<Option<Payment>>,
    pub failure: RwSignal<Option<Failure>>,
    /// PayFast takes longer than most people wait.
    pub is_slow: RwSignal<bool>,
    pub is_asking: RwSignal<bool>,
}

impl Watch {
    /// Starts to ask; ends by itself when the payment has ended or the page is gone.
    pub fn start(id: PaymentId) -> Watch {
        let watch = Watch {
            id,
            payment: RwSignal::new(None),
            failure: RwSignal::new(None),
            is_slow: RwSignal::new(false),
            is_asking: RwSignal::new(false),
        };
        set_timeout(
            move || {
                // The page may be gone by then.
                watch.is_slow.try_set(true);
            },
            Duration::from_secs(PATIENCE_SECONDS),
        );
        spawn_local(async move {
            let mut pauses = FIRST_PAUSES_MS.into_iter().chain(std::iter::repeat(LATER_PAUSE_MS));
            while watch.ask().await {
                TimeoutFuture::new(pauses.next().unwrap_or(LATER_PAUSE_MS)).await;
            }
        });
        watch
    }

    /// Asks now, beside the regular rounds.
    pub fn check_now(self) {
        self.is_asking.set(true);
        spawn_local(async move {
            self.ask().await;
            self.is_asking.try_set(false);
        });
    }

    /// Whether to ask again later.
    async fn ask(self) -> bool {
        let answer = documents::payment(self.id).await;
        if self.payment.is_disposed() {
            return false;
        }
        match answer {
            Ok(payment) => {
                let is_settled = status::is_settled(payment.summary.status);
                if is_settled {
                    orders::forget_payment(self.id);
                }
                self.failure.set(None);
                // An unchanged answer must not rebuild the page.
                if self.payment.with_untracked(|shown| shown.as_ref() != Some(&payment)) {
                    self.payment.set(Some(payment));
                }
                !is_settled
            }
            Err(failure) => {
                let is_final = failure
                    .problem()
                    .is_some_and(|problem| matches!(problem.status, 401 | 403 | 404));
                self.failure.set(Some(failure));
                !is_final
            }
        }
    }
}
