//! Facts about this place: who sells, and whether money is real here.

use common::site::{GetSite, PayfastMode, Site};
use leptos::prelude::*;

use crate::{
    api, browser,
    components::dynamic::react,
    remote::{Remote, remote},
};

/// Whether this place was one where no real money moves.
const TEST_KEY: &str = "capecontrol.test";

fn is_test(site: &Site) -> bool {
    site.payfast_mode != PayfastMode::Live
}

/// Asked once, shared by all pages.
#[derive(Clone, Copy)]
pub struct SiteFacts(Remote<Site>);

impl SiteFacts {
    pub fn provide() -> SiteFacts {
        let facts = SiteFacts(remote(|| api::call::<GetSite>(&[], &())));
        react(move || {
            let store = browser::local();
            match facts.0.with(|site| site.map(is_test)) {
                Some(true) => store.set(TEST_KEY, "1"),
                Some(false) => store.remove(TEST_KEY),
                None => {}
            }
        });
        provide_context(facts);
        facts
    }

    pub fn get(self) -> Option<Site> {
        self.0.get()
    }

    /// Until the server answers, what it said last time: the banner must not push a page down that is in use.
    pub fn is_test(self) -> bool {
        self.0
            .with(|site| site.map_or_else(|| browser::local().get(TEST_KEY).is_some(), is_test))
    }

    /// Where an EFT goes, when one is offered.
    pub fn bank(self) -> Option<String> {
        self.0.with(|site| site.and_then(|site| site.supplier.bank.clone()))
    }

    /// Whether VAT is charged; `None` until it is known.
    pub fn charges_vat(self) -> Option<bool> {
        self.0.with(|site| site.map(|site| site.supplier.vat_number.is_some()))
    }
}

pub fn use_site() -> SiteFacts {
    expect_context()
}

/// `4000 000 000`, as VAT numbers are read out.
pub fn grouped_vat_number(digits: &str) -> String {
    match (digits.get(..4), digits.get(4..7), digits.get(7..)) {
        (Some(first), Some(second), Some(third)) if digits.len() == 10 => format!("{first} {second} {third}"),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_numbers_are_grouped() {
        assert_eq!(grouped_vat_number("4000000000"), "4000 000 000");
        assert_eq!(grouped_vat_number("DE123"), "DE123");
    }
}
