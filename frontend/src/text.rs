//! Every sentence that people read, in one typed catalogue.
//!
//! A part of the catalogue is a struct; a language is a value of it. Another language is another set of values
//! (`text/<part>.rs` gains an `AFRIKAANS` beside `ENGLISH`), and the compiler names each sentence that is missing.
//! Phrases take arguments and are called; plain texts are fields:
//!
//! ```ignore
//! t().auth.sign_in            // "Sign in"
//! t().shop.choose("Pro")       // "Choose Pro"
//! ```

/// Defines one part of the catalogue and its English value.
macro_rules! texts {
    (
        $(#[$meta:meta])*
        $name:ident { $($field:ident: $text:literal,)* }
        $(phrases { $($phrase:ident($($argument:ident),+): $format:literal,)* })?
    ) => {
        $(#[$meta])*
        pub struct $name {
            $(pub $field: &'static str,)*
            $($(pub $phrase: fn($(replace_with_str!($argument)),+) -> String,)*)?
        }

        impl $name {
            $($(pub fn $phrase(&self, $($argument: &str),+) -> String { (self.$phrase)($($argument),+) })*)?
        }

        pub static ENGLISH: $name = $name {
            $($field: $text,)*
            $($($phrase: |$($argument: &str),+| format!($format),)*)?
        };
    };
}

/// Stands for the type of one argument of a phrase.
macro_rules! replace_with_str {
    ($argument:ident) => {
        &str
    };
}

mod account;
mod audit;
mod auth;
mod chat;
mod checkout;
mod common;
mod deeds;
mod doctor;
mod drafts;
mod invoices;
mod keys;
mod legal;
mod lists;
mod members;
mod methods;
mod network;
mod payfast;
mod payments;
mod refunds;
mod reports;
mod roles;
mod security;
mod sending;
mod shop;
mod states;
mod today;

pub use legal::Page as LegalPage;

/// One language.
pub struct Catalogue {
    pub common: &'static common::Common,
    pub auth: &'static auth::Auth,
    pub shop: &'static shop::Shop,
    pub account: &'static account::Account,
    pub security: &'static security::Security,
    pub roles: &'static roles::Roles,
    pub members: &'static members::Members,
    pub keys: &'static keys::Keys,
    pub audit: &'static audit::Audit,
}

static ENGLISH: Catalogue = Catalogue {
    common: &common::ENGLISH,
    auth: &auth::ENGLISH,
    shop: &shop::ENGLISH,
    account: &account::ENGLISH,
    security: &security::ENGLISH,
    roles: &roles::ENGLISH,
    members: &members::ENGLISH,
    keys: &keys::ENGLISH,
    audit: &audit::ENGLISH,
};

/// The catalogue of the reader's language; English is the only one so far.
pub fn t() -> &'static Catalogue {
    &ENGLISH
}

/// Parts that only chunks read. The catalogue above is in the first load with all that it names; these are not.
macro_rules! apart {
    ($($part:ident: $name:ident),+ $(,)?) => { $(
        pub fn $part() -> &'static $part::$name {
            &$part::ENGLISH
        }
    )+ };
}

apart! {
    chat: Chat,
    checkout: Checkout,
    deeds: Deeds,
    drafts: Drafts,
    doctor: Doctor,
    invoices: Invoices,
    legal: Legal,
    lists: Lists,
    methods: Methods,
    network: Network,
    payfast: Payfast,
    payments: Payments,
    refunds: Refunds,
    reports: Reports,
    sending: Sending,
    states: States,
    today: Today,
}
