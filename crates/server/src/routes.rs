//! The only list of routes: endpoint (method, path, access, scope) and handler, one a line.

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route, guard,
    http::header,
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use common::{
    API_BASE, Access, Endpoint, ErrorCode, Method,
    accounts::{ChangeAccount, GetAccount, SearchAccounts},
    api_keys::{ApiScope, CreateApiKey, ListApiKeys, RevokeApiKey, RotateApiKey},
    audit::{ExportAudit, ListAudit},
    auth::{GetCsrf, GetMe, Login, Logout, Register, VerifyEmail},
    books::{GetBooks, ListLedger, VerifyBooks},
    chat::{
        GetTicket, OpenSocket,
        settings::{DeleteHistory, ExportChat, GetChatSettings, GetRetention, SetChatSettings, SetRetention},
        threads::{CreateThread, GetThread, ListItems, ListThreads},
    },
    invoices::{
        ApplyCredit, ChangeInvoice, CreateInvoice, DeleteInvoice, ExportInvoices, FinalizeInvoice, GetCredit,
        GetCreditNotePdf, GetInvoice, GetInvoicePdf, IssueCreditNote, ListInvoiceEvents, ListInvoices, RecordReceipt,
        SendInvoice, TotalInvoices, VoidInvoice, WriteOffInvoice,
    },
    itn::{GetItn, ListItns, ReplayItn},
    members::{
        AcceptInvitation, ChangeMember, Invite, ListInvitations, ListMembers, PreviewInvitation, RegisterInvited,
        RemoveMember, WithdrawInvitation,
    },
    mfa::{ConfirmMfa, DisableMfa, EnrolMfa, GetMfa, RenewRecoveryCodes},
    passwords::{ChangePassword, ForgotPassword, JudgePassword, ResendVerification, ResetPassword},
    payment_methods::{AddPaymentMethod, ChangePaymentMethod, ListPaymentMethods, RemovePaymentMethod, UpdateCard},
    payments::{
        CancelPayment, ChargeMethod, ExportPayments, GetPayment, ListPayments, ReceiveItn, ReversePayment,
        StartCheckout,
    },
    plans::ListPlans,
    reconciliations::{GetReconciliation, ListReconciliations, ListStatementLines, StartReconciliation},
    refunds::{CreateRefund, GetRefund, ListRefunds, SetBankDetails},
    reports::{
        ReportPayments, ReportPaymentsCsv, ReportReceivables, ReportReceivablesCsv, ReportRevenue, ReportRevenueCsv,
        ReportVat, ReportVatCsv,
    },
    sessions::{ListSessions, RevokeOtherSessions, RevokeSession},
    signatures::DiagnoseSignature,
    site::GetSite,
};

use crate::{
    accounts, api_keys, audit, auth, books, chat,
    error::ApiError,
    http::{access, spa},
    invoices, members, operations, payment_methods, payments, plans, reconciliations, refunds, reports, signatures,
};

/// A route below the API's base as the list tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedRoute {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// What an API key needs; `None` closes the route to keys.
    pub scope: Option<ApiScope>,
    /// Whether it reads a JSON body.
    pub has_body: bool,
}

impl ListedRoute {
    fn of<E: Endpoint>() -> Self {
        let takes_fields = size_of::<E::Request>() > 0;
        Self {
            method: E::METHOD,
            path: E::PATH,
            access: E::ACCESS,
            scope: E::SCOPE,
            has_body: takes_fields && matches!(E::METHOD, Method::Post | Method::Put | Method::Patch),
        }
    }
}

/// Registers every route, the client's files and the answers for unknown addresses.
pub fn register(service: &mut ServiceConfig) {
    let mut routes = Routes {
        service,
        listed: Vec::new(),
    };
    list(&mut routes);
    let listed = routes.listed;
    service
        .route("/health/live", get_or_head().to(operations::http::live))
        .route("/health/ready", get_or_head().to(operations::http::ready))
        .route("/metrics", get_or_head().to(operations::http::metrics))
        .route("/version", get_or_head().to(operations::http::version))
        .default_service(web::to(move |request: HttpRequest| {
            let answer = elsewhere(&request, &listed);
            async move { answer }
        }));
}

/// HEAD answers as GET without the body; probes use it.
fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Every route below the API's base, for tests that walk them.
pub fn listed() -> Vec<ListedRoute> {
    let mut found = Vec::new();
    let mut app = |service: &mut ServiceConfig| {
        let mut routes = Routes {
            service,
            listed: Vec::new(),
        };
        list(&mut routes);
        found = routes.listed;
    };
    drop(actix_web::App::new().configure(&mut app));
    found
}

