//! By which names the server lets itself be called.
//!
//! A page on `evil.example` can have its own name resolved to this server's address (DNS rebinding). The browser then
//! takes both for one origin, and `Origin` says nothing foreign; only `Host` still carries the foreign name.

use std::{fmt, net::IpAddr};

use axum::{
    extract::Request,
    http::{Version, header, uri::Authority},
};

use crate::server::edge::{PublicUrl, Scheme, forwarded};

/// The name, and perhaps the port, that a request was sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestedHost {
    /// In lower case; an IPv6 address in brackets.
    name: String,
    pub(crate) port: Option<u16>,
}

/// Why a request is at the wrong door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// RFC 9112 §3.2: none, or two, or one that can't be read.
    #[error("a request needs one Host that can be read")]
    Missing,
    /// RFC 9110 §15.5.20.
    #[error("this server does not go by this name; its owner can set one with --public-url")]
    Misdirected,
}

impl RequestedHost {
    /// As a trusted proxy says, or else as the request itself does.
    pub(crate) fn by(request: &Request, is_proxied: bool) -> Result<Self, HostError> {
        let headers = request.headers();
        let mut named = headers.get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        // Only HTTP/1.0 may leave it out.
        if second.is_some() || (first.is_none() && request.version() >= Version::HTTP_11) {
            return Err(HostError::Missing);
        }
        let forwarded = is_proxied.then(|| forwarded::host(headers)).flatten();
        // A request for `http://name/path` is for that name, whatever Host says (RFC 9112 §3.2.2).
        let target = || request.uri().authority().map(Authority::as_str);
        let host = || first.and_then(|host| host.to_str().ok());
        forwarded.or_else(target).or_else(host).and_then(Self::parse).ok_or(HostError::Missing)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let authority = text.parse::<Authority>().ok()?;
        let is_plain = !text.contains('@') && !authority.host().is_empty();
        // What follows the name must be a port, not just anything.
        let rest = text.strip_prefix(authority.host())?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        is_plain.then(|| Self { name: authority.host().to_ascii_lowercase(), port })
    }

    /// Whether this and another are one place, a default port or not.
    pub(crate) fn is_same(&self, other: &Self, scheme: Scheme) -> bool {
        let port = |called: &Self| called.port.unwrap_or(scheme.default_port());
        self.name == other.name && port(self) == port(other)
    }

    /// Whether only programs on this machine, and pages that it serves, go by this name (RFC 6761 §6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.name.trim_start_matches('[').trim_end_matches(']');
        self.name == "localhost"
            || self.name.ends_with(".localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for RequestedHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// Which names are right.
#[derive(Clone, Debug)]
pub(crate) enum AllowedHosts {
    /// The public one. Its port does not matter: a foreign page can't have it.
    Only(String),
    /// Those of a server that only this machine can reach.
    Loopback,
    /// Whoever set the server up for others chose a name, or an address, and did not say which.
    Any,
}

impl AllowedHosts {
    pub(crate) fn new(public: Option<&PublicUrl>, here: IpAddr) -> Self {
        match public {
            Some(public) => Self::Only(public.called.name.clone()),
            None if here.to_canonical().is_loopback() => Self::Loopback,
            None => Self::Any,
        }
    }

    pub(crate) fn check(&self, called: &RequestedHost) -> Result<(), HostError> {
        let is_right = match self {
            Self::Only(name) => called.name == *name,
            Self::Loopback => called.is_loopback(),
            Self::Any => true,
        };
        if is_right { Ok(()) } else { Err(HostError::Misdirected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &AllowedHosts, name: &str) -> Result<(), HostError> {
        hosts.check(&RequestedHost::parse(name).expect(name))
    }

    #[test]
    fn a_server_on_loopback_goes_by_loopback_names() {
        let hosts = AllowedHosts::new(None, IpAddr::from([127, 0, 0, 1]));
        for name in ["localhost", "LOCALHOST:3000", "tea.localhost", "127.0.0.1:3000", "127.8.9.1", "[::1]:3000"] {
            assert_eq!(check(&hosts, name), Ok(()), "{name}");
        }
        for name in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "192.0.2.1"] {
            assert_eq!(check(&hosts, name), Err(HostError::Misdirected), "{name}");
        }
    }

    #[test]
    fn a_server_with_a_public_url_goes_by_that_name_only() {
        let public = "https://chat.example:8443".parse().expect("an address");
        let hosts = AllowedHosts::new(Some(&public), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(check(&hosts, "Chat.example"), Ok(()));
        assert_eq!(check(&hosts, "chat.example:8443"), Ok(()));
        for name in ["localhost", "127.0.0.1", "chat.example.evil.example", "chat.example."] {
            assert_eq!(check(&hosts, name), Err(HostError::Misdirected), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in
            ["", "a b", "user@localhost", "localhost:port", "localhost:", "localhost:99999", "http://localhost", "a,b"]
        {
            let called = RequestedHost::parse(text);
            assert!(called.as_ref().is_none_or(|called| !called.is_loopback()), "{text}: {called:?}");
        }
    }
}
