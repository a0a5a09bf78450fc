//! Terms, privacy notice (POPIA) and refunds.

use leptos::prelude::*;

use crate::{
    chunk::pages,
    components::dynamic::dynamic,
    components::heading::Heading,
    site::{grouped_vat_number, use_site},
    text::{self, LegalPage},
};

pages! {
    legal:
    terms => TermsPage,
    privacy => PrivacyPage,
    refunds => RefundsPage,
}

#[component]
fn TermsPage() -> impl IntoView {
    prose(&text::legal().terms)
}

#[component]
fn PrivacyPage() -> impl IntoView {
    prose(&text::legal().privacy)
}

#[component]
fn RefundsPage() -> impl IntoView {
    prose(&text::legal().refunds)
}

fn prose(page: &'static LegalPage) -> impl IntoView {
    let site = use_site();
    let sections = page.sections.iter().map(|section| {
        let paragraphs = section
            .paragraphs
            .iter()
            .map(|paragraph| view! { <p>{*paragraph}</p> }.into_any());
        view! {
            <h2>{section.heading}</h2>
            {paragraphs.collect_view()}
        }
        .into_any()
    });
    let seller = move || {
        site.get().map(|site| {
            let vat = site
                .supplier
                .vat_number
                .map(|number| crate::text::invoices().vat_no(&grouped_vat_number(&number)));
            view! {
                <h2>{text::legal().seller}</h2>
                <p>{site.supplier.name} <br/> {site.supplier.address} {vat.map(|vat| view! { <br/> {vat} }.into_any())}</p>
            }.into_any()
        })
    };
    view! {
        <article class="page page-text prose">
            <Heading text=page.title/>
            <p class="strong">{page.summary}</p>
            {sections.collect_view()}
            {dynamic(seller)}
        </article>
    }
    .into_any()
}
