//! What the list of the audit log is narrowed to: by action, by days, by words; it stands in the address.

use common::{
    API_BASE, Endpoint, FieldError,
    audit::{AuditAction, AuditQuery, ExportAudit},
    ids::AccountId,
    instant,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::entry;
use crate::{
    address::query_value,
    browser,
    components::{
        button::{Kind, PlainButton},
        dynamic::{dynamic, pressed, react},
        field::{Errors, Field},
    },
    text::t,
};

const HERE: &str = "/account/audit";
/// The server looks for nothing shorter or longer.
const SEARCH_CHARS: std::ops::RangeInclusive<usize> = 3..=100;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    pub action: Option<AuditAction>,
    /// `2026-11-24`, or nothing.
    pub from: String,
    pub to: String,
    pub search: String,
}

impl Filters {
    pub fn is_empty(&self) -> bool {
        *self == Filters::default()
    }

    /// What to ask the server; a day or search that it would refuse is left out, since addresses are typed too.
    pub fn query(&self) -> AuditQuery {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let is_fine = self.check().is_ok();
        AuditQuery {
            action: self.action,
            from: given(&self.from).filter(|_| is_fine),
            to: given(&self.to).filter(|_| is_fine),
            search: given(&self.search).filter(|_| is_fine),
            ..AuditQuery::default()
        }
    }

    /// The file with everything that these filters show. Links carry no headers, so it names the account.
    pub fn file(&self, account_id: Option<AccountId>) -> String {
        let account_id = account_id.map(|id| format!("account_id={id}"));
        let query: Vec<String> = account_id.into_iter().chain(self.pairs(browser::encode)).collect();
        format!("{API_BASE}{}?{}", ExportAudit::PATH, query.join("&"))
    }

    /// The page with these filters; only what is set stands in the address.
    fn address(&self, encode: fn(&str) -> String) -> String {
        let query = self.pairs(encode);
        match query.is_empty() {
            true => HERE.to_owned(),
            false => format!("{HERE}?{}", query.join("&")),
        }
    }

    fn pairs(&self, encode: fn(&str) -> String) -> Vec<String> {
        let action = self.action.map(AuditAction::as_str).unwrap_or_default();
        let pairs = [
            ("action", action),
            ("from", &self.from),
            ("to", &self.to),
            ("search", &self.search),
        ];
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect()
    }

    /// Tells the list apart from other filters of it.
    pub fn list(&self) -> String {
        format!("audit.{}", self.address(str::to_owned))
    }

    fn check(&self) -> Result<(), Vec<FieldError>> {
        let texts = t().audit;
        let mut errors = Vec::new();
        for (field, day) in [("from", &self.from), ("to", &self.to)] {
            if !day.is_empty() && !is_day(day) {
                errors.push(FieldError::new(field, "invalid", texts.day_unknown));
            }
        }
        // Days of this form are in the order of their letters.
        if errors.is_empty() && !self.from.is_empty() && !self.to.is_empty() && self.to < self.from {
            errors.push(FieldError::new("to", "out_of_range", texts.days_turned));
        }
        let length = self.search.chars().count();
        if length > 0 && !SEARCH_CHARS.contains(&length) {
            errors.push(FieldError::new("search", "out_of_range", texts.search_short));
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors),
        }
    }
}

/// A day of this century that a calendar has.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.starts_with("20") && instant::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// Reads the filters from the address, and follows it.
pub fn use_filters() -> Memo<Filters> {
    let [action, from, to, search] = ["action", "from", "to", "search"].map(query_value);
    Memo::new(move |_| Filters {
        action: AuditAction::parse(&action.read()),
        from: from.get(),
        to: to.get(),
        search: search.get().trim().to_owned(),
    })
}

/// Leads to the list without filters.
pub fn clear_filters() -> Callback<()> {
    let navigate = use_navigate();
    Callback::new(move |()| navigate(HERE, NavigateOptions::default()))
}

/// Takes the filters away, while there are any.
fn clear_button(filters: Memo<Filters>) -> impl Fn() -> Option<AnyView> + Send + 'static {
    let clear = clear_filters();
    move || {
        let is_clear = filters.read().is_empty();
        (!is_clear).then(|| view! { <PlainButton label=t().audit.clear on_press=clear kind=Kind::Quiet/> }.into_any())
    }
}

/// The form; what is typed counts when it is applied, so that Back leads from view to view.
#[component]
pub fn FilterForm(filters: Memo<Filters>) -> impl IntoView {
    let texts = t().audit;
    // On a phone the fields would fill the screen.
    let is_open = RwSignal::new(false);
    let clear = clear_button(filters);
    view! {
        <div class="filters no-print">
            <div class="row only-phone">
                <button
                    class="btn btn-secondary"
                    type="button"
                    aria-expanded=pressed(move || is_open.get())
                    aria-controls="filters"
                    on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                >
                    {texts.filters}
                </button>
                {dynamic(clear)}
            </div>
            <div id="filters" class="filters-form" class:is-open=is_open><Fields filters/></div>
        </div>
    }
    .into_any()
}

