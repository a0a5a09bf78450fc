//! Who is signed in, for every page; and the guard in front of private ones.

use std::cell::Cell;

use common::{
    ErrorCode,
    accounts::{Account, AccountRole, AccountSummary},
    auth::{GetMe, Login, Logout, SignedIn, StaffRole},
    ids::AccountId,
    mfa::GetMfa,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    api::{self, Failure},
    browser,
    chunk::{Page, open, preload},
    components::{
        button::ButtonLink,
        dynamic::{dynamic, react},
        heading::Heading,
        problem::ProblemPanel,
        skeleton::PageSkeleton,
    },
    explain::explain,
    next, realtime, roles,
    text::t,
};

/// The account that was chosen last, where a user has several.
const ACCOUNT_KEY: &str = "capecontrol.account";

/// Where staff turn on two-step sign-in.
pub const ENROL_PATH: &str = "/account/two-step";
/// One's own settings open without a second factor.
const OWN_PATHS: &str = "/account";

/// What the server has said about this browser.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    Asking,
    Nobody,
    Somebody(SignedIn),
    Unreachable(Failure),
}

/// The session, as a context of every page.
#[derive(Clone, Copy)]
pub struct Session {
    pub who: RwSignal<Who>,
    pub account: RwSignal<Option<AccountSummary>>,
    id: Memo<Option<AccountId>>,
    /// The server opens nothing to these staff before they have a second factor.
    pub must_enrol: RwSignal<bool>,
    /// The server ended a session that this page was using.
    was_ended: RwSignal<bool>,
}

thread_local! {
    static SESSION: Cell<Option<Session>> = const { Cell::new(None) };
}

impl Session {
    /// Creates the session, gives it to all pages and asks the server.
    pub fn provide() -> Session {
        let account = RwSignal::new(None::<AccountSummary>);
        let session = Session {
            who: RwSignal::new(Who::Asking),
            account,
            id: Memo::new(move |_| account.with(|account| account.as_ref().map(|account| account.id))),
            must_enrol: RwSignal::new(false),
            was_ended: RwSignal::new(false),
        };
        provide_context(session);
        SESSION.set(Some(session));
        api::on_session_refused(|code| {
            if let Some(session) = SESSION.get() {
                session.refused(code);
            }
        });
        session.ask();
        session
    }

    /// Asks the server who is signed in.
    pub fn ask(self) {
        spawn_local(async move {
            match who_is_signed_in().await {
                Ok(Some(signed_in)) => self.begin(signed_in),
                Ok(None) => self.end(),
                Err(failure) if failure.is(ErrorCode::NotSignedIn) => self.end(),
                Err(failure) => self.who.set(Who::Unreachable(failure)),
            }
        });
    }

    /// Asks again which companies the person belongs to, with which role; without an answer all stays as it is.
    pub fn renew(self) {
        spawn_local(async move {
            if let Ok(Some(signed_in)) = who_is_signed_in().await {
                self.begin(signed_in);
            }
        });
    }

    pub async fn sign_in(self, credentials: common::auth::Credentials) -> Result<(), Failure> {
        let signed_in = api::call::<Login>(&[], &credentials).await?;
        api::forget_csrf();
        if signed_in.user.staff_role.is_some() {
            // Without an answer the pages for staff say it, as soon as one is opened.
            let mfa = api::call::<GetMfa>(&[], &()).await;
            self.must_enrol
                .set(mfa.is_ok_and(|mfa| mfa.is_required && !mfa.is_enabled));
        }
        self.begin(signed_in);
        Ok(())
    }

    /// Ends the session on the server, then leaves the page so that nothing stays in memory.
    pub async fn sign_out(self) -> Result<(), Failure> {
        self.forget().await?;
        browser::leave_to("/sign-in?signed_out=1");
        Ok(())
    }

    /// Ends the session on the server and in this browser's stores; leave the page next.
    pub async fn forget(self) -> Result<(), Failure> {
        api::call::<Logout>(&[], &()).await?;
        let user = self.who.with_untracked(|who| match who {
            Who::Somebody(signed_in) => Some(signed_in.user.id),
            Who::Asking | Who::Nobody | Who::Unreachable(_) => None,
        });
        if let Some(user) = user {
            realtime::leave(user).await;
        }
        browser::session().clear();
        browser::local().remove(ACCOUNT_KEY);
        Ok(())
    }

