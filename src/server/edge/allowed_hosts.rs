//! The host names under which the server answers.
//!
//! A page on `evil.example` can make its own name resolve to this server's address (DNS rebinding). The browser then takes
//! both for one origin, and the `Origin` header looks right. Only the `Host` header still has the foreign name.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{StatusCode, Version, header, uri},
};

use crate::{
    protocol::ErrorCode,
    server::{
        edge::forwarded::forwarded_host,
        net::{authority::Authority, public_url::PublicUrl},
        problem::ApiError,
    },
};

/// Why a request is refused for its `Host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HostError {
    /// There is no `Host`, more than one, or one that is malformed (RFC 9112 §3.2).
    #[error("a request needs exactly one valid Host")]
    Invalid,
    /// The request is for another host (RFC 9110 §15.5.20).
    #[error("this server does not answer for this host; its operator can set one with --public-url")]
    Misdirected,
}

impl From<HostError> for ApiError {
    fn from(error: HostError) -> Self {
        let (status, code) = match error {
            HostError::Invalid => (StatusCode::BAD_REQUEST, ErrorCode::BadFrame),
            HostError::Misdirected => (StatusCode::MISDIRECTED_REQUEST, ErrorCode::NotFound),
        };
        Self::new(status, code, error.to_string())
    }
}

/// The host and port that a request was sent to: as a trusted proxy says, otherwise as the request itself says.
pub(super) fn requested_authority(request: &Request, is_proxied: bool) -> Result<Authority, HostError> {
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    // Only an HTTP/1.0 request may have none.
    if second.is_some() || (first.is_none() && request.version() >= Version::HTTP_11) {
        return Err(HostError::Invalid);
    }
    let forwarded = is_proxied.then(|| forwarded_host(headers)).flatten();
    // In a request for `http://name/path`, the name counts and `Host` is ignored (RFC 9112 §3.2.2).
    let target = || request.uri().authority().map(uri::Authority::as_str);
    let host = || first.and_then(|host| host.to_str().ok());
    forwarded.or_else(target).or_else(host).and_then(Authority::parse).ok_or(HostError::Invalid)
}

/// Which hosts the server answers for.
#[derive(Clone, Debug)]
pub(super) enum AllowedHosts {
    /// The host of the public URL. Its port is not compared: a foreign page cannot have this host.
    Only(String),
    /// Loopback names only, because the server listens on loopback only.
    Loopback,
    /// Any host: the server listens to others, and nobody configured under which name.
    Any,
}

impl AllowedHosts {
    /// `listen_ip` is the address that the server listens on.
    pub(super) fn new(public_url: Option<&PublicUrl>, listen_ip: IpAddr) -> Self {
        match public_url {
            Some(public_url) => Self::Only(public_url.authority().host.clone()),
            None if listen_ip.to_canonical().is_loopback() => Self::Loopback,
            None => Self::Any,
        }
    }

    pub(super) fn check(&self, authority: &Authority) -> Result<(), HostError> {
        let is_allowed = match self {
            Self::Only(host) => authority.host == *host,
            Self::Loopback => authority.is_loopback(),
            Self::Any => true,
        };
        if is_allowed { Ok(()) } else { Err(HostError::Misdirected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &AllowedHosts, host: &str) -> Result<(), HostError> {
        hosts.check(&Authority::parse(host).expect(host))
    }

    #[test]
    fn a_server_on_loopback_answers_for_loopback_names_only() {
        let hosts = AllowedHosts::new(None, IpAddr::from([127, 0, 0, 1]));
        for host in ["localhost", "LOCALHOST:3000", "tea.localhost", "127.0.0.1:3000", "127.8.9.1", "[::1]:3000"] {
            assert_eq!(check(&hosts, host), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "192.0.2.1"] {
            assert_eq!(check(&hosts, host), Err(HostError::Misdirected), "{host}");
        }
    }

    #[test]
    fn a_server_with_a_public_url_answers_for_that_host_only() {
        let public_url = "https://chat.example:8443".parse().expect("a URL");
        let hosts = AllowedHosts::new(Some(&public_url), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(check(&hosts, "Chat.example"), Ok(()));
        assert_eq!(check(&hosts, "chat.example:8443"), Ok(()));
        for host in ["localhost", "127.0.0.1", "chat.example.evil.example", "chat.example."] {
            assert_eq!(check(&hosts, host), Err(HostError::Misdirected), "{host}");
        }
    }
}
