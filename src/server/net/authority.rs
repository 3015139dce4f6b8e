//! The host and the port in a `Host` header, an `Origin` header or a URL.

use std::{fmt, net::IpAddr};

use axum::http::uri;

use crate::server::net::scheme::Scheme;

/// A host name or IP address, and a port if one was given (RFC 3986 §3.2, without user information).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    /// In lower case. An IPv6 address is in brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// Parses `example.org` or `example.org:8080`. Returns `None` for anything else, user information included.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let authority = text.parse::<uri::Authority>().ok()?;
        let has_only_host = !text.contains('@') && !authority.host().is_empty();
        // The parser of `http` accepts more than digits after the colon.
        let rest = text.strip_prefix(authority.host())?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        has_only_host.then(|| Self { host: authority.host().to_ascii_lowercase(), port })
    }

    /// Whether both name the same host and port. A missing port means the default port of `scheme`.
    pub(crate) fn is_same(&self, other: &Self, scheme: Scheme) -> bool {
        let port = |authority: &Self| authority.port.unwrap_or(scheme.default_port());
        self.host == other.host && port(self) == port(other)
    }

    /// Whether the host is this machine: `localhost`, a name below it (RFC 6761 §6.3), or a loopback address. Only
    /// programs on this machine, and pages that it serves, use such a name.
    pub(crate) fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_authorities_are_never_loopback() {
        for text in
            ["", "a b", "user@localhost", "localhost:port", "localhost:", "localhost:99999", "http://localhost", "a,b"]
        {
            let authority = Authority::parse(text);
            assert!(authority.as_ref().is_none_or(|authority| !authority.is_loopback()), "{text}: {authority:?}");
        }
    }
}
