//! The routes. Each page is a component of its own, so that it can become a chunk that is loaded when visited.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    components::toast::{Toast, ToastHost},
    features::{
        account::{
            AccountPage, AppearancePage, CompanyPage, HomePage, PasswordPage, ProfilePage, SessionsPage, TwoStepPage,
        },
        audit::AuditPage,
        auth::{CheckMailPage, ForgotPage, RegisterPage, ResetPage, SignInPage, VerifyPage},
        checkout::CheckoutPage,
        invoices::{InvoicePage, InvoicesPage},
        keys::KeysPage,
        members::{InvitationPage, MembersPage},
        payments::{CancelledPage, PaymentPage, PaymentsPage, ReturnPage},
    },
    frame::Frame,
    pages::{
        legal::{PrivacyPage, RefundsPage, TermsPage},
        not_found::NotFoundPage,
        start::{PlansPage, StartPage},
    },
    session::{Session, guarded, in_account},
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
                    <Route path=path!("/register") view=RegisterPage/>
                    <Route path=path!("/check-mail") view=CheckMailPage/>
                    <Route path=path!("/verify-email") view=VerifyPage/>
                    <Route path=path!("/sign-in") view=SignInPage/>
                    <Route path=path!("/forgot-password") view=ForgotPage/>
                    <Route path=path!("/reset-password") view=ResetPage/>
                    <Route path=path!("/terms") view=TermsPage/>
                    <Route path=path!("/privacy") view=PrivacyPage/>
                    <Route path=path!("/refunds") view=RefundsPage/>
                    <Route path=path!("/invitation") view=InvitationPage/>
                    <Route path=path!("/checkout") view=|| in_account(CheckoutPage)/>
                    <Route path=path!("/home") view=|| guarded(HomePage)/>
                    <Route path=path!("/account") view=|| guarded(AccountPage)/>
                    <Route path=path!("/account/company") view=|| guarded(CompanyPage)/>
                    <Route path=path!("/account/keys") view=|| in_account(KeysPage)/>
                    <Route path=path!("/account/audit") view=|| guarded(AuditPage)/>
                    <Route path=path!("/account/members") view=|| in_account(MembersPage)/>
                    <Route path=path!("/account/profile") view=|| guarded(ProfilePage)/>
                    <Route path=path!("/account/password") view=|| guarded(PasswordPage)/>
                    <Route path=path!("/account/two-step") view=|| guarded(TwoStepPage)/>
                    <Route path=path!("/account/sessions") view=|| guarded(SessionsPage)/>
                    <Route path=path!("/account/appearance") view=|| guarded(AppearancePage)/>
                    <Route path=path!("/invoices") view=|| in_account(InvoicesPage)/>
                    <Route path=path!("/invoices/:id") view=|| in_account(InvoicePage)/>
                    <Route path=path!("/payments") view=|| in_account(PaymentsPage)/>
                    <Route path=path!("/payments/:id") view=|| in_account(PaymentPage)/>
                    <Route path=path!("/payments/:id/return") view=ReturnPage/>
                    <Route path=path!("/payments/:id/cancelled") view=CancelledPage/>
                </FlatRoutes>
            </Frame>
            <ToastHost toast/>
        </Router>
    }
}
