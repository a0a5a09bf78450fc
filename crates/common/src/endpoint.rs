//! One description of each route, read by the server's list of routes and by the client's `call`.

use serde::{Serialize, de::DeserializeOwned};

/// HTTP method of an endpoint; unsafe ones need the CSRF token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether the method may change something (RFC 9110 section 9.2.1), and so needs a CSRF token.
    pub fn is_unsafe(self) -> bool {
        self != Method::Get
    }
}

/// Who may call an endpoint. Roles include the lesser ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; unsafe methods still need the CSRF token of an anonymous session.
    Public,
    /// Anybody who is signed in, whatever the account.
    SignedIn,
    /// A role in the account that the request acts for: the one in a path below `/accounts/{id}`, else the one of
    /// `X-Account-Id`, else the only one.
    Account(AccountRole),
    /// A role in the account that the request acts for, or a role of the platform's staff, who read every account.
    AccountOrStaff(AccountRole, StaffRole),
    /// A role of the platform's staff.
    Staff(StaffRole),
    /// The socket: no cookie counts, the single-use ticket of its handshake does.
    Ticket,
    /// PayFast: no session and no CSRF token, the body proves itself.
    Gateway,
}

pub use crate::accounts::AccountRole;
pub use crate::api_keys::ApiScope;
pub use crate::auth::StaffRole;

/// A route as both sides see it.
pub trait Endpoint {
    const METHOD: Method;
    /// Path below [`crate::API_BASE`], with `{name}` for each parameter.
    const PATH: &'static str;
    const ACCESS: Access;
    /// What an API key needs; `None` closes the endpoint to keys.
    const SCOPE: Option<ApiScope> = None;
    /// JSON body of POST, PUT and PATCH, query string of GET and DELETE; `()` for none.
    type Request: Serialize + DeserializeOwned;
    type Response: Serialize + DeserializeOwned;
}

/// Puts `parameters` into the `{…}` places of `path`, in order.
///
/// ```
/// assert_eq!(common::endpoint::fill("/invoices/{id}/pdf", &["7"]), "/invoices/7/pdf");
/// ```
pub fn fill(path: &str, parameters: &[&str]) -> String {
    let mut filled = String::with_capacity(path.len() + 36);
    let mut parameters = parameters.iter();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push_str(parameters.next().copied().unwrap_or_default());
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    filled.push_str(rest);
    filled
}
