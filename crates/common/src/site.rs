//! Facts that public pages show: who sells, and whether money is real here.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Access, Endpoint, Method};

crate::text_enum! {
    /// Which PayFast the server talks to; only `live` moves money.
    pub enum PayfastMode {
        Live = "live",
        Sandbox = "sandbox",
        Emulator = "emulator",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    pub name: String,
    /// One line, parts separated by commas.
    pub address: String,
    /// Absent: no VAT is charged and no document says tax invoice.
    pub vat_number: Option<String>,
    /// One line of bank details; absent: no EFT is offered.
    pub bank: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub supplier: Supplier,
    pub payfast_mode: PayfastMode,
    pub version: String,
}

pub struct GetSite;
impl Endpoint for GetSite {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/site";
    const ACCESS: Access = Access::Public;
    type Request = ();
    type Response = Site;
}
