//! A draft as staff write it: the paper with fields in place, saved by itself, and never over somebody else's words.

use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{
    ids::InvoiceId,
    invoices::{ChangeInvoice, DeleteInvoice, Invoice, InvoiceStatus, ListInvoiceEvents},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    deeds::{Deed, Deeds},
    draft::{Content, Line, Missing, Typed, Unsaved, forget_unsaved, keep_unsaved, unsaved},
    fields,
};
use crate::{
    address::path_value,
    api::{self, Failure, Terms},
    browser,
    components::{
        badge::{Tone, badge},
        button::{ButtonLink, Kind, PlainButton},
        copy::CopyButton,
        data::crumbs,
        dynamic::{dynamic, react},
        heading::Heading,
        icon::icon_14,
        notice::Notice,
        problem::{ProblemPanel, Words},
        skeleton::{paper_skeleton, wear_paper},
        toast::Toast,
    },
    dates, documents,
    explain::{could_not, could_not_load},
    remote::{Remote, remote},
    status, text,
};

/// What is typed is saved when the keys rest.
const REST: Duration = Duration::from_millis(900);

#[component]
pub fn DraftPage() -> impl IntoView {
    wear_paper();
    browser::wear("lists", include_str!("../../../styles/lists.css"));
    browser::wear("invoices", include_str!("../../../styles/invoices.css"));
    let id = path_value("id");
    let invoice = remote(move || {
        let id = InvoiceId::parse(&id.read()).ok();
        async move {
            match id {
                Some(id) => documents::invoice(id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    view! {
        <div class="page">
            {crumbs("/invoices", text::invoices().title, Signal::stored(text::drafts().title.to_owned()))}
            {invoice.show_or(
                paper_skeleton,
                move |loaded| match loaded {
                    Some(loaded) => open(loaded, invoice),
                    None => not_found(),
                },
                move |failure| match failure.is_not_found() {
                    true => not_found(),
                    false => {
                        let words = could_not_load(&failure, text::invoices().load_failed);
                        view! { <ProblemPanel words retry=invoice.retry()/> }.into_any()
                    }
                },
            )}
        </div>
    }
    .into_any()
}

fn not_found() -> AnyView {
    view! {
        <Heading text=text::drafts().title/>
        <p class="soft">{text::invoices().not_found}</p>
    }
    .into_any()
}

fn open(invoice: Invoice, shown: Remote<Option<Invoice>>) -> AnyView {
    let texts = text::drafts();
    let refusal = match (invoice.summary.status, invoice.product_code) {
        (InvoiceStatus::Draft, None) => return edit(invoice, shown),
        (InvoiceStatus::Draft, Some(_)) => texts.frozen,
        _ => texts.not_a_draft,
    };
    let href = format!("/invoices/{}", invoice.summary.id);
    view! {
        <div class="stack">
            <Heading text=texts.title/>
            <p class="soft">{refusal}</p>
            <div class="row"><ButtonLink href label=texts.see_invoice/></div>
        </div>
    }
    .into_any()
}

/// How far saving is.
#[derive(Debug, Clone, PartialEq)]
enum Saved {
    At(DateTime<Utc>),
    Saving,
    /// Something is missing, so it waits.
    Waiting(Missing),
    /// Somebody else changed the draft at this time.
    Stale(DateTime<Utc>),
    Failed(Words),
}

/// The draft on the screen and on the server.
#[derive(Clone, Copy)]
pub struct Editor {
    id: InvoiceId,
    pub lines: RwSignal<Vec<Line>>,
    pub due_days: RwSignal<String>,
    pub charges_vat: bool,
    next_number: StoredValue<u32>,
    /// As the server has it.
    base: StoredValue<Content>,
    invoice: StoredValue<Invoice>,
    saved: RwSignal<Saved>,
    /// Its text was typed before a reload.
    was_restored: bool,
    round: StoredValue<u32>,
    is_saving: StoredValue<bool>,
}

impl Editor {
    fn new(invoice: Invoice) -> Self {
        let charges_vat = invoice.supplier.vat_number.is_some();
        let base = Content::of(&invoice);
        let kept = unsaved(invoice.summary.id.as_str()).filter(|kept| kept.content != base);
        let is_stale = kept.as_ref().is_some_and(|kept| kept.version != invoice.version);
        let was_restored = kept.is_some();
        let mut content = kept.map_or_else(|| base.clone(), |kept| kept.content);
        if content.lines.is_empty() {
            content.lines.push(Typed::new(charges_vat));
        }
        let now = browser::now();
        let lines = (0..)
            .zip(content.lines)
            .map(|(number, typed)| Line::new(number, typed))
            .collect::<Vec<_>>();
        Self {
            id: invoice.summary.id,
            next_number: StoredValue::new(u32::try_from(lines.len()).unwrap_or_default()),
            lines: RwSignal::new(lines),
            due_days: RwSignal::new(content.due_days),
            charges_vat,
            base: StoredValue::new(base),
            invoice: StoredValue::new(invoice),
            saved: RwSignal::new(if is_stale { Saved::Stale(now) } else { Saved::At(now) }),
            was_restored,
            round: StoredValue::new(0),
            is_saving: StoredValue::new(false),
        }
    }

    pub fn content(self) -> Content {
        Content {
            lines: self.lines.get().into_iter().map(Line::typed).collect(),
            due_days: self.due_days.get(),
        }
    }

    /// Adds a line and gives it the keyboard.
    pub fn add_line(self) {
        let number = self.next_number.get_value();
        self.next_number.set_value(number + 1);
        self.lines
            .update(|lines| lines.push(Line::new(number, Typed::new(self.charges_vat))));
        focus_line(number);
    }

    /// Moves a line one place; it keeps the keyboard.
    pub fn move_line(self, number: u32, is_up: bool) {
        self.lines.update(|lines| {
            let Some(at) = lines.iter().position(|line| line.number == number) else {
                return;
            };
            let to = if is_up {
                at.checked_sub(1)
            } else {
                Some(at + 1).filter(|to| *to < lines.len())
            };
            if let Some(to) = to {
                lines.swap(at, to);
            }
        });
    }

    /// Takes a line away; the one after it gets the keyboard, else the one before.
    pub fn remove_line(self, number: u32) {
        let mut next = None;
        self.lines.update(|lines| {
            if let Some(at) = lines.iter().position(|line| line.number == number) {
                lines.remove(at);
                next = lines.get(at).or(lines.last()).map(|line| line.number);
            }
        });
        match next {
            Some(next) => focus_line(next),
            None => self.add_line(),
        }
    }

    fn is_stale(self) -> bool {
        self.saved.with_untracked(|saved| matches!(saved, Saved::Stale(_)))
    }

    /// Keeps what is typed in this tab, and saves it when the keys rest.
    fn follow(self) {
        react(move || {
            let content = self.content();
            if self.base.with_value(|base| *base == content) {
                return;
            }
            let version = self.invoice.with_value(|invoice| invoice.version);
            keep_unsaved(self.id.as_str(), &Unsaved { version, content });
            self.round.update_value(|round| *round += 1);
            let mine = self.round.get_value();
            set_timeout(
                move || {
                    // A newer key was pressed, or the page is gone.
                    if self.round.try_get_value() == Some(mine) && !self.is_stale() {
                        spawn_local(async move {
                            self.save().await;
                        });
                    }
                },
                REST,
            );
        });
    }

    /// Saves what is typed; gives whether the server has it now.
    async fn save(self) -> bool {
        let content = untrack(|| self.content());
        if self.base.with_value(|base| *base == content) {
            return true;
        }
        let change = match content.change() {
            Ok(change) => change,
            Err(missing) => {
                self.saved.set(Saved::Waiting(missing));
                return false;
            }
        };
        // One save at a time: two would race for the same version.
        if self.is_saving.get_value() {
            return false;
        }
        self.is_saving.set_value(true);
        self.saved.set(Saved::Saving);
        let terms = Terms::of_version(self.invoice.with_value(|invoice| invoice.version));
        let answer = documents::change_invoice::<ChangeInvoice>(self.id, &change, terms).await;
        if self
            .is_saving
            .try_update_value(|is_saving| *is_saving = false)
            .is_none()
        {
            return answer.is_ok();
        }
        match answer {
            Ok(invoice) => {
                self.base.set_value(content.clone());
                self.invoice.set_value(invoice);
                self.saved.set(Saved::At(browser::now()));
                match untrack(|| self.content()) == content {
                    true => forget_unsaved(self.id.as_str()),
                    // More was typed meanwhile.
                    false => return Box::pin(self.save()).await,
                }
                true
            }
            Err(failure) => {
                self.failed(&failure).await;
                false
            }
        }
    }

    async fn failed(self, failure: &Failure) {
        if failure.problem().is_none_or(|problem| problem.status != 412) {
            let words = could_not(failure, text::drafts().save_failed);
            self.saved.try_set(Saved::Failed(words));
            return;
        }
        let events = api::call::<ListInvoiceEvents>(&[self.id.as_str()], &()).await;
        let at = events.ok().and_then(|events| events.first().map(|event| event.at));
        self.saved.try_set(Saved::Stale(at.unwrap_or_else(browser::now)));
    }
}

fn focus_line(number: u32) {
    request_animation_frame(move || browser::focus(&fields::description_id(number)));
}

fn edit(invoice: Invoice, shown: Remote<Option<Invoice>>) -> AnyView {
    let texts = text::drafts();
    let deeds_texts = text::deeds();
    let editor = Editor::new(invoice.clone());
    editor.follow();
    let id = invoice.summary.id;
    let mark = badge(status::invoice(&invoice.summary, browser::now()));
    let navigate = use_navigate();
    let toast: Toast = expect_context();
    let page = format!("/invoices/{id}");
    let done = {
        let (navigate, page) = (navigate.clone(), page.clone());
        Callback::new(move |_: Invoice| {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&page, options);
        })
    };
    let deeds = Deeds::new(done);
    Deeds::prepare();
    let finalise = Callback::new(move |()| {
        spawn_local(async move {
            // What is asked about must be what the server has.
            if editor.save().await {
                let invoice = editor.invoice.get_value();
                deeds.ask(Deed::Finalise, &invoice);
            }
        });
    });
    let delete = Callback::new(move |()| {
        let here = format!("/invoices/{id}/edit");
        let back = navigate.clone();
        forget_unsaved(id.as_str());
        toast.say_with_undo(
            deeds_texts.draft_deleted,
            id.as_str(),
            move || back(&here, NavigateOptions::default()),
            move || spawn_local(delete_now(id, toast)),
        );
        navigate("/invoices", NavigateOptions::default());
    });
    let restored = editor
        .was_restored
        .then(|| view! { <Notice tone=Tone::Info icon_name="info" title=texts.restored/> }.into_any());
    view! {
        <div class="head">
            <div class="head-title">
                <Heading text=texts.title/>
                {mark}
                <span class="muted">{texts.for_customer(&invoice.summary.customer_name)}</span>
            </div>
            <div class="head-actions">
                <PlainButton label=deeds_texts.delete_draft kind=Kind::Quiet on_press=delete/>
                <ButtonLink href=page label=texts.view kind=Kind::Secondary/>
                <PlainButton label=deeds_texts.finalise on_press=finalise/>
            </div>
        </div>
        <div class="stack">
            {restored}
            {dynamic(move || trouble(editor, shown))}
            {fields::paper(editor, &invoice, dynamic(move || state(editor)))}
        </div>
        {deeds.view()}
    }
    .into_any()
}

async fn delete_now(id: InvoiceId, toast: Toast) {
    if let Err(failure) = api::call::<DeleteInvoice>(&[id.as_str()], &()).await {
        toast.show_again(id.as_str());
        let words = could_not(&failure, &text::deeds().delete_draft.to_lowercase());
        toast.say(format!("{} {}", words.title, words.detail));
    }
}

/// "Saved 14:32"
fn state(editor: Editor) -> AnyView {
    let texts = text::drafts();
    let (words, icon, class) = match editor.saved.get() {
        Saved::At(at) => (texts.saved(&dates::clock_time(at)), "check", "saved-state"),
        Saved::Saving => (texts.saving.to_owned(), "arrows", "saved-state"),
        Saved::Waiting(Missing::Line(index)) => (texts.incomplete(&(index + 1).to_string()), "pencil", "saved-state"),
        Saved::Waiting(Missing::DueDays) | Saved::Stale(_) | Saved::Failed(_) => {
            (texts.not_saved.to_owned(), "triangle", "saved-state is-problem")
        }
    };
    view! { <p class=class role="status">{icon_14(icon)} {words}</p> }.into_any()
}

/// What stands in the way of saving, and what to do.
fn trouble(editor: Editor, shown: Remote<Option<Invoice>>) -> AnyView {
    let texts = text::drafts();
    match editor.saved.get() {
        Saved::Failed(words) => {
            let again = Callback::new(move |()| {
                spawn_local(async move {
                    editor.save().await;
                });
            });
            view! { <ProblemPanel words retry=again/> }.into_any()
        }
        Saved::Stale(at) => {
            let mine = Signal::derive(move || editor.content().to_text());
            let theirs = Callback::new(move |()| {
                forget_unsaved(editor.id.as_str());
                spawn_local(async move {
                    match documents::invoice(editor.id).await {
                        Ok(invoice) => shown.set(Some(invoice)),
                        Err(failure) => editor.failed(&failure).await,
                    }
                });
            });
            let keep = Callback::new(move |()| {
                spawn_local(async move {
                    match documents::invoice(editor.id).await {
                        Ok(invoice) => {
                            editor.base.set_value(Content::of(&invoice));
                            editor.invoice.set_value(invoice);
                            editor.saved.set(Saved::Saving);
                            editor.save().await;
                        }
                        Err(failure) => editor.failed(&failure).await,
                    }
                });
            });
            view! {
                <Notice tone=Tone::Warning icon_name="triangle" title=texts.stale_title(&dates::clock_time(at)) text=texts.stale>
                    <div class="banner-more row">
                        <CopyButton label=texts.copy_mine text=mine/>
                        <PlainButton label=texts.see_theirs kind=Kind::Secondary on_press=theirs/>
                        <PlainButton label=texts.keep_mine kind=Kind::Quiet on_press=keep/>
                    </div>
                </Notice>
            }
            .into_any()
        }
        Saved::At(_) | Saved::Saving | Saved::Waiting(_) => ().into_any(),
    }
}
