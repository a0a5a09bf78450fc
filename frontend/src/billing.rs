//! The form of billing details, in the checkout and under Account: same fields, same rules.

use common::{
    FieldError,
    accounts::{Account, AccountChange, Address},
    validate,
};
use leptos::prelude::*;

use crate::{
    browser,
    components::{
        dynamic::react,
        field::{ErrorSummary, Errors, Field, Select},
    },
    text,
};

/// Home of most customers, and the default of new ones.
const HOME_COUNTRY: &str = "ZA";
const COUNTRIES: [(&str, &str); 12] = [
    ("ZA", "South Africa"),
    ("BW", "Botswana"),
    ("SZ", "Eswatini"),
    ("KE", "Kenya"),
    ("LS", "Lesotho"),
    ("MU", "Mauritius"),
    ("MZ", "Mozambique"),
    ("NA", "Namibia"),
    ("GB", "United Kingdom"),
    ("US", "United States"),
    ("ZM", "Zambia"),
    ("ZW", "Zimbabwe"),
];
const LINE_MAX: usize = 100;
const POSTAL_MAX: usize = 12;

/// The fields as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    company_name: String,
    vat_number: String,
    line1: String,
    line2: String,
    city: String,
    postal_code: String,
    country: String,
}

impl Typed {
    fn from_parts(parts: [String; 7]) -> Self {
        let [company_name, vat_number, line1, line2, city, postal_code, country] = parts;
        Self {
            company_name,
            vat_number,
            line1,
            line2,
            city,
            postal_code,
            country,
        }
    }

    fn parts(&self) -> [&str; 7] {
        [
            &self.company_name,
            &self.vat_number,
            &self.line1,
            &self.line2,
            &self.city,
            &self.postal_code,
            &self.country,
        ]
    }

    fn of(account: &Account) -> Self {
        let address = account.billing_address.clone().unwrap_or_default();
        Self {
            company_name: account.company_name.clone(),
            vat_number: account.vat_number.clone().unwrap_or_default(),
            line1: address.line1,
            line2: address.line2.unwrap_or_default(),
            city: address.city,
            postal_code: address.postal_code,
            country: if address.country.is_empty() {
                HOME_COUNTRY.to_owned()
            } else {
                address.country
            },
        }
    }

    /// What to send: only what differs from `account`, `None` when nothing does.
    fn change(&self, account: &Account) -> Result<Option<AccountChange>, Vec<FieldError>> {
        let texts = text::checkout();
        let mut errors = Vec::new();
        let mut take = |result: Result<Option<String>, FieldError>| {
            result.unwrap_or_else(|error| {
                errors.push(error);
                None
            })
        };
        let company_name = take(needed(
            "company_name",
            &self.company_name,
            validate::NAME_MAX_CHARS,
            texts.company_needed,
        ));
        let vat_number = take(validate::vat_number("vat_number", &self.vat_number));
        let line1 = take(needed(
            "billing_address.line1",
            &self.line1,
            LINE_MAX,
            texts.line1_needed,
        ));
        let line2 = take(validate::line("billing_address.line2", &self.line2, LINE_MAX));
        let city = take(needed("billing_address.city", &self.city, LINE_MAX, texts.city_needed));
        let postal_code = take(needed(
            "billing_address.postal_code",
            &self.postal_code,
            POSTAL_MAX,
            texts.postal_needed,
        ));
        if !errors.is_empty() {
            return Err(errors);
        }
        let address = Some(Address {
            line1: line1.unwrap_or_default(),
            line2,
            city: city.unwrap_or_default(),
            postal_code: postal_code.unwrap_or_default(),
            country: self.country.clone(),
        });
        let change = AccountChange {
            company_name: company_name.filter(|name| *name != account.company_name),
            vat_number: (vat_number != account.vat_number).then_some(vat_number),
            billing_address: (address != account.billing_address).then_some(address),
        };
        Ok((change != AccountChange::default()).then_some(change))
    }
}

fn needed(field: &str, text: &str, max: usize, message: &str) -> Result<Option<String>, FieldError> {
    match validate::line(field, text, max) {
        Ok(None) => Err(FieldError::required(field, message)),
        other => other,
    }
}

/// The form's state; what is typed survives a reload of the tab.
#[derive(Clone, Copy)]
pub struct BillingForm {
    company_name: RwSignal<String>,
    vat_number: RwSignal<String>,
    line1: RwSignal<String>,
    line2: RwSignal<String>,
    city: RwSignal<String>,
    postal_code: RwSignal<String>,
    country: RwSignal<String>,
    pub errors: Errors,
    account: StoredValue<Account>,
}

impl BillingForm {
    pub fn new(account: Account) -> Self {
        let slot = slot(&account);
        let saved = Typed::of(&account);
        let typed = browser::session()
            .get_list(&slot)
            .map_or_else(|| saved.clone(), Typed::from_parts);
        let form = Self {
            company_name: RwSignal::new(typed.company_name),
            vat_number: RwSignal::new(typed.vat_number),
            line1: RwSignal::new(typed.line1),
            line2: RwSignal::new(typed.line2),
            city: RwSignal::new(typed.city),
            postal_code: RwSignal::new(typed.postal_code),
            country: RwSignal::new(typed.country),
            errors: Errors::new(),
            account: StoredValue::new(account),
        };
        react(move || {
            let typed = form.typed();
            let saved = form.account.with_value(Typed::of);
            if typed == saved {
                browser::session().remove(&slot);
            } else {
                browser::session().set_list(&slot, &typed.parts());
            }
        });
        form
    }