fn list(routes: &mut Routes<'_>) {
    routes.add::<GetSite, _, _>(operations::http::site);
    routes.add::<ListPlans, _, _>(plans::http::list);

    routes.add::<GetCsrf, _, _>(auth::http::csrf_token);
    routes.add::<Register, _, _>(auth::http::register);
    routes.add::<VerifyEmail, _, _>(auth::http::verify_email);
    routes.add::<ResendVerification, _, _>(auth::http::resend_verification);
    routes.add::<Login, _, _>(auth::http::login);
    routes.add::<Logout, _, _>(auth::http::logout);
    routes.add::<GetMe, _, _>(auth::http::me);

    routes.add::<ListSessions, _, _>(auth::http::list_sessions);
    routes.add::<RevokeOtherSessions, _, _>(auth::http::revoke_other_sessions);
    routes.add::<RevokeSession, _, _>(auth::http::revoke_session);

    routes.add::<JudgePassword, _, _>(auth::http::judge_password);
    routes.add::<ForgotPassword, _, _>(auth::http::forgot_password);
    routes.add::<ResetPassword, _, _>(auth::http::reset_password);
    routes.add::<ChangePassword, _, _>(auth::http::change_password);

    routes.add::<GetMfa, _, _>(auth::http::mfa_status);
    routes.add::<EnrolMfa, _, _>(auth::http::enrol_mfa);
    routes.add::<ConfirmMfa, _, _>(auth::http::confirm_mfa);
    routes.add::<DisableMfa, _, _>(auth::http::disable_mfa);
    routes.add::<RenewRecoveryCodes, _, _>(auth::http::renew_recovery_codes);

    routes.add::<SearchAccounts, _, _>(accounts::http::search);
    routes.add::<GetAccount, _, _>(accounts::http::get);
    routes.add::<ChangeAccount, _, _>(accounts::http::change);

    routes.add::<ListMembers, _, _>(members::http::list);
    routes.add::<ChangeMember, _, _>(members::http::change);
    routes.add::<RemoveMember, _, _>(members::http::remove);
    routes.add::<ListInvitations, _, _>(members::http::list_invitations);
    routes.add::<Invite, _, _>(members::http::invite);
    routes.add::<WithdrawInvitation, _, _>(members::http::withdraw);
    routes.add::<PreviewInvitation, _, _>(members::http::preview);
    routes.add::<AcceptInvitation, _, _>(members::http::accept);
    routes.add::<RegisterInvited, _, _>(members::http::register);

    routes.add::<ListApiKeys, _, _>(api_keys::http::list);
    routes.add::<CreateApiKey, _, _>(api_keys::http::create);
    routes.add::<RotateApiKey, _, _>(api_keys::http::rotate);
    routes.add::<RevokeApiKey, _, _>(api_keys::http::revoke);

    routes.add::<ListAudit, _, _>(audit::http::list);
    routes.add::<ExportAudit, _, _>(audit::http::export);

    routes.add::<ListInvoices, _, _>(invoices::list::http::list);
    routes.add::<TotalInvoices, _, _>(invoices::list::http::totals);
    routes.add::<ExportInvoices, _, _>(invoices::list::http::export);
    routes.add::<GetInvoice, _, _>(invoices::http::get);
    routes.add::<GetInvoicePdf, _, _>(invoices::http::get_pdf);
    routes.add::<ListInvoiceEvents, _, _>(invoices::http::list_events);
    routes.add::<CreateInvoice, _, _>(invoices::http::create);
    routes.add::<ChangeInvoice, _, _>(invoices::http::change);
    routes.add::<DeleteInvoice, _, _>(invoices::http::delete);
    routes.add::<FinalizeInvoice, _, _>(invoices::http::finalize);
    routes.add::<SendInvoice, _, _>(invoices::http::send);
    routes.add::<VoidInvoice, _, _>(invoices::http::void);
    routes.add::<WriteOffInvoice, _, _>(invoices::http::write_off);
    routes.add::<IssueCreditNote, _, _>(invoices::http::issue_credit_note);
    routes.add::<GetCreditNotePdf, _, _>(invoices::http::get_credit_note_pdf);

    routes.add::<StartCheckout, _, _>(payments::http::check_out);
    routes.add::<ListPayments, _, _>(payments::list::http::list);
    routes.add::<ExportPayments, _, _>(payments::list::http::export);
    routes.add::<ReceiveItn, _, _>(payments::http::receive_itn);
    routes.add::<GetPayment, _, _>(payments::http::get);
    routes.add::<CancelPayment, _, _>(payments::http::cancel);
    routes.add::<ChargeMethod, _, _>(payments::http::charge);
    routes.add::<RecordReceipt, _, _>(payments::http::record_receipt);
    routes.add::<ReversePayment, _, _>(payments::http::reverse);
    routes.add::<GetCredit, _, _>(payments::http::get_credit);
    routes.add::<ApplyCredit, _, _>(payments::http::apply_credit);

    routes.add::<CreateRefund, _, _>(refunds::http::create);
    routes.add::<ListRefunds, _, _>(refunds::http::list);
    routes.add::<GetRefund, _, _>(refunds::http::get);
    routes.add::<SetBankDetails, _, _>(refunds::http::set_bank_details);

    routes.add::<ListPaymentMethods, _, _>(payment_methods::http::list);
    routes.add::<AddPaymentMethod, _, _>(payment_methods::http::add);
    routes.add::<ChangePaymentMethod, _, _>(payment_methods::http::change);
    routes.add::<RemovePaymentMethod, _, _>(payment_methods::http::remove);
    routes.add::<UpdateCard, _, _>(payment_methods::http::card_update);

    routes.add::<StartReconciliation, _, _>(reconciliations::http::start);
    routes.add::<ListReconciliations, _, _>(reconciliations::http::list);
    routes.add::<GetReconciliation, _, _>(reconciliations::http::get);
    routes.add::<ListStatementLines, _, _>(reconciliations::http::lines);

    routes.add::<GetBooks, _, _>(books::http::get);
    routes.add::<VerifyBooks, _, _>(books::http::verify);
    routes.add::<ListLedger, _, _>(books::http::list);

    routes.add::<GetTicket, _, _>(chat::http::ticket);
    routes.add::<OpenSocket, _, _>(chat::http::open);
    routes.add::<ListThreads, _, _>(chat::threads::http::list);
    routes.add::<CreateThread, _, _>(chat::threads::http::create);
    routes.add::<GetThread, _, _>(chat::threads::http::get);
    routes.add::<ListItems, _, _>(chat::threads::http::items);
    routes.add::<GetChatSettings, _, _>(chat::settings::http::get);
    routes.add::<SetChatSettings, _, _>(chat::settings::http::set);
    routes.add::<GetRetention, _, _>(chat::retention::http::get);
    routes.add::<SetRetention, _, _>(chat::retention::http::set);
    routes.add::<ExportChat, _, _>(chat::history::http::export);
    routes.add::<DeleteHistory, _, _>(chat::history::http::delete);

    routes.add::<ListItns, _, _>(payments::http::list_itns);
    routes.add::<GetItn, _, _>(payments::http::get_itn);
    routes.add::<ReplayItn, _, _>(payments::http::replay_itn);
    routes.add::<DiagnoseSignature, _, _>(signatures::http::diagnose);

    routes.add::<ReportRevenue, _, _>(reports::http::revenue);
    routes.add::<ReportRevenueCsv, _, _>(reports::http::revenue_csv);
    routes.add::<ReportReceivables, _, _>(reports::http::receivables);
    routes.add::<ReportReceivablesCsv, _, _>(reports::http::receivables_csv);
    routes.add::<ReportVat, _, _>(reports::http::vat);
    routes.add::<ReportVatCsv, _, _>(reports::http::vat_csv);
    routes.add::<ReportPayments, _, _>(reports::http::payments);
    routes.add::<ReportPaymentsCsv, _, _>(reports::http::payments_csv);
}

