//! Where a request really comes from.

use std::{
    future::{Ready, ready},
    net::IpAddr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use ipnet::IpNet;

use crate::{app::App, error::ApiError};

/// The client's address, for handlers; see [`address`].
pub struct Peer(pub IpAddr);

impl FromRequest for Peer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request
            .app_data::<web::Data<App>>()
            .expect("the application is registered in app.rs");
        ready(Ok(Self(address(request, &app.config.http.trusted_proxies))))
    }
}

/// The client's address: the socket's peer, or what trusted proxies say of it.
///
/// `X-Forwarded-For` is read from the right and only past addresses in `trusted`, so that a client cannot
/// choose its own address.
pub fn address(request: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",");
    let socket = request
        .peer_addr()
        .map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
    behind_proxies(socket, &forwarded, trusted)
}

fn behind_proxies(socket: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let mut client = socket.to_canonical();
    for hop in forwarded.rsplit(',') {
        if !contains(trusted, client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// Whether any of `networks` holds `address`.
pub fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(socket: &str, forwarded: &str, trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        behind_proxies(socket.parse().unwrap(), forwarded, &trusted).to_string()
    }

    #[test]
    fn the_header_counts_only_behind_a_trusted_proxy() {
        assert_eq!(seen("203.0.113.9", "197.97.145.150", &[]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", "197.97.145.150", &["10.0.0.0/8"]), "197.97.145.150");
    }

    #[test]
    fn a_client_cannot_put_an_address_in_front() {
        assert_eq!(
            seen("10.0.0.1", "197.97.145.150, 203.0.113.9", &["10.0.0.0/8"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen("10.0.0.1", "197.97.145.150, 203.0.113.9, 10.0.0.2", &["10.0.0.0/8"]),
            "203.0.113.9"
        );
        assert_eq!(seen("10.0.0.1", "nonsense", &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn addresses_of_version_four_inside_six_are_the_same() {
        assert_eq!(seen("::ffff:10.0.0.1", "203.0.113.9", &["10.0.0.0/8"]), "203.0.113.9");
    }
}
