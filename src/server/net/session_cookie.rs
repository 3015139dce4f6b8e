//! The session token of a request, and the cookie that keeps it in a browser.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::server::net::{cookies::cookie_values, scheme::Scheme, site::Site};

/// The session token of a request: from `Authorization: Bearer …` (RFC 6750), otherwise from the session cookie.
pub fn session_token(headers: &HeaderMap, site: Site) -> Option<String> {
    RequestToken::from_headers(headers, site).map(|token| token.value.to_owned())
}

/// The session token of a request, and how it was sent. Whether it is valid is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestToken<'a> {
    pub(crate) value: &'a str,
    source: TokenSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenSource {
    Bearer,
    Cookie,
    /// A cookie under the former name, which all servers on a host shared, whatever their ports.
    LegacyCookie,
}

impl<'a> RequestToken<'a> {
    /// A bearer token takes precedence over the cookie, and the current cookie name over the legacy one.
    pub(crate) fn from_headers(headers: &'a HeaderMap, site: Site) -> Option<Self> {
        let bearer = bearer_token(headers).map(|value| Self { value, source: TokenSource::Bearer });
        let current = || Self::from_cookie(headers, &cookie_name(site), TokenSource::Cookie);
        let legacy = || Self::from_cookie(headers, legacy_cookie_name(site)?, TokenSource::LegacyCookie);
        bearer.or_else(current).or_else(legacy)
    }

    /// If there are several cookies called `name`, takes the last one that can be a token: browsers send cookies with
    /// longer paths first (RFC 6265 §5.4), and this server's path is `/`.
    fn from_cookie(headers: &'a HeaderMap, name: &str, source: TokenSource) -> Option<Self> {
        let is_token = |value: &&[u8]| !value.is_empty() && value.iter().all(|byte| is_token_byte(*byte));
        let value = cookie_values(headers, name).filter(is_token).last()?;
        Some(Self { value: str::from_utf8(value).ok()?, source })
    }

    /// The `Set-Cookie` header that lets the browser keep its cookie for another `max_age` seconds. Returns `None` for a
    /// bearer token, and for a legacy cookie, whose session may be another server's.
    pub(crate) fn renewed_cookie(self, max_age: u64, site: Site) -> Option<HeaderValue> {
        (self.source == TokenSource::Cookie).then(|| session_cookie(self.value, max_age, site))?
    }

    /// The same for a token that was found to be valid on this server. A legacy cookie is replaced by the current one.
    pub(crate) fn renewed_valid_cookie(self, max_age: u64, site: Site) -> Vec<HeaderValue> {
        let cookie = session_cookie(self.value, max_age, site).filter(|_| self.source != TokenSource::Bearer);
        cookie.into_iter().chain(self.removed_legacy_cookie(site)).collect()
    }

    /// The `Set-Cookie` headers that delete the cookies of a session of this server that has ended.
    pub(crate) fn removed_cookies(self, site: Site) -> Vec<HeaderValue> {
        session_cookie("", 0, site).into_iter().chain(self.removed_legacy_cookie(site)).collect()
    }

    /// The `Set-Cookie` header that deletes the legacy cookie, if the token came from it. Call this only if the session is
    /// known to be this server's: otherwise it would sign the user out of another server on this host.
    pub(crate) fn removed_legacy_cookie(self, site: Site) -> Option<HeaderValue> {
        let name = legacy_cookie_name(site).filter(|_| self.source == TokenSource::LegacyCookie)?;
        set_cookie(name, "", 0, site.scheme)
    }
}

/// The `Set-Cookie` header for a session's `token`. A `max_age` of 0 seconds deletes the cookie.
pub(crate) fn session_cookie(token: &str, max_age: u64, site: Site) -> Option<HeaderValue> {
    set_cookie(&cookie_name(site), token, max_age, site.scheme)
}

/// `HttpOnly` hides the cookie from scripts; `SameSite=Lax` keeps it out of requests that other sites make.
fn set_cookie(name: &str, token: &str, max_age: u64, scheme: Scheme) -> Option<HeaderValue> {
    let secure = scheme.secure_attribute();
    let cookie =
        HeaderValue::try_from(format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age}{secure}"));
    cookie.inspect_err(|error| tracing::error!(%error, "the session cookie is not a valid header")).ok()
}

/// The name of the session cookie. A port other than the default one is part of it, so that servers on other ports of
/// this host have other cookies.
fn cookie_name(site: Site) -> String {
    let name = name_without_port(site.scheme);
    if site.has_default_port() { name.to_owned() } else { format!("{name}_{}", site.port) }
}