struct Routes<'a> {
    service: &'a mut ServiceConfig,
    listed: Vec<ListedRoute>,
}

impl Routes<'_> {
    fn add<E, F, Args>(&mut self, handler: F)
    where
        E: Endpoint,
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.listed.push(ListedRoute::of::<E>());
        let route = match E::METHOD {
            Method::Get => get_or_head(),
            Method::Post => web::post(),
            Method::Put => web::put(),
            Method::Patch => web::patch(),
            Method::Delete => web::delete(),
        };
        let access = from_fn(|request, next| access::guard(E::ACCESS, E::SCOPE, request, next));
        self.service
            .route(&format!("{API_BASE}{}", E::PATH), route.to(handler).wrap(access));
    }
}

/// Addresses that no route has: a problem below `/api`, else the client.
fn elsewhere(request: &HttpRequest, listed: &[ListedRoute]) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    let is_ours = ["/api", "/health", "/metrics", "/version"].iter().any(|base| {
        path.strip_prefix(base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if !is_ours {
        return spa::serve(request);
    }
    let allowed: Vec<&str> = listed
        .iter()
        .filter(|route| path.strip_prefix(API_BASE).is_some_and(|path| fits(route.path, path)))
        .map(|route| route.method.as_str())
        .collect();
    if allowed.is_empty() {
        return Err(ApiError::new(ErrorCode::NotFound, "there is no such route"));
    }
    let refusal = ApiError::new(
        ErrorCode::MethodNotAllowed,
        format!("this route takes {}", allowed.join(", ")),
    );
    let mut response = HttpResponse::from_error(refusal);
    let value = header::HeaderValue::from_str(&allowed.join(", ")).expect("methods are visible ASCII");
    response.headers_mut().insert(header::ALLOW, value);
    Ok(response)
}

fn fits(pattern: &str, path: &str) -> bool {
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(wanted, found)| wanted == found || (wanted.starts_with('{') && !found.is_empty()))
}
