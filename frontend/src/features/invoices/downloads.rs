//! PDFs of several invoices, one after the other, with progress and a way to stop.

use common::invoices::InvoiceSummary;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api, browser,
    components::{dynamic::dynamic, icon::icon_16, toast::Toast},
    text::{self, t},
};

#[derive(Debug, Clone, PartialEq)]
struct Progress {
    done: usize,
    total: usize,
    number: String,
}

/// What is being saved; each page of a list has one.
#[derive(Clone, Copy)]
pub struct Downloads {
    progress: RwSignal<Option<Progress>>,
    /// What could not be had, so that it can be tried again.
    failed: RwSignal<Vec<InvoiceSummary>>,
    is_stopped: StoredValue<bool>,
    toast: Toast,
}

impl Downloads {
    pub fn new() -> Self {
        Self {
            progress: RwSignal::new(None),
            failed: RwSignal::new(Vec::new()),
            is_stopped: StoredValue::new(false),
            toast: expect_context(),
        }
    }

    pub fn start(self, invoices: Vec<InvoiceSummary>) {
        self.is_stopped.set_value(false);
        self.failed.set(Vec::new());
        let total = invoices.len();
        spawn_local(async move {
            let mut saved = 0;
            for (done, invoice) in invoices.into_iter().enumerate() {
                // Stopped, or the page is gone.
                if self.is_stopped.try_get_value() != Some(false) {
                    break;
                }
                let number = invoice.number.clone().unwrap_or_default();
                let step = Progress {
                    done,
                    total,
                    number: number.clone(),
                };
                self.progress.try_set(Some(step));
                match api::file(&api::pdf_address(&invoice)).await {
                    Ok(bytes) => {
                        browser::save_file(&format!("{number}.pdf"), &bytes);
                        saved += 1;
                    }
                    Err(_) => drop(self.failed.try_update(|failed| failed.push(invoice))),
                }
            }
            self.progress.try_set(None);
            if saved > 0 {
                self.toast.say(match saved {
                    1 => text::invoices().saved_one.to_owned(),
                    _ => text::invoices().saved(&saved.to_string()),
                });
            }
        });
    }

    /// The progress while there is some, else what went wrong, else `idle`.
    pub fn view(self, idle: AnyView) -> AnyView {
        let texts = text::invoices();
        let is_running = Memo::new(move |_| self.progress.with(Option::is_some));
        let running = move || {
            let Progress { done, total, number } = self.progress.get()?;
            let words = texts.saving_file(&number, &(done + 1).to_string(), &total.to_string());
            Some(
                view! {
                    <progress aria-label=texts.download_pdfs max=total.to_string() value=done.to_string()></progress>
                    <span role="status">{words}</span>
                    <button type="button" on:click=move |_| self.is_stopped.set_value(true)>{texts.stop}</button>
                }
                .into_any(),
            )
        };
        let failed = move || {
            let failed = self.failed.get();
            (!failed.is_empty() && !is_running.get()).then(|| {
                let words = texts.not_saved(&failed.len().to_string());
                let again = move |_| self.start(failed.clone());
                view! {
                    <span role="alert">{words}</span>
                    <button type="button" on:click=again>{icon_16("arrows")} {t().common.try_again}</button>
                }
                .into_any()
            })
        };
        view! {
            {dynamic(running)}
            {dynamic(failed)}
            <span class="bulk-idle" hidden=is_running>{idle}</span>
        }
        .into_any()
    }
}