/// The name from before the port was part of it. Sessions from that time go on, but the cookie may be another server's.
fn legacy_cookie_name(site: Site) -> Option<&'static str> {
    (!site.has_default_port()).then_some(name_without_port(site.scheme))
}

/// Browsers accept a `__Host-` cookie only over TLS and from this very host, so neither a subdomain nor an attacker on
/// the network can replace it (RFC 6265bis §4.1.3.2). This protects only as long as no name without the prefix is read.
const fn name_without_port(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "teahouse_session",
        Scheme::Https => "__Host-teahouse_session",
    }
}

/// Whether a token can have this byte. Tokens are base64url (RFC 4648 §5).
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The `User-Agent` header, or an empty text if there is none or it is not ASCII.
pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The token in `Authorization: Bearer …`.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP: Site = Site { scheme: Scheme::Http, port: 80 };
    const HTTPS: Site = Site { scheme: Scheme::Https, port: 443 };

    fn with_cookies(line: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).expect(line));
        headers
    }

    #[test]
    fn a_token_is_read_from_the_bearer_header_or_the_cookie() {
        assert_eq!(session_token(&HeaderMap::new(), HTTP), None);
        let mut headers = with_cookies("theme=dark; teahouse_session=abc");
        assert_eq!(session_token(&headers, HTTP).as_deref(), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Bearer xyz".parse().expect("a header"));
        assert_eq!(session_token(&headers, HTTP).as_deref(), Some("xyz"));
    }

    #[test]
    fn over_tls_only_the_cookie_counts_that_nobody_else_can_set() {
        let mut headers = with_cookies("teahouse_session=abc");
        assert_eq!(session_token(&headers, HTTPS), None);
        assert_eq!(session_token(&headers, Site { port: 8443, ..HTTPS }), None);
        headers.append(header::COOKIE, "__Host-teahouse_session=xyz".parse().expect("a header"));
        assert_eq!(session_token(&headers, HTTPS).as_deref(), Some("xyz"));
        assert_eq!(session_token(&headers, HTTP).as_deref(), Some("abc"));
    }

    #[test]
    fn each_port_of_a_host_has_a_cookie_of_its_own() {
        let names =
            [HTTP, HTTPS, Site { port: 3000, ..HTTP }, Site { port: 443, ..HTTP }, Site { port: 8443, ..HTTPS }];
        let expected = [
            "teahouse_session",
            "__Host-teahouse_session",
            "teahouse_session_3000",
            "teahouse_session_443",
            "__Host-teahouse_session_8443",
        ];
        assert_eq!(names.map(cookie_name), expected);
    }

    #[test]
    fn the_last_value_under_the_most_specific_name_counts() {
        let site = Site { port: 3000, ..HTTP };
        for (line, token) in [
            ("teahouse_session_3000=abc", Some("abc")),
            // A legacy cookie, perhaps of another server.
            ("teahouse_session=old; teahouse_session_3000=abc", Some("abc")),
            ("teahouse_session=old", Some("old")),
            ("teahouse_session_3001=other", None),
            // Values that cannot be tokens are ignored.
            ("teahouse_session_3000=茶", None),
            ("teahouse_session_3000=", None),
            ("teahouse_session_3000=abc; teahouse_session_3000=茶", Some("abc")),
            ("teahouse_session_3000=\"abc\"; teahouse_session=old", Some("old")),
            // A cookie with a longer path comes first, and is not this server's.
            ("teahouse_session_3000=theirs; teahouse_session_3000=abc", Some("abc")),
            ("theme=茶馆; teahouse_session_3000=a-b_c9; 茶", Some("a-b_c9")),
        ] {
            assert_eq!(session_token(&with_cookies(line), site).as_deref(), token, "{line}");
        }
    }

    #[test]
    fn only_the_server_whose_session_it_holds_deletes_a_legacy_cookie() {
        let site = Site { port: 3000, ..HTTP };
        let headers = with_cookies("teahouse_session=abc");
        let token = RequestToken::from_headers(&headers, site).expect("a token");
        assert_eq!(token.renewed_cookie(60, site), None, "it may be another server's");
        assert_eq!(
            token.renewed_valid_cookie(60, site),
            [
                "teahouse_session_3000=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=60",
                "teahouse_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
            ]
        );
        let headers = with_cookies("teahouse_session=other; teahouse_session_3000=abc");
        let token = RequestToken::from_headers(&headers, site).expect("a token");
        assert_eq!(token.removed_cookies(site), ["teahouse_session_3000=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"]);
    }
}