    /// How far a private page can go; it must not be rebuilt for each change of [`Who`].
    pub fn stage(self) -> Memo<Stage> {
        Memo::new(move |_| {
            self.who.with(|who| match who {
                Who::Asking => Stage::Wait,
                Who::Nobody => Stage::Leave,
                Who::Somebody(_) => Stage::Show,
                Who::Unreachable(_) => Stage::Fail,
            })
        })
    }

    pub fn is_nobody(self) -> bool {
        self.who.with(|who| *who == Who::Nobody)
    }

    pub fn is_somebody(self) -> bool {
        self.who.with(|who| matches!(who, Who::Somebody(_)))
    }

    /// The account that calls act for; changes only when another one is chosen.
    pub fn account_id(self) -> Option<AccountId> {
        self.id.get()
    }

    /// Whether the person has `role` in the account, or more; the server decides again.
    pub fn may(self, role: AccountRole) -> bool {
        self.account
            .with(|account| account.as_ref().is_some_and(|account| account.role >= role))
    }

    /// The accounts to choose from.
    pub fn accounts(self) -> Vec<AccountSummary> {
        self.who.with(|who| match who {
            Who::Somebody(signed_in) => signed_in.accounts.clone(),
            Who::Asking | Who::Nobody | Who::Unreachable(_) => Vec::new(),
        })
    }

    pub fn staff_role(self) -> Option<StaffRole> {
        self.who.with(|who| match who {
            Who::Somebody(signed_in) => signed_in.user.staff_role,
            Who::Asking | Who::Nobody | Who::Unreachable(_) => None,
        })
    }

    /// Whether the person works at the billing desk: staff who look at no single account.
    pub fn is_desk(self) -> bool {
        self.account_id().is_none() && self.staff_role().is_some()
    }

    /// Whether the person has `role` on the staff, or more; the server decides again.
    pub fn may_as_staff(self, role: StaffRole) -> bool {
        self.staff_role().is_some_and(|own| own >= role)
    }

    /// Back to the billing desk, which sees all accounts; every private page starts anew.
    pub fn choose_desk(self) {
        browser::local().remove(ACCOUNT_KEY);
        api::act_for(None);
        self.account.set(None);
    }

    /// The person joined an account, which is shown from now on.
    pub fn joined(self, account: AccountSummary) {
        let id = account.id;
        self.who.update(|who| {
            if let Who::Somebody(signed_in) = who {
                signed_in.accounts.retain(|known| known.id != id);
                signed_in.accounts.push(account);
            }
        });
        self.choose_account(id);
    }

    /// Shows another account of the person; every private page starts anew.
    pub fn choose_account(self, id: AccountId) {
        browser::local().set(ACCOUNT_KEY, id.as_str());
        api::act_for(Some(id));
        self.who.with(|who| {
            if let Who::Somebody(signed_in) = who {
                self.account
                    .set(signed_in.accounts.iter().find(|account| account.id == id).cloned());
            }
        });
    }

    /// The account that is shown was changed by its own form.
    pub fn renamed(self, account: &Account) {
        self.account.update(|shown| {
            if let Some(shown) = shown.as_mut().filter(|shown| shown.id == account.id) {
                shown.company_name.clone_from(&account.company_name);
                shown.plan.clone_from(&account.plan);
            }
        });
    }

    fn begin(self, signed_in: SignedIn) {
        let chosen = browser::local().get(ACCOUNT_KEY);
        let is_staff = signed_in.user.staff_role.is_some();
        let account = signed_in
            .accounts
            .iter()
            .find(|account| chosen.as_deref() == Some(account.id.as_str()))
            // Staff who chose no company of their own work at the desk.
            .or(signed_in.accounts.first().filter(|_| !is_staff))
            .cloned();
        api::act_for(account.as_ref().map(|account| account.id));
        self.account.set(account);
        self.was_ended.set(false);
        self.who.set(Who::Somebody(signed_in));
    }

    fn refused(self, code: ErrorCode) {
        match code {
            ErrorCode::MfaEnrolmentRequired => return self.must_enrol.set(true),
            // An owner may have changed the role meanwhile, or removed the person.
            ErrorCode::Forbidden | ErrorCode::AccountRequired => return self.renew(),
            _ => {}
        }
        if untrack(|| self.is_somebody()) {
            self.was_ended.set(true);
        }
        self.end();
    }

