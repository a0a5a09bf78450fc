//! The paper of a draft, with fields where the document has words.

use common::invoices::Invoice;
use leptos::{ev, prelude::*};

use super::{
    document::party_lines,
    draft::{Line, Part, rand},
    editor::Editor,
};
use crate::{
    components::{
        art::logo_drawing,
        button::{Kind, PlainButton},
        data::{fact, fact_of},
        dynamic::{dynamic, flag},
        icon::icon_16,
        money::{amount_text, parse_amount},
    },
    text,
};

/// Where the keyboard goes in a line.
pub fn description_id(number: u32) -> String {
    format!("line-{number}-description")
}

/// The sheet; `state` says whether it is saved.
pub fn paper(editor: Editor, invoice: &Invoice, state: AnyView) -> AnyView {
    let (texts, invoices) = (text::drafts(), text::invoices());
    let add = Callback::new(move |()| editor.add_line());
    view! {
        <article class="paper draft" aria-label=texts.title>
            <div class="paper-top">
                <div class="stack">
                    <p class="logo">{logo_drawing()}</p>
                    <div class="soft small">{party_lines(&invoice.supplier, false)}</div>
                </div>
                <div>
                    <p class="paper-title">{invoices.draft_title}</p>
                    {state}
                </div>
            </div>
            <div class="paper-party">
                <div>
                    <p class="label">{invoices.billed_to}</p>
                    <p class="strong">{invoice.customer.name.clone()}</p>
                    <div class="soft small">{party_lines(&invoice.customer, true)}</div>
                </div>
                {due_field(editor)}
            </div>
            <section class="stack" aria-label=texts.lines>
                <ol class="draft-lines">
                    <For each=move || editor.lines.get() key=|line| line.number children=move |line| line_fields(editor, line)/>
                </ol>
                <div class="row-between">
                    <PlainButton label=texts.add_line icon="plus" kind=Kind::Secondary on_press=add/>
                    <p class="hint only-wide">{texts.line_keys}</p>
                </div>
            </section>
            {dynamic(move || totals(editor))}
        </article>
    }
    .into_any()
}

fn due_field(editor: Editor) -> AnyView {
    let texts = text::drafts();
    let is_wrong = Memo::new(move |_| {
        editor
            .due_days
            .with(|days| days.trim().parse::<u16>().ok().filter(|days| *days <= 90).is_none())
    });
    let more = move || match is_wrong.get() {
        true => {
            view! { <p class="error" id="due-days-more">{icon_16("triangle")} <span>{texts.due_days_wrong}</span></p> }
                .into_any()
        }
        false => view! { <p class="hint" id="due-days-more">{texts.due_days_hint}</p> }.into_any(),
    };
    view! {
        <div class="field due-field">
            <label for="due-days">{texts.due_days}</label>
            <input
                class="input"
                id="due-days"
                type="text"
                inputmode="numeric"
                autocomplete="off"
                aria-describedby="due-days-more"
                aria-invalid=flag(move || is_wrong.get())
                prop:value=editor.due_days
                on:input=move |event| editor.due_days.set(event_target_value(&event))
            />
            {dynamic(more)}
        </div>
    }
    .into_any()
}

