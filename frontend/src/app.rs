//! The routes. What strangers see first is part of the first load; every other page comes with its chunk.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    chunk::open,
    components::toast::{Toast, ToastHost},
    features::{account, audit, auth, checkout, invoices, keys, members, methods, payfast, payments, reports, today},
    frame::Frame,
    pages::{
        legal::{PrivacyPage, RefundsPage, TermsPage},
        not_found::NotFoundPage,
        start::{PlansPage, StartPage},
    },
    session::{Session, for_staff, guarded, in_account, in_books},
    site::SiteFacts,
};

#[component]
pub fn App() -> impl IntoView {
    Session::provide();
    SiteFacts::provide();
    let toast = Toast::provide();
    view! {
        <Router>
            <Frame>
                <FlatRoutes fallback=NotFoundPage>
                    <Route path=path!("/") view=StartPage/>
                    <Route path=path!("/plans") view=PlansPage/>
                    <Route path=path!("/register") view=|| open(auth::register())/>
                    <Route path=path!("/check-mail") view=|| open(auth::check_mail())/>
                    <Route path=path!("/verify-email") view=|| open(auth::verify())/>
                    <Route path=path!("/sign-in") view=|| open(auth::sign_in())/>
                    <Route path=path!("/forgot-password") view=|| open(auth::forgot())/>
                    <Route path=path!("/reset-password") view=|| open(auth::reset())/>
                    <Route path=path!("/terms") view=TermsPage/>
                    <Route path=path!("/privacy") view=PrivacyPage/>
                    <Route path=path!("/refunds") view=RefundsPage/>
                    <Route path=path!("/invitation") view=|| open(members::invitation())/>
                    <Route path=path!("/checkout") view=|| in_account(checkout::checkout())/>
                    <Route path=path!("/home") view=|| guarded(account::home())/>
                    <Route path=path!("/today") view=|| for_staff(today::today())/>
                    <Route path=path!("/reports") view=|| for_staff(reports::reports())/>
                    <Route path=path!("/payfast/:tool/:id?") view=|| for_staff(payfast::tools())/>
                    <Route path=path!("/payment-methods/:id?/:after?") view=|| in_account(methods::list())/>
                    <Route path=path!("/account") view=|| guarded(account::account())/>
                    <Route path=path!("/account/company") view=|| guarded(account::company())/>
                    <Route path=path!("/account/members") view=|| in_account(members::list())/>
                    <Route path=path!("/account/keys") view=|| in_account(keys::list())/>
                    <Route path=path!("/account/audit") view=|| guarded(audit::list())/>
                    <Route path=path!("/account/profile") view=|| guarded(account::profile())/>
                    <Route path=path!("/account/password") view=|| guarded(account::password())/>
                    <Route path=path!("/account/two-step") view=|| guarded(account::two_step())/>
                    <Route path=path!("/account/sessions") view=|| guarded(account::sessions())/>
                    <Route path=path!("/account/appearance") view=|| guarded(account::appearance())/>
                    <Route path=path!("/invoices") view=|| in_books(invoices::list())/>
                    <Route path=path!("/invoices/new") view=|| for_staff(invoices::new())/>
                    <Route path=path!("/invoices/:id/edit") view=|| for_staff(invoices::edit())/>
                    <Route path=path!("/invoices/:id") view=|| in_books(invoices::one())/>
                    <Route path=path!("/credit") view=|| in_account(payments::credit())/>
                    <Route path=path!("/payments") view=|| in_books(payments::list())/>
                    <Route path=path!("/payments/:id") view=|| in_books(payments::one())/>
                    <Route path=path!("/payments/:id/return") view=|| open(payments::back())/>
                    <Route path=path!("/payments/:id/cancelled") view=|| open(payments::cancelled())/>
                </FlatRoutes>
            </Frame>
            <ToastHost toast/>
        </Router>
    }
}