    fn end(self) {
        api::act_for(None);
        self.must_enrol.set(false);
        self.account.set(None);
        self.who.set(Who::Nobody);
    }
}

pub fn use_session() -> Session {
    expect_context()
}

/// Shows `page` to signed-in people; sends others to sign in and back.
pub fn guarded(page: Page) -> AnyView {
    // Its chunk comes while the server says who this is.
    preload(page);
    let session = use_session();
    let location = use_location();
    let navigate = use_navigate();
    let stage = session.stage();
    let path = location.pathname;
    let is_closed = Memo::new(move |_| session.must_enrol.get() && !is_own(&path.read()));
    react(move || {
        if stage.get() == Stage::Leave {
            let here = format!(
                "{}{}",
                location.pathname.get_untracked(),
                with_mark('?', &location.search.get_untracked())
            );
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            let was_ended = if session.was_ended.get_untracked() {
                "&ended=1"
            } else {
                ""
            };
            navigate(&format!("{}{was_ended}", next::link("/sign-in", &here)), options);
        }
    });
    dynamic(move || match stage.get() {
        Stage::Show if is_closed.get() => enrol_first().into_any(),
        Stage::Show => {
            // Nothing of one company may stay on the screen when another one is chosen.
            // Read, not only tracked: a memo that nobody has read counts as changed at the first look.
            let _ = session.account_id();
            open(page)
        }
        Stage::Wait | Stage::Leave => view! { <PageSkeleton label=t().auth.checking/> }.into_any(),
        Stage::Fail => {
            let failure = session.who.with_untracked(|who| match who {
                Who::Unreachable(failure) => failure.clone(),
                Who::Asking | Who::Nobody | Who::Somebody(_) => Failure::Offline,
            });
            let words = explain(&failure, &t().common.could_not_load(t().account.load_failed));
            let retry = Callback::new(move |()| {
                session.who.set(Who::Asking);
                session.ask();
            });
            view! { <div class="page"><ProblemPanel words retry/></div> }.into_any()
        }
    })
}

/// As [`guarded`], for pages about a company: who belongs to none is told what to do.
pub fn in_account(page: Page) -> AnyView {
    let session = use_session();
    unless(page, roles::no_company, move || session.account_id().is_none())
}

/// As [`in_account`], for lists and documents that staff see of every company.
pub fn in_books(page: Page) -> AnyView {
    let session = use_session();
    unless(page, roles::no_company, move || {
        session.account_id().is_none() && session.staff_role().is_none()
    })
}

/// As [`guarded`], for pages of the staff.
pub fn for_staff(page: Page) -> AnyView {
    let session = use_session();
    unless(page, roles::not_staff, move || session.staff_role().is_none())
}

/// `page`, unless it `is_closed` to whoever is signed in.
fn unless(page: Page, instead: fn() -> AnyView, is_closed: impl Fn() -> bool + Send + Sync + 'static) -> AnyView {
    let stage = use_session().stage();
    let is_closed = Memo::new(move |_| stage.get() == Stage::Show && is_closed());
    dynamic(move || match is_closed.get() {
        true => instead(),
        false => guarded(page),
    })
}

/// In place of every page that the server does not open yet.
fn enrol_first() -> impl IntoView {
    let texts = t().security;
    view! {
        <div class="page stack">
            <Heading text=texts.enrol_title/>
            <p class="soft measure">{texts.enrol_text}</p>
            <div class="row"><ButtonLink href=ENROL_PATH label=texts.enrol_title icon="shield"/></div>
        </div>
    }
    .into_any()
}

fn is_own(path: &str) -> bool {
    path.strip_prefix(OWN_PATHS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a private page does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Wait,
    Leave,
    Show,
    Fail,
}

fn with_mark(mark: char, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{mark}{text}")
    }
}

/// Asks first whether there is anybody: a refusal would fill a stranger's console.
async fn who_is_signed_in() -> Result<Option<SignedIn>, Failure> {
    if api::is_signed_in().await? {
        api::call::<GetMe>(&[], &()).await.map(Some)
    } else {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_settings_open_without_a_second_factor() {
        assert!(is_own("/account"));
        assert!(is_own(ENROL_PATH));
        assert!(!is_own("/accounts"));
        assert!(!is_own("/invoices"));
    }
}
