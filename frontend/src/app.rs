//! The routes. What strangers see first is part of the first load; every other page comes with its chunk.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    chunk::open,
    components::toast::{Toast, ToastHost},
    features::{
        account, audit, auth, chat, checkout, invoices, keys, members, methods, payfast, payments, reports, today,
    },
    frame::Frame,
    pages::{
        legal,
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
                    <Route path=path!("/") view=shows(|| StartPage().into_any())/>
                    <Route path=path!("/plans") view=shows(|| PlansPage().into_any())/>
                    <Route path=path!("/register") view=shows(|| open(auth::register()))/>
                    <Route path=path!("/check-mail") view=shows(|| open(auth::check_mail()))/>
                    <Route path=path!("/verify-email") view=shows(|| open(auth::verify()))/>
                    <Route path=path!("/sign-in") view=shows(|| open(auth::sign_in()))/>
                    <Route path=path!("/forgot-password") view=shows(|| open(auth::forgot()))/>
                    <Route path=path!("/reset-password") view=shows(|| open(auth::reset()))/>
                    <Route path=path!("/terms") view=shows(|| open(legal::terms()))/>
                    <Route path=path!("/privacy") view=shows(|| open(legal::privacy()))/>
                    <Route path=path!("/refunds") view=shows(|| open(legal::refunds()))/>
                    <Route path=path!("/invitation") view=shows(|| open(members::invitation()))/>
                    <Route path=path!("/checkout") view=shows(|| in_account(checkout::checkout()))/>
                    <Route path=path!("/home") view=shows(|| guarded(account::home()))/>
                    <Route path=path!("/today") view=shows(|| for_staff(today::today()))/>
                    <Route path=path!("/reports") view=shows(|| for_staff(reports::reports()))/>
                    <Route path=path!("/payfast/:tool/:id?") view=shows(|| for_staff(payfast::tools()))/>
                    <Route path=path!("/payment-methods/:id?/:after?") view=shows(|| in_account(methods::list()))/>
                    <Route path=path!("/account") view=shows(|| guarded(account::account()))/>
                    <Route path=path!("/account/company") view=shows(|| guarded(account::company()))/>
                    <Route path=path!("/account/members") view=shows(|| in_account(members::list()))/>
                    <Route path=path!("/account/keys") view=shows(|| in_account(keys::list()))/>
                    <Route path=path!("/account/audit") view=shows(|| guarded(audit::list()))/>
                    <Route path=path!("/account/profile") view=shows(|| guarded(account::profile()))/>
                    <Route path=path!("/account/password") view=shows(|| guarded(account::password()))/>
                    <Route path=path!("/account/two-step") view=shows(|| guarded(account::two_step()))/>
                    <Route path=path!("/account/sessions") view=shows(|| guarded(account::sessions()))/>
                    <Route path=path!("/account/appearance") view=shows(|| guarded(account::appearance()))/>
                    <Route path=path!("/invoices") view=shows(|| in_books(invoices::list()))/>
                    <Route path=path!("/invoices/new") view=shows(|| for_staff(invoices::new()))/>
                    <Route path=path!("/invoices/:id/edit") view=shows(|| for_staff(invoices::edit()))/>
                    <Route path=path!("/invoices/:id") view=shows(|| in_books(invoices::one()))/>
                    <Route path=path!("/chat/:id?") view=shows(|| in_books(chat::chat()))/>
                    <Route path=path!("/credit") view=shows(|| in_account(payments::credit()))/>
                    <Route path=path!("/payments") view=shows(|| in_books(payments::list()))/>
                    <Route path=path!("/payments/:id") view=shows(|| in_books(payments::one()))/>
                    <Route path=path!("/payments/:id/return") view=shows(|| open(payments::back()))/>
                    <Route path=path!("/payments/:id/cancelled") view=shows(|| open(payments::cancelled()))/>
                </FlatRoutes>
            </Frame>
            <ToastHost toast/>
        </Router>
    }
}

/// What a route shows, as a plain function: routes of one shape then share the router's code.
const fn shows(page: fn() -> AnyView) -> fn() -> AnyView {
    page
}
