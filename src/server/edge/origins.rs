//! From which pages a browser may talk to this server.
//!
//! A browser sends cookies along with WebSocket upgrades and form posts from any page. It says which page that was:
//! in `Sec-Fetch-Site`, where the page can't touch it and where the browser has compared already, and in `Origin`. Other
//! clients send neither, and have no cookie that they weren't given.

use axum::http::{HeaderMap, HeaderName, header};

use crate::server::edge::{PublicUrl, Scheme, allowed_hosts::RequestedHost};

/// W3C Fetch Metadata. Sent over HTTPS and to this machine, not over plain HTTP to others.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Which origins are welcome.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    public: Option<PublicUrl>,
    allowed: Vec<String>,
}

/// A page of another origin asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pages of this origin may not use this server")]
pub(in crate::server) struct ForeignOrigin;

impl Origins {
    pub(super) fn new(public: Option<&PublicUrl>, allowed: &[String]) -> Self {
        Self { public: public.cloned(), allowed: allowed.iter().map(|origin| normal(origin)).collect() }
    }

    /// Lets through: programs that are no browsers, own pages, and those allowed.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        called: &RequestedHost,
        scheme: Scheme,
    ) -> Result<(), ForeignOrigin> {
        let origin = match headers.get(header::ORIGIN) {
            Some(origin) => Some(normal(origin.to_str().map_err(|_| ForeignOrigin)?)),
            None => None,
        };
        let is_welcome = match (headers.get(SITE).map(|site| site.as_bytes()), &origin) {
            (Some(b"same-origin" | b"none"), _) | (None, None) => true,
            (Some(_), None) => false,
            (Some(_), Some(origin)) => self.allowed.contains(origin),
            (None, Some(origin)) => self.allowed.contains(origin) || self.is_own(origin, called, scheme),
        };
        if is_welcome { Ok(()) } else { Err(ForeignOrigin) }
    }

    /// Lets through besides: pages of this machine, on a server that is asked for by a loopback name. The tutorial's
    /// pages come from another local port, and the simple protocol looks at no cookie.
    pub(super) fn check_plain(
        &self,
        headers: &HeaderMap,
        called: &RequestedHost,
        scheme: Scheme,
    ) -> Result<(), ForeignOrigin> {
        self.check(headers, called, scheme).or_else(|foreign| {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(normal);
            let from_here = origin.as_deref().and_then(parts).is_some_and(|(_, page)| page.is_loopback());
            if from_here && called.is_loopback() { Ok(()) } else { Err(foreign) }
        })
    }

    /// The public address, where one is set; else the same host and port. Over HTTPS a page that came without it is not
    /// ours; the other way round there may be a proxy between that nobody told us about.
    fn is_own(&self, origin: &str, called: &RequestedHost, scheme: Scheme) -> bool {
        let Some((page_scheme, page)) = parts(origin) else { return false };
        match &self.public {
            Some(public) => public.is_origin(page_scheme, &page),
            None => (scheme, page_scheme) != (Scheme::Https, Scheme::Http) && page.is_same(called, page_scheme),
        }
    }
}

fn normal(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

/// `https` and `example.org:8080` of `https://example.org:8080`.
fn parts(origin: &str) -> Option<(Scheme, RequestedHost)> {
    let (scheme, authority) = origin.split_once("://")?;
    Some((Scheme::from_name(scheme)?, RequestedHost::parse(authority)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: Result<(), ForeignOrigin> = Err(ForeignOrigin);

    fn headers(named: &[(HeaderName, &str)]) -> HeaderMap {
        named.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

    fn check(origins: &Origins, origin: &str, host: &str, scheme: Scheme) -> Result<(), ForeignOrigin> {
        origins.check(&headers(&[(header::ORIGIN, origin)]), &RequestedHost::parse(host).expect(host), scheme)
    }

    #[test]
    fn only_own_and_allowed_pages_may_connect() {
        let origins = Origins::new(None, &["https://Friend.example/".into()]);
        for (origin, host) in [
            ("http://localhost:3000", "localhost:3000"),
            ("https://chat.example", "Chat.example"),
            ("https://chat.example", "chat.example:443"),
            ("https://friend.example", "chat.example"),
        ] {
            assert_eq!(check(&origins, origin, host, Scheme::Http), Ok(()), "{origin} at {host}");
        }
        for (origin, host) in [
            ("https://evil.example", "chat.example"),
            ("http://localhost:3001", "localhost:3000"),
            ("http://chat.example", "chat.example:443"),
            ("https://chat.example.evil.example", "chat.example"),
            ("https://chat.example@evil.example", "chat.example"),
            ("https://evil.example@chat.example", "chat.example"),
            ("https://friend.example:81", "chat.example"),
            ("ftp://chat.example", "chat.example"),
            ("chat.example", "chat.example"),
            ("null", "chat.example"),
            ("", "chat.example"),
        ] {
            assert_eq!(check(&origins, origin, host, Scheme::Http), FOREIGN, "{origin} at {host}");
        }
        assert_eq!(check(&origins, "http://chat.example", "chat.example", Scheme::Https), FOREIGN);
    }

    #[test]
    fn the_public_url_is_what_own_pages_come_from() {
        let public = "https://chat.example".parse().expect("an address");
        let origins = Origins::new(Some(&public), &[]);
        assert_eq!(check(&origins, "https://chat.example", "chat.example", Scheme::Https), Ok(()));
        for origin in ["http://chat.example", "https://chat.example:8443", "https://sub.chat.example"] {
            assert_eq!(check(&origins, origin, "chat.example", Scheme::Https), FOREIGN, "{origin}");
        }
    }

    #[test]
    fn what_the_browser_compared_itself_counts_first() {
        let origins = Origins::new(None, &["https://friend.example".into()]);
        let called = RequestedHost::parse("chat.example").expect("a name");
        let check = |named: &[(HeaderName, &str)]| origins.check(&headers(named), &called, Scheme::Http);
        let own = (header::ORIGIN, "https://chat.example");
        let friend = (header::ORIGIN, "https://friend.example");

        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[(SITE, "same-origin"), (header::ORIGIN, "null")]), Ok(()));
        assert_eq!(check(&[(SITE, "none")]), Ok(()));
        for site in ["cross-site", "same-site", "whatever"] {
            assert_eq!(check(&[(SITE, site)]), FOREIGN, "{site}");
            assert_eq!(check(&[(SITE, site), own.clone()]), FOREIGN, "{site}");
            assert_eq!(check(&[(SITE, site), friend.clone()]), Ok(()), "{site}");
        }
    }

    #[test]
    fn the_simple_protocol_is_open_to_pages_of_this_machine() {
        let origins = Origins::new(None, &[]);
        let check = |origin: &str, host: &str| {
            let named = headers(&[(header::ORIGIN, origin), (SITE, "same-site")]);
            origins.check_plain(&named, &RequestedHost::parse(host).expect(host), Scheme::Http)
        };
        for (origin, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1:3000"),
            ("http://localhost:8080", "127.0.0.1:3000"),
            ("http://[::1]:8080", "localhost:3000"),
        ] {
            assert_eq!(check(origin, host), Ok(()), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://evil.example", "127.0.0.1:3000"),
            ("http://localhost:8080", "chat.example"),
            ("http://localhost.evil.example", "localhost:3000"),
            ("http://localhost@evil.example", "localhost:3000"),
            ("null", "localhost:3000"),
        ] {
            assert_eq!(check(origin, host), FOREIGN, "{origin} at {host}");
        }
    }
}
