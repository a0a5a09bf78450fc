//! The rules hold for this workspace, and each of them finds what it is meant to find.

use super::{source::Source, *};

fn source(file: &str, text: &str) -> Source {
    Source::new(file, text.to_owned())
}

/// Checks one rule against one file: it complains about `bad` and not about `good`.
fn check(rule: fn(&[Source]) -> Vec<String>, file: &str, bad: &str, good: &str) {
    // Two features must be known for the rules between them.
    let found = |text: &str| {
        rule(&[
            source("crates/server/src/payments/mod.rs", "//! Payments."),
            source("crates/server/src/invoices/mod.rs", "//! Invoices."),
            source(file, text),
        ])
    };
    assert_eq!(found(bad).len(), 1, "{file} should break the rule:\n{bad}");
    assert_eq!(
        found(good),
        Vec::<String>::new(),
        "{file} should keep the rule:\n{good}"
    );
}

#[test]
fn workspace_keeps_all_rules() {
    let found = violations(&crate::workspace::root());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn pure_crates_may_not_import_ours() {
    check(
        pure_crates_stand_alone,
        "crates/common/src/a.rs",
        "use payfast::Amount;",
        "use crate::money::Money;",
    );
    check(
        pure_crates_stand_alone,
        "crates/payfast/src/a.rs",
        "fn a() { tokio::spawn(b) }",
        "fn a() { payfast::b() }",
    );
}

#[test]
fn actix_and_diesel_have_their_places() {
    check(
        actix_stays_at_the_edge,
        "crates/server/src/payments/service.rs",
        "use actix_web::web;",
        "// actix_web says so\n",
    );
    check(
        actix_stays_at_the_edge,
        "crates/server/src/jobs.rs",
        "fn a() { actix_web::rt::spawn(b) }",
        "",
    );
    check(
        diesel_stays_in_stores,
        "crates/server/src/payments/http.rs",
        "use diesel::prelude::*;",
        "use crate::db::Conn;",
    );
    check(
        diesel_stays_in_stores,
        "crates/common/src/money.rs",
        "use diesel::sql_types::Text;",
        "",
    );
    assert!(actix_stays_at_the_edge(&[source("crates/server/src/payments/http.rs", "use actix_web::web;")]).is_empty());
    assert!(diesel_stays_in_stores(&[source("crates/server/src/db/conn.rs", "use diesel::Connection;")]).is_empty());
}

#[test]
fn rules_take_now_as_an_argument() {
    check(
        rules_are_pure,
        "crates/server/src/payments/rules.rs",
        "use chrono::Utc;\nfn a() { Utc::now(); }",
        "fn a(now: DateTime<Utc>) {}",
    );
    check(
        rules_are_pure,
        "crates/server/src/payments/rules.rs",
        "use crate::clock::Now;",
        "use chrono::Utc;",
    );
}

#[test]
fn features_meet_in_services() {
    let file = "crates/server/src/payments/service.rs";
    check(
        features_call_services_only,
        file,
        "use crate::{db::Conn, invoices::{self, store}};",
        "use crate::invoices::service;",
    );
    check(
        features_call_services_only,
        file,
        "fn a() { crate::invoices::http::b() }",
        "use crate::{payments::store, http::session};",
    );
    check(
        spine_knows_no_feature,
        "crates/server/src/mail.rs",
        "use crate::invoices::service;",
        "use crate::clock::Clock;",
    );
}

#[test]
fn components_stay_below_pages() {
    check(
        components_know_no_data,
        "frontend/src/components/button.rs",
        "use crate::{api::call};",
        "use leptos::prelude::*;",
    );
    check(
        client_features_keep_their_parts,
        "frontend/src/features/auth/pages.rs",
        "use crate::features::invoices::parts::Row;",
        "use crate::features::auth::parts::Form;",
    );
}

#[test]
fn rows_clock_length_and_heads_are_watched() {
    let file = "crates/server/src/payments/store.rs";
    check(
        rows_are_not_documents,
        file,
        "#[derive(Debug, Queryable, Serialize)]\nstruct A;",
        "#[derive(Queryable)]\nstruct A;\n#[derive(Serialize)]\nstruct B;",
    );
    check(
        time_comes_from_the_clock,
        file,
        "fn a() { chrono::Utc::now(); }",
        "fn a(now: X) {}\n#[cfg(test)]\nmod tests { fn b() { Utc::now(); } }",
    );
    check(files_stay_short, file, &"a\n".repeat(601), &"a\n".repeat(600));
    check(modules_say_what_they_own, file, "use a::b;", "//! What it owns.");
    let later = ["// TO", "DO: finish"].concat();
    check(nothing_is_left_for_later, file, &later, "// done");
}

#[test]
fn braces_of_use_are_written_out() {
    let code = "pub use a::{b::{self, c as d}, e};\nfn f() { g::h(i::J::k); }\nuse l::m;";
    assert_eq!(
        paths(code),
        ["a::b::self", "a::b::c", "a::e", "g::h", "i::J::k", "l::m"]
    );
}
