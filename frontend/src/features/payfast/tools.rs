//! Which tool the address names.

use common::auth::StaffRole;
use leptos::prelude::*;

use super::{
    books::books, doctor::doctor, notification::notification, notifications::notifications,
    reconciliation::reconciliation, reconciliations::reconciliations, refunds::refunds,
};
use crate::{
    address::path_value, browser, components::dynamic::dynamic, pages::not_found::NotFoundPage, roles,
    session::use_session,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Notifications,
    Notification,
    Signatures,
    Books,
    Reconciliations,
    Reconciliation,
    Refunds,
    None,
}

impl Tool {
    fn of(name: &str, id: &str) -> Self {
        match (name, id.is_empty()) {
            ("notifications", true) => Tool::Notifications,
            ("notifications", false) => Tool::Notification,
            ("signatures", true) => Tool::Signatures,
            ("books", true) => Tool::Books,
            ("reconciliations", true) => Tool::Reconciliations,
            ("reconciliations", false) => Tool::Reconciliation,
            ("refunds", true) => Tool::Refunds,
            _ => Tool::None,
        }
    }
}

#[component]
pub fn ToolsPage() -> impl IntoView {
    browser::wear("filters", include_str!("../../../styles/filters.css"));
    browser::wear("desk", include_str!("../../../styles/desk.css"));
    let session = use_session();
    let (name, id) = (path_value("tool"), path_value("id"));
    let tool = Memo::new(move |_| Tool::of(&name.read(), &id.read()));
    dynamic(move || match tool.get() {
        Tool::None => view! { <NotFoundPage/> }.into_any(),
        Tool::Signatures => doctor(),
        _ if !session.may_as_staff(StaffRole::Billing) => roles::not_staff(),
        Tool::Notifications => notifications(),
        Tool::Notification => notification(id),
        Tool::Books => books(),
        Tool::Reconciliations => reconciliations(),
        Tool::Reconciliation => reconciliation(id),
        Tool::Refunds => refunds(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_the_tool() {
        assert_eq!(Tool::of("notifications", ""), Tool::Notifications);
        assert_eq!(Tool::of("notifications", "7"), Tool::Notification);
        assert_eq!(Tool::of("books", "7"), Tool::None);
        assert_eq!(Tool::of("else", ""), Tool::None);
    }
}
