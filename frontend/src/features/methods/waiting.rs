//! Back from PayFast: whether the card is saved is what the server says, not the address.

use common::payment_methods::{PaymentMethod, PaymentMethodStatus};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::list::Methods;
use crate::{
    components::{badge::Tone, dynamic::dynamic, notice::Notice},
    text::methods,
};

const PAUSES_MS: [u32; 8] = [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000];

/// Which of PayFast's links the browser came by, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBy {
    Return,
    Cancel,
    Neither,
}

impl CameBy {
    pub fn of(after: &str) -> Self {
        match after {
            "return" => CameBy::Return,
            "cancelled" => CameBy::Cancel,
            _ => CameBy::Neither,
        }
    }
}

pub fn is_saved(method: &PaymentMethod) -> bool {
    matches!(
        method.status,
        PaymentMethodStatus::Active | PaymentMethodStatus::Expiring
    )
}

/// Says how far saving the card `id` is, and asks until it is there.
pub fn waiting(list: Methods, id: String, came_by: CameBy) -> AnyView {
    let texts = methods();
    if came_by == CameBy::Neither {
        return ().into_any();
    }
    let is_slow = RwSignal::new(false);
    let is_here = Memo::new(move |_| {
        list.with(|page| {
            page.is_some_and(|page| {
                page.items
                    .iter()
                    .any(|method| method.id.as_str() == id && is_saved(method))
            })
        })
    });
    if came_by == CameBy::Return {
        let again = list.retry();
        spawn_local(async move {
            for (round, pause) in PAUSES_MS.into_iter().enumerate() {
                TimeoutFuture::new(pause).await;
                if is_here.try_get_untracked() != Some(false) {
                    return;
                }
                is_slow.try_set(round >= 4);
                again.try_run(());
            }
        });
    }
    dynamic(move || {
        let (tone, icon_name, title, text) = match (is_here.get(), came_by) {
            (true, _) => (Tone::Positive, "check", texts.saved_title, texts.saved_text),
            (false, CameBy::Cancel) => (Tone::Neutral, "info", texts.left_title, texts.left_text),
            (false, _) if is_slow.get() => (Tone::Info, "clock", texts.waiting_title, texts.slow_text),
            (false, _) => (Tone::Info, "clock", texts.waiting_title, texts.waiting_text),
        };
        view! { <Notice tone icon_name title text/> }.into_any()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_which_way_one_came() {
        assert_eq!(CameBy::of("return"), CameBy::Return);
        assert_eq!(CameBy::of("cancelled"), CameBy::Cancel);
        assert_eq!(CameBy::of(""), CameBy::Neither);
    }
}