#[component]
fn Fields(filters: Memo<Filters>) -> impl IntoView {
    let texts = t().audit;
    let navigate = use_navigate();
    let errors = Errors::new();
    let action = RwSignal::new(filters.read_untracked().action);
    let [from, to, search] = [(); 3].map(|()| RwSignal::new(String::new()));
    // Back and a shared address change the fields; an address with mistakes says what they are.
    react(move || {
        let shown = filters.get();
        errors.tell(shown.check().err().unwrap_or_default());
        action.set(shown.action);
        from.set(shown.from);
        to.set(shown.to);
        search.set(shown.search);
    });
    let clear = clear_button(filters);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = Filters {
            action: action.get_untracked(),
            from: from.get_untracked(),
            to: to.get_untracked(),
            search: search.get_untracked().trim().to_owned(),
        };
        match wanted.check() {
            Ok(()) => navigate(
                &wanted.address(browser::encode),
                NavigateOptions {
                    scroll: false,
                    ..NavigateOptions::default()
                },
            ),
            Err(refused) => errors.show(refused),
        }
    };
    view! {
        <form class="filters-fields" role="search" novalidate=true on:submit=submit>
            <div class="field">
                <label for="f-action">{texts.what}</label>
                <select
                    class="input"
                    id="f-action"
                    name="action"
                    prop:value=move || action.get().map_or("", AuditAction::as_str)
                    on:change=move |event| action.set(AuditAction::parse(&event_target_value(&event)))
                >
                    <option value="">{texts.any_action}</option>
                    {action_groups(action.get_untracked())}
                </select>
            </div>
            <Field label=texts.first_day name="from" kind="date" value=from errors/>
            <Field label=texts.last_day name="to" kind="date" value=to errors/>
            <Field label=texts.search name="search" kind="search" value=search errors hint=texts.search_hint/>
            <div class="row">
                <button class="btn btn-secondary" type="submit">{texts.apply}</button>
                <span class="only-wide">{dynamic(clear)}</span>
            </div>
        </form>
    }
    .into_any()
}

/// All actions, in groups, so that nobody reads thirty lines.
fn action_groups(chosen: Option<AuditAction>) -> AnyView {
    let groups = entry::GROUPS.iter().map(|group| {
        let options = AuditAction::ALL
            .iter()
            .filter(|action| entry::group(**action) == *group)
            .map(|action| {
                let is_chosen = chosen == Some(*action);
                view! { <option value=action.as_str() selected=is_chosen>{entry::action(*action)}</option> }.into_any()
            });
        view! { <optgroup label=group.name()>{options.collect_view()}</optgroup> }.into_any()
    });
    groups.collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(from: &str, to: &str, search: &str) -> Filters {
        Filters {
            action: None,
            from: from.to_owned(),
            to: to.to_owned(),
            search: search.to_owned(),
        }
    }

    #[test]
    fn the_address_holds_what_is_set() {
        assert_eq!(Filters::default().address(str::to_owned), "/account/audit");
        let some = Filters {
            action: Some(AuditAction::MemberRoleChanged),
            ..filters("2026-11-01", "", "lerato")
        };
        assert_eq!(
            some.address(str::to_owned),
            "/account/audit?action=member.role_changed&from=2026-11-01&search=lerato"
        );
        assert_ne!(some.list(), Filters::default().list());
    }

    #[test]
    fn days_are_days_and_in_order() {
        let fields = |filters: Filters| {
            filters
                .check()
                .err()
                .map(|errors| errors[0].field.clone())
                .unwrap_or_default()
        };
        assert_eq!(fields(filters("2026-11-01", "2026-11-01", "")), "");
        assert_eq!(fields(filters("2026-11-02", "2026-11-01", "")), "to");
        assert_eq!(fields(filters("2026-02-30", "", "")), "from");
        assert_eq!(fields(filters("yesterday", "", "")), "from");
        assert_eq!(fields(filters("1999-01-01", "", "")), "from");
    }

    #[test]
    fn a_search_has_three_letters_at_least() {
        assert!(filters("", "", "ab").check().is_err());
        assert!(filters("", "", "abc").check().is_ok());
        assert!(filters("", "", &"x".repeat(101)).check().is_err());
    }

    #[test]
    fn what_the_server_would_refuse_is_not_asked() {
        let query = filters("2026-11-02", "2026-11-01", "abc").query();
        assert_eq!((query.from, query.to), (None, None));
        assert_eq!(filters("", "", "abc").query().search.as_deref(), Some("abc"));
    }
}