    /// Checks the fields and shows what is wrong; `Ok(None)` when there is nothing to save.
    pub fn change(self) -> Result<Option<AccountChange>, ()> {
        let typed = untrack(|| self.typed());
        let change = self.account.with_value(|account| typed.change(account));
        match change {
            Ok(change) => {
                self.errors.clear();
                Ok(change)
            }
            Err(errors) => {
                self.errors.show(errors);
                Err(())
            }
        }
    }

    /// Shows what the server refused.
    pub fn refuse(self, errors: &[FieldError]) {
        let errors = errors.iter().cloned().map(|mut error| {
            if error.field == "billing_address" {
                error.field = "billing_address.line1".to_owned();
            }
            error
        });
        self.errors.show(errors.collect());
    }

    /// The details were saved: they are the ones to compare with now.
    pub fn saved(self, account: Account) {
        browser::session().remove(&slot(&account));
        self.account.set_value(account);
    }

    fn typed(self) -> Typed {
        Typed {
            company_name: self.company_name.get(),
            vat_number: self.vat_number.get(),
            line1: self.line1.get(),
            line2: self.line2.get(),
            city: self.city.get(),
            postal_code: self.postal_code.get(),
            country: self.country.get(),
        }
    }
}

fn slot(account: &Account) -> String {
    format!("capecontrol.details.{}", account.id)
}

#[component]
pub fn BillingFields(form: BillingForm) -> impl IntoView {
    let texts = text::checkout();
    let errors = form.errors;
    let mut countries: Vec<(String, String)> = COUNTRIES
        .iter()
        .map(|(code, name)| ((*code).to_owned(), (*name).to_owned()))
        .collect();
    let country = form.country.get_untracked();
    if !countries.iter().any(|(code, _)| *code == country) {
        countries.push((country.clone(), country));
    }
    view! {
        <ErrorSummary errors/>
        <Field label=texts.company name="company_name" value=form.company_name errors autocomplete="organization"/>
        <Field label=texts.vat_number name="vat_number" value=form.vat_number errors inputmode="numeric" hint=texts.vat_hint/>
        <Field label=texts.line1 name="billing_address.line1" value=form.line1 errors autocomplete="address-line1"/>
        <Field label=texts.line2 name="billing_address.line2" value=form.line2 errors autocomplete="address-line2"/>
        <div class="field-pair">
            <Field label=texts.city name="billing_address.city" value=form.city errors autocomplete="address-level2"/>
            <Field
                label=texts.postal_code
                name="billing_address.postal_code"
                value=form.postal_code
                errors
                autocomplete="postal-code"
            />
        </div>
        <Select label=texts.country name="billing_address.country" value=form.country errors options=countries autocomplete="country"/>
    }.into_any()
}

#[cfg(test)]
mod tests {
    use common::{
        accounts::{AccountRole, PlanGrant},
        ids::AccountId,
        plans::ProductCode,
    };

    use super::*;

    fn account() -> Account {
        Account {
            id: AccountId::parse("01929b7e-7c1c-7000-8000-000000000002").unwrap(),
            company_name: "Rietvlei Robotics".to_owned(),
            vat_number: None,
            billing_address: None,
            billing_email: "a@b.co".to_owned(),
            role: AccountRole::Owner,
            plan: PlanGrant {
                code: ProductCode::Free,
                name: "Free".to_owned(),
                paid_until: None,
            },
            created_at: "2026-11-24T08:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn missing_details_are_named_by_field() {
        let errors = Typed::of(&account()).change(&account()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "billing_address.line1",
                "billing_address.city",
                "billing_address.postal_code"
            ]
        );
    }

    #[test]
    fn only_what_differs_is_sent() {
        let typed = Typed {
            line1: " 14 Loopstraat ".to_owned(),
            city: "Cape Town".to_owned(),
            postal_code: "8001".to_owned(),
            vat_number: "4000 000 001".to_owned(),
            ..Typed::of(&account())
        };
        let change = typed.change(&account()).unwrap().unwrap();
        assert_eq!(change.company_name, None);
        assert_eq!(change.vat_number, Some(Some("4000000001".to_owned())));
        let address = change.billing_address.flatten().unwrap();
        assert_eq!(
            (address.line1.as_str(), address.line2, address.country.as_str()),
            ("14 Loopstraat", None, "ZA")
        );

        let mut saved = account();
        saved.vat_number = Some("4000000001".to_owned());
        saved.billing_address = typed.change(&account()).unwrap().unwrap().billing_address.flatten();
        assert_eq!(typed.change(&saved).unwrap(), None);
        assert_eq!(
            Typed {
                vat_number: String::new(),
                ..typed
            }
            .change(&saved)
            .unwrap()
            .unwrap()
            .vat_number,
            Some(None)
        );
    }
}