fn line_fields(editor: Editor, line: Line) -> AnyView {
    let texts = text::drafts();
    let number = line.number;
    let place = Memo::new(move |_| {
        let at = editor
            .lines
            .with(|lines| lines.iter().position(|known| known.number == number));
        at.map_or(0, |at| at + 1)
    });
    let count = Memo::new(move |_| editor.lines.with(Vec::len));
    // What is missing is told when the keyboard has left the line.
    let is_left = RwSignal::new(false);
    let problem = Memo::new(move |_| {
        let typed = line.typed();
        (is_left.get() && !typed.is_blank())
            .then(|| typed.check().err())
            .flatten()
    });
    let more_id = format!("line-{number}-more");
    let described = {
        let more_id = more_id.clone();
        Signal::derive(move || problem.get().map(|_| more_id.clone()))
    };
    let is_wrong =
        move |part: Part| flag(move || problem.with(|problem| problem.as_ref().is_some_and(|(at, _)| *at == part)));
    let input = move |id: String, label: &'static str, value: RwSignal<String>, mode: &'static str, part: Part| {
        let settle = move |_| {
            if part == Part::Price
                && let Ok(amount) = parse_amount(&value.get_untracked())
            {
                let text = amount_text(amount);
                if text != value.get_untracked() {
                    value.set(text);
                }
            }
        };
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <input
                    class="input"
                    id=id
                    type="text"
                    inputmode=mode
                    autocomplete="off"
                    aria-invalid=is_wrong(part)
                    aria-describedby=described
                    prop:value=value
                    on:input=move |event| value.set(event_target_value(&event))
                    on:blur=settle
                />
            </div>
        }
        .into_any()
    };
    let key = move |event: ev::KeyboardEvent| {
        let is_up = match event.key().as_str() {
            "ArrowUp" if event.alt_key() => true,
            "ArrowDown" if event.alt_key() => false,
            _ => return,
        };
        event.prevent_default();
        let here = crate::browser::focused_id();
        editor.move_line(number, is_up);
        // Moving a row takes the keyboard out of it.
        request_animation_frame(move || crate::browser::focus(&here));
    };
    let told = move || {
        problem.get().map(|(_, words)| {
            view! { <p class="error" id=more_id.clone()>{icon_16("triangle")} <span>{words}</span></p> }.into_any()
        })
    };
    let net = move || texts.net(&rand(line.typed().priced().net_minor));
    let rate = editor.charges_vat.then(|| {
        let id = format!("line-{number}-rate");
        view! {
            <div class="field">
                <label for=id.clone()>{texts.rate}</label>
                <select
                    class="input"
                    id=id
                    prop:value=line.vat_rate
                    on:change=move |event| line.vat_rate.set(event_target_value(&event))
                >
                    <option value="15" selected=line.vat_rate.get_untracked() == "15">{texts.rate_full}</option>
                    <option value="0" selected=line.vat_rate.get_untracked() == "0">{texts.rate_none}</option>
                </select>
            </div>
        }
        .into_any()
    });
    let tool = move |icon: &'static str, name: fn(&str) -> String, is_off: Signal<bool>, act: Callback<()>| {
        let label = move || name(&place.get().to_string());
        view! {
            <button
                class="icon-btn"
                type="button"
                aria-label=label
                title=label
                aria-disabled=flag(move || is_off.get())
                on:click=move |_| act.run(())
            >
                {icon_16(icon)}
            </button>
        }
        .into_any()
    };
    let up = Callback::new(move |()| editor.move_line(number, true));
    let down = Callback::new(move |()| editor.move_line(number, false));
    let remove = Callback::new(move |()| editor.remove_line(number));
    let is_first = Signal::derive(move || place.get() <= 1);
    let is_last = Signal::derive(move || place.get() >= count.get());
    let never = Signal::derive(|| false);
    view! {
        <li>
            <div
                class="draft-line"
                role="group"
                aria-label=move || texts.line(&place.get().to_string())
                on:keydown=key
                on:focusin=move |_| is_left.set(false)
                on:focusout=move |_| is_left.set(true)
            >
                {input(description_id(number), texts.description, line.description, "text", Part::Description)}
                {input(format!("line-{number}-quantity"), texts.quantity, line.quantity, "decimal", Part::Quantity)}
                {input(format!("line-{number}-price"), texts.unit_price, line.unit_price, "decimal", Part::Price)}
                {rate}
                {dynamic(told)}
                <div class="draft-line-foot">
                    <p class="muted">{dynamic(net)}</p>
                    <div class="draft-line-tools">
                        {tool("up", |number| text::drafts().move_up(number), is_first, up)}
                        {tool("down", |number| text::drafts().move_down(number), is_last, down)}
                        {tool("cross", |number| text::drafts().remove(number), never, remove)}
                    </div>
                </div>
            </div>
        </li>
    }
    .into_any()
}

fn totals(editor: Editor) -> AnyView {
    let texts = text::invoices();
    let totals = editor.content().totals();
    let mut rows = Vec::new();
    if editor.charges_vat {
        let rate = common::vat::VAT_PERCENT.to_string();
        rows.push(fact(texts.subtotal, rand(totals.subtotal_minor)));
        rows.push(fact(texts.vat_at(&rate), rand(totals.vat_minor)));
    }
    rows.push(fact_of("is-total is-balance", texts.total, rand(totals.total_minor)));
    view! { <dl class="paper-totals">{rows}</dl> }.into_any()
}
