//! Seconds that must pass before something can be tried again.

use chrono::TimeDelta;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::dynamic::dynamic;
use crate::{browser, dates};

const TICK_MS: u32 = 1_000;

#[derive(Clone, Copy)]
pub struct Countdown {
    left: RwSignal<u32>,
    whole: RwSignal<u32>,
    /// Changes only twice, so that what is built around the words stays while they count.
    is_running: Memo<bool>,
    round: StoredValue<u32>,
}

impl Countdown {
    pub fn new() -> Self {
        let left = RwSignal::new(0_u32);
        Self {
            left,
            is_running: Memo::new(move |_| left.get() > 0),
            whole: RwSignal::new(0),
            round: StoredValue::new(0),
        }
    }

    /// Counts down from `seconds`; an earlier count ends.
    pub fn start(self, seconds: u32) {
        let until = browser::now() + TimeDelta::seconds(i64::from(seconds));
        self.round.update_value(|round| *round += 1);
        let mine = self.round.get_value();
        self.whole.set(seconds);
        self.left.set(seconds);
        spawn_local(async move {
            // Asks the clock each time, since a tab in the background ticks slowly.
            loop {
                TimeoutFuture::new(TICK_MS).await;
                // A newer count began, or the page is gone.
                if self.round.try_get_value() != Some(mine) {
                    return;
                }
                let left = (until - browser::now()).num_milliseconds().max(0);
                let left = u32::try_from(left.div_euclid(1_000) + i64::from(left % 1_000 > 0)).unwrap_or_default();
                self.left.set(left);
                if left == 0 {
                    return;
                }
            }
        });
    }

    pub fn is_running(self) -> bool {
        self.is_running.get()
    }

    /// For buttons that are off meanwhile.
    pub fn is_on(self) -> Signal<bool> {
        self.is_running.into()
    }

    /// Like [`Countdown::is_running`], outside of what follows signals.
    pub fn is_running_now(self) -> bool {
        self.is_running.get_untracked()
    }

    /// The wait in a sentence while it lasts: it counts for the eye, and is read out once.
    pub fn words(self, sentence: fn(&str) -> String) -> AnyView {
        let shown = move || sentence(&dates::duration(self.left.get()));
        let read = move || sentence(&dates::duration(self.whole.get()));
        dynamic(move || {
            self.is_running.get().then(|| {
                view! {
                    <span aria-hidden="true">{dynamic(shown)}</span>
                    <span class="visually-hidden">{dynamic(read)}</span>
                }
                .into_any()
            })
        })
    }
}
