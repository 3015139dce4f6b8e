//! Which pages may use this server from a browser.
//!
//! A browser sends cookies along with WebSocket upgrades and form posts, whichever page they come from. It names that page
//! in two headers: `Sec-Fetch-Site`, which the page cannot change and in which the browser has compared the origins itself,
//! and `Origin`. Other clients send neither header, and no cookie that they were not given.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use crate::{
    protocol::ErrorCode,
    server::{
        net::{authority::Authority, public_url::PublicUrl, scheme::Scheme},
        problem::ApiError,
    },
};

/// W3C Fetch Metadata. Browsers send it over HTTPS and to this machine, but not over plain HTTP to other machines.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins whose pages may use this server.
#[derive(Clone, Debug)]
pub(super) struct AllowedOrigins {
    public_url: Option<PublicUrl>,
    /// Further origins, normalised.
    others: Vec<String>,
}

/// A page of another origin made the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pages of this origin may not use this server")]
pub(super) struct ForeignOrigin;

impl From<ForeignOrigin> for ApiError {
    fn from(error: ForeignOrigin) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::ForeignOrigin, error.to_string())
    }
}

impl AllowedOrigins {
    pub(super) fn new(public_url: Option<&PublicUrl>, others: &[String]) -> Self {
        Self { public_url: public_url.cloned(), others: others.iter().map(|origin| normalise(origin)).collect() }
    }

    /// Allows the server's own pages, pages of the configured origins, and clients that are no browsers.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        requested: &Authority,
        scheme: Scheme,
    ) -> Result<(), ForeignOrigin> {
        let origin = match headers.get(header::ORIGIN) {
            Some(origin) => Some(normalise(origin.to_str().map_err(|_| ForeignOrigin)?)),
            None => None,
        };
        let is_allowed = match (headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes()), &origin) {
            (Some(b"same-origin" | b"none"), _) | (None, None) => true,
            (Some(_), None) => false,
            (Some(_), Some(origin)) => self.others.contains(origin),
            (None, Some(origin)) => self.others.contains(origin) || self.is_own(origin, requested, scheme),
        };
        if is_allowed { Ok(()) } else { Err(ForeignOrigin) }
    }

    /// Also allows pages of this machine, if the request was sent to a loopback name. The tutorial's pages are served from
    /// another local port. This is safe because the simple protocol reads no cookie.
    pub(super) fn check_simple_protocol(
        &self,
        headers: &HeaderMap,
        requested: &Authority,
        scheme: Scheme,
    ) -> Result<(), ForeignOrigin> {
        self.check(headers, requested, scheme).or_else(|foreign| {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(normalise);
            let is_local = origin.as_deref().and_then(parse_origin).is_some_and(|(_, page)| page.is_loopback());
            if is_local && requested.is_loopback() { Ok(()) } else { Err(foreign) }
        })
    }

    /// Whether `origin` is that of the public URL or, without a public URL, the host and port that the request was sent to.
    /// Then an `http` page may not make an `https` request. An `https` page may make an `http` one, because there may be a
    /// proxy that the operator has not named.
    fn is_own(&self, origin: &str, requested: &Authority, scheme: Scheme) -> bool {
        let Some((page_scheme, page)) = parse_origin(origin) else { return false };
        match &self.public_url {
            Some(public_url) => public_url.has_origin(page_scheme, &page),
            None => (scheme, page_scheme) != (Scheme::Https, Scheme::Http) && page.is_same(requested, page_scheme),
        }
    }
}

fn normalise(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

/// Splits `https://example.org:8080` into `https` and `example.org:8080`.
fn parse_origin(origin: &str) -> Option<(Scheme, Authority)> {
    let (scheme, authority) = origin.split_once("://")?;
    Some((Scheme::from_name(scheme)?, Authority::parse(authority)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: Result<(), ForeignOrigin> = Err(ForeignOrigin);

    fn headers(named: &[(HeaderName, &str)]) -> HeaderMap {
        named.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

    fn check(origins: &AllowedOrigins, origin: &str, host: &str, scheme: Scheme) -> Result<(), ForeignOrigin> {
        origins.check(&headers(&[(header::ORIGIN, origin)]), &Authority::parse(host).expect(host), scheme)
    }

    #[test]
    fn only_own_and_allowed_pages_may_connect() {
        let origins = AllowedOrigins::new(None, &["https://Friend.example/".into()]);
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
    fn own_pages_have_the_origin_of_the_public_url() {
        let public = "https://chat.example".parse().expect("a URL");
        let origins = AllowedOrigins::new(Some(&public), &[]);
        assert_eq!(check(&origins, "https://chat.example", "chat.example", Scheme::Https), Ok(()));
        for origin in ["http://chat.example", "https://chat.example:8443", "https://sub.chat.example"] {
            assert_eq!(check(&origins, origin, "chat.example", Scheme::Https), FOREIGN, "{origin}");
        }
    }

    #[test]
    fn sec_fetch_site_takes_precedence_over_origin() {
        let origins = AllowedOrigins::new(None, &["https://friend.example".into()]);
        let requested = Authority::parse("chat.example").expect("a name");
        let check = |named: &[(HeaderName, &str)]| origins.check(&headers(named), &requested, Scheme::Http);
        let own = (header::ORIGIN, "https://chat.example");
        let friend = (header::ORIGIN, "https://friend.example");

        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[(SEC_FETCH_SITE, "same-origin"), (header::ORIGIN, "null")]), Ok(()));
        assert_eq!(check(&[(SEC_FETCH_SITE, "none")]), Ok(()));
        for site in ["cross-site", "same-site", "whatever"] {
            assert_eq!(check(&[(SEC_FETCH_SITE, site)]), FOREIGN, "{site}");
            assert_eq!(check(&[(SEC_FETCH_SITE, site), own.clone()]), FOREIGN, "{site}");
            assert_eq!(check(&[(SEC_FETCH_SITE, site), friend.clone()]), Ok(()), "{site}");
        }
    }

    #[test]
    fn pages_of_this_machine_may_use_the_simple_protocol() {
        let origins = AllowedOrigins::new(None, &[]);
        let check = |origin: &str, host: &str| {
            let named = headers(&[(header::ORIGIN, origin), (SEC_FETCH_SITE, "same-site")]);
            origins.check_simple_protocol(&named, &Authority::parse(host).expect(host), Scheme::Http)
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
