//! Parsing IP networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Parses `10.0.0.0/8` or a single address.
///
/// # Errors
/// If the text is neither. The error is a message for whoever typed it.
pub(crate) fn parse_ip_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    text.parse().or_else(|_| address()).map_err(|_| "neither an address nor a network like 10.0.0.0/8".to_owned())
}
