//! The period picker of all reports; what is chosen stands in the address.

use common::{FieldError, reports::Group};
use leptos::{ev::SubmitEvent, prelude::*};

use super::period::{self, PRESETS, Period, Preset};
use crate::{
    browser,
    components::{
        dynamic::{dynamic, pressed, react},
        field::{Errors, Field, Select},
        icon::icon_16,
    },
    dates::{self, day_text, parse_day},
    text::reports,
};

pub fn today() -> chrono::NaiveDate {
    parse_day(&dates::day(browser::now())).unwrap_or_default()
}

fn preset_name(preset: Preset) -> &'static str {
    let texts = reports();
    match preset {
        Preset::ThisMonth => texts.this_month,
        Preset::LastMonth => texts.last_month,
        Preset::VatPeriod => texts.vat_period,
        Preset::TwelveMonths => texts.twelve_months,
    }
}

pub fn picker(shown: Memo<Period>, choose: Callback<Period>) -> AnyView {
    let texts = reports();
    let is_open = RwSignal::new(false);
    let take = Callback::new(move |period| {
        is_open.set(false);
        choose.run(period);
    });
    let words = move || {
        let period = shown.get();
        period::words(&day_text(period.from), &day_text(period.to))
    };
    let presets = PRESETS.map(|preset| {
        let is_on = move || shown.get().preset(today()) == Some(preset);
        view! {
            <button
                class="chip"
                type="button"
                aria-pressed=pressed(is_on)
                on:click=move |_| take.run(Period::of(preset.days(today()), None))
            >
                {dynamic(move || is_on().then(|| icon_16("check")))}
                {preset_name(preset)}
            </button>
        }
        .into_any()
    });
    view! {
        <div class="picker">
            <button
                class="btn btn-secondary"
                type="button"
                aria-expanded=pressed(move || is_open.get())
                aria-controls="period"
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                {icon_16("calendar")}
                <span class="visually-hidden">{texts.period} ": "</span>
                {dynamic(words)}
                {icon_16("down")}
            </button>
            <div
                class="picker-panel"
                id="period"
                hidden=move || !is_open.get()
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        is_open.set(false);
                    }
                }
            >
                <div class="picker-presets" role="toolbar" aria-label=texts.presets>{Vec::from(presets)}</div>
                {form(shown, take)}
            </div>
        </div>
    }
    .into_any()
}

fn form(shown: Memo<Period>, take: Callback<Period>) -> AnyView {
    let texts = reports();
    let errors = Errors::new();
    let [from, to, group] = [(); 3].map(|()| RwSignal::new(String::new()));
    react(move || {
        let period = shown.get();
        from.set(day_text(period.from));
        to.set(day_text(period.to));
        group.set(period.group.to_string());
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let days = (parse_day(&from.read_untracked()), parse_day(&to.read_untracked()));
        let wrong = |field, words| errors.show(vec![FieldError::new(field, "invalid", words)]);
        match days {
            (None, _) => wrong("from", texts.day_unknown),
            (_, None) => wrong("to", texts.day_unknown),
            (Some(from), Some(to)) if to < from => wrong("to", texts.days_turned),
            (Some(from), Some(to)) => take.run(Period::of((from, to), Group::parse(&group.read_untracked()))),
        }
    };
    let options = [
        (Group::Day, texts.by_day),
        (Group::Week, texts.by_week),
        (Group::Month, texts.by_month),
    ]
    .map(|(group, words)| (group.to_string(), words.to_owned()))
    .to_vec();
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <div class="field-pair">
                <Field label=texts.from name="from" kind="date" value=from errors/>
                <Field label=texts.to name="to" kind="date" value=to errors/>
            </div>
            {dynamic(move || view! { <Select label=texts.by name="group" value=group errors options=options.clone()/> }.into_any())}
            <div class="row"><button class="btn btn-primary" type="submit">{texts.show_period}</button></div>
        </form>
    }
    .into_any()
}
