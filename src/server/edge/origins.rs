//! From which pages a browser may talk to this server.
//!
//! A browser sends cookies along with WebSocket upgrades and form posts from any page; the `Origin` header is how it
//! says which page that was. Other clients send none, and have no cookie that they weren't given.

use axum::http::{HeaderMap, Uri, header};

/// Which foreign origins are welcome.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    allowed: Vec<String>,
}

/// A page of another origin asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pages of this origin may not use this server")]
pub(crate) struct ForeignOrigin;

impl Origins {
    pub(crate) fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.iter().map(|origin| normal(origin)).collect() }
    }

    /// Lets through: no origin, the host's own, and those allowed.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), ForeignOrigin> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = normal(origin.to_str().map_err(|_| ForeignOrigin)?);
        let is_own = authority(&origin).is_some_and(|authority| host(headers).is_some_and(|host| authority == host));
        if is_own || self.allowed.contains(&origin) { Ok(()) } else { Err(ForeignOrigin) }
    }

    /// Lets through besides: pages of this machine, on a server that is asked for by a loopback name. The tutorial's
    /// pages come from another local port, and the plain door looks at no cookie.
    pub(crate) fn check_plain(&self, headers: &HeaderMap) -> Result<(), ForeignOrigin> {
        self.check(headers).or_else(|foreign| {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(normal);
            let from_here = origin.as_deref().and_then(authority).is_some_and(is_loopback);
            let to_here = host(headers).as_deref().is_some_and(is_loopback);
            if from_here && to_here { Ok(()) } else { Err(foreign) }
        })
    }
}

fn normal(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

/// `example.org:8080` of `https://example.org:8080`; both sides leave out a default port.
fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

fn host(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::HOST)?.to_str().ok()?.to_ascii_lowercase())
}

fn is_loopback(authority: &str) -> bool {
    let Ok(uri) = authority.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &str, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        headers.insert(header::HOST, host.parse().expect("a header"));
        headers
    }

    #[test]
    fn only_own_and_allowed_pages_may_connect() {
        let origins = Origins::new(&["https://Friend.example/".into()]);
        for (origin, host) in [
            ("http://localhost:3000", "localhost:3000"),
            ("https://chat.example", "Chat.example"),
            ("https://friend.example", "chat.example"),
        ] {
            assert_eq!(origins.check(&headers(origin, host)), Ok(()), "{origin} at {host}");
        }
        for (origin, host) in [
            ("https://evil.example", "chat.example"),
            ("http://localhost:3001", "localhost:3000"),
            ("https://chat.example.evil.example", "chat.example"),
            ("https://friend.example:81", "chat.example"),
            ("null", "chat.example"),
        ] {
            assert_eq!(origins.check(&headers(origin, host)), Err(ForeignOrigin), "{origin} at {host}");
        }
        assert_eq!(origins.check(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn the_plain_door_is_open_to_pages_of_this_machine() {
        let origins = Origins::new(&[]);
        for (origin, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1:3000"),
            ("http://localhost:8080", "127.0.0.1:3000"),
            ("http://[::1]:8080", "localhost:3000"),
        ] {
            assert_eq!(origins.check_plain(&headers(origin, host)), Ok(()), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://evil.example", "127.0.0.1:3000"),
            ("http://localhost:8080", "chat.example"),
            ("http://localhost.evil.example", "localhost:3000"),
            ("http://localhost@evil.example", "localhost:3000"),
            ("null", "localhost:3000"),
        ] {
            assert_eq!(origins.check_plain(&headers(origin, host)), Err(ForeignOrigin), "{origin} at {host}");
        }
    }
}
