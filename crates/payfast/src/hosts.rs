//! Where PayFast is, and where its notifications come from.
//!
//! These are the published values; operators can override them, since PayFast adds addresses now and then.

use crate::form::encode;

/// One of PayFast's two systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Scheme and host of the checkout and of the confirmation of notifications.
    pub process_base: &'static str,
    /// Scheme and host of the REST API.
    pub api_base: &'static str,
    /// Whether REST calls carry `testing=true` (which is not signed).
    pub testing: bool,
}

/// Real money.
pub const LIVE: Host = Host {
    process_base: "https://www.payfast.co.za",
    api_base: "https://api.payfast.co.za",
    testing: false,
};

/// PayFast's public sandbox.
pub const SANDBOX: Host = Host {
    process_base: "https://sandbox.payfast.co.za",
    api_base: "https://api.payfast.co.za",
    testing: true,
};

/// Takes the checkout form.
pub const PROCESS_PATH: &str = "/eng/process";
/// Confirms that PayFast sent a notification; answers [`VALIDATE_VALID`] or [`VALIDATE_INVALID`].
pub const VALIDATE_PATH: &str = "/eng/query/validate";
/// Gives the identifier of an onsite payment.
pub const ONSITE_PATH: &str = "/onsite/process";
/// Where the owner of a card renews it, followed by the token; see [`card_update_url`].
pub const CARD_UPDATE_PATH: &str = "/eng/recurring/update/";
/// The script that shows an onsite payment in the merchant's page.
pub const ONSITE_ENGINE_PATH: &str = "/onsite/engine.js";

/// The confirmation's body, after trimming, for a notification that PayFast sent.
pub const VALIDATE_VALID: &str = "VALID";
/// The confirmation's body for any other.
pub const VALIDATE_INVALID: &str = "INVALID";

/// The published source ranges of notifications, as CIDR, with the address that PayFast confirmed since.
pub const PUBLISHED_SOURCES: &[&str] = &[
    "197.97.145.144/28",
    "41.74.179.192/27",
    "102.216.36.0/28",
    "102.216.36.128/28",
    "144.126.193.139/32",
    "13.245.74.88/32",
];

/// Hosts whose addresses may also send notifications.
///
/// Their DNS answers cover only a part of the published ranges: use them besides, never instead.
pub const SOURCE_HOSTS: &[&str] = &[
    "www.payfast.co.za",
    "sandbox.payfast.co.za",
    "w1w.payfast.co.za",
    "w2w.payfast.co.za",
];

/// The only ports to which PayFast sends notifications.
pub const ITN_PORTS: &[u16] = &[80, 8080, 8081, 443];

/// The merchant of PayFast's public sandbox: id, key and passphrase, all published in its documentation.
pub const SANDBOX_MERCHANT: (&str, &str, &str) = ("10000100", "46f0cd694581a", "jt7NOE43FZPn");

/// The page where the owner of a card renews it; the browser comes back to `return_url`, which proves nothing.
///
/// ```
/// let url = payfast::hosts::card_update_url("https://www.payfast.co.za", "dc0521d3-55fe", "https://shop.test/back?a=1");
/// assert_eq!(
///     url,
///     "https://www.payfast.co.za/eng/recurring/update/dc0521d3-55fe?return=https%3A%2F%2Fshop.test%2Fback%3Fa%3D1"
/// );
/// ```
pub fn card_update_url(process_base: &str, token: &str, return_url: &str) -> String {
    format!(
        "{process_base}{CARD_UPDATE_PATH}{}?return={}",
        encode(token),
        encode(return_url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn published_sources_are_82_addresses() {
        let mut addresses = 0;
        for range in PUBLISHED_SOURCES {
            let (network, bits) = range.split_once('/').unwrap();
            let network = u32::from(network.parse::<Ipv4Addr>().unwrap());
            let size = 1u32 << (32 - bits.parse::<u32>().unwrap());
            assert_eq!(network % size, 0, "{range} starts at its network address");
            addresses += size;
        }
        assert_eq!(addresses, 82);
    }
}
