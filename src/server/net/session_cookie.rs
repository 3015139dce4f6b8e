//! How a request shows whose it is.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::server::{
    edge::{Scheme, Site},
    net::cookies::cookies,
};

/// The token that a request brings, as `Authorization: Bearer …` (RFC 6750) or else as the cookie.
pub fn session_token(headers: &HeaderMap, site: Site) -> Option<String> {
    CookieAttributes::by(headers, site).map(|shown| shown.token.to_owned())
}

/// A session's token, as a request shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CookieAttributes<'a> {
    pub(crate) token: &'a str,
    means: Means,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    Bearer,
    Cookie,
    /// The cookie as it was called by all servers of a host, whatever their ports.
    FormerCookie,
}

impl<'a> CookieAttributes<'a> {
    /// The bearer token counts before the cookie, and the cookie's own name before the former one.
    pub(crate) fn by(headers: &'a HeaderMap, site: Site) -> Option<Self> {
        let bearer = bearer(headers).map(|token| Self { token, means: Means::Bearer });
        let own = || Self::by_cookie(headers, &cookie_name(site), Means::Cookie);
        let former = || Self::by_cookie(headers, former_name(site)?, Means::FormerCookie);
        bearer.or_else(own).or_else(former)
    }

    /// Of several cookies of one name the last that can hold a token: this server's has the shortest path that there is,
    /// and those of longer ones come first (RFC 6265 §5.4).
    fn by_cookie(headers: &'a HeaderMap, name: &str, means: Means) -> Option<Self> {
        let is_text = |value: &&[u8]| !value.is_empty() && value.iter().all(|byte| is_of_token(*byte));
        let value = cookies(headers, name).filter(is_text).last()?;
        Some(Self { token: str::from_utf8(value).ok()?, means })
    }

    /// What makes a browser keep the cookie that it has brought for so many seconds more: whoever comes by now and then
    /// keeps it for good. Nothing for a bearer token, and nothing by the former name, as whose session may be another
    /// server's.
    pub(crate) fn keep(self, seconds: u64, site: Site) -> Option<HeaderValue> {
        (self.means == Means::Cookie).then(|| session_cookie(self.token, seconds, site))?
    }

    /// The same for a token that was found to be one of this server's: one by the former name gets its own.
    pub(crate) fn keep_known(self, seconds: u64, site: Site) -> Vec<HeaderValue> {
        let cookie = session_cookie(self.token, seconds, site).filter(|_| self.means != Means::Bearer);
        cookie.into_iter().chain(self.drop_former(site)).collect()
    }

    /// What makes a browser forget the cookies of a session that was one of this server's, and has ended.
    pub(crate) fn forget(self, site: Site) -> Vec<HeaderValue> {
        session_cookie("", 0, site).into_iter().chain(self.drop_former(site)).collect()
    }

    /// What takes the former cookie back, if that was it. Only for who knows that the session is one of this server's:
    /// the cookie may be that of another server of this host, whose users are to stay in.
    pub(crate) fn drop_former(self, site: Site) -> Option<HeaderValue> {
        let name = former_name(site).filter(|_| self.means == Means::FormerCookie)?;
        cookie(name, "", 0, site.scheme)
    }
}

/// What makes a browser keep `token` as the cookie for so long; with none for 0 seconds, forget it. Out of reach of
/// scripts, and not sent along by other sites' forms and pictures.
pub(crate) fn session_cookie(token: &str, seconds: u64, site: Site) -> Option<HeaderValue> {
    cookie(&cookie_name(site), token, seconds, site.scheme)
}

fn cookie(name: &str, token: &str, seconds: u64, scheme: Scheme) -> Option<HeaderValue> {
    let secure = scheme.cookie_attribute();
    let cookie =
        HeaderValue::try_from(format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}"));
    cookie.inspect_err(|error| tracing::error!(%error, "a session's cookie is no header")).ok()
}

/// The cookie that holds a session's token. Servers on other ports of this host have another one.
fn cookie_name(site: Site) -> String {
    let name = common_name(site.scheme);
    if site.has_default_port() { name.to_owned() } else { format!("{name}_{}", site.port) }
}

/// What the cookie was called on every port. Sessions from then go on; by now another server's may stand there.
fn former_name(site: Site) -> Option<&'static str> {
    (!site.has_default_port()).then_some(common_name(site.scheme))
}

/// A browser takes one called `__Host-…` only over TLS and from this very host, so neither a subdomain nor somebody on the
/// line can put one of their own in its place (RFC 6265bis §4.1.3.2). That is worth something only while no other name
/// counts.
const fn common_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "teahouse_session",
        Scheme::Https => "__Host-teahouse_session",
    }
}

/// What tokens are made of: base64url (RFC 4648 §5).
const fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What the program that makes a request calls itself; nothing if it does not say so, or not in ASCII.
pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The token that a request brings as `Authorization: Bearer …` alone.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
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
    fn a_token_comes_as_bearer_or_cookie() {
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
    fn which_cookie_counts() {
        let site = Site { port: 3000, ..HTTP };
        for (line, token) in [
            ("teahouse_session_3000=abc", Some("abc")),
            // Another server's, from the time when all had one name.
            ("teahouse_session=old; teahouse_session_3000=abc", Some("abc")),
            ("teahouse_session=old", Some("old")),
            ("teahouse_session_3001=other", None),
            // What is no token is nobody's cookie of ours.
            ("teahouse_session_3000=茶", None),
            ("teahouse_session_3000=", None),
            ("teahouse_session_3000=abc; teahouse_session_3000=茶", Some("abc")),
            ("teahouse_session_3000=\"abc\"; teahouse_session=old", Some("old")),
            // The one with the longer path comes first, and is not ours.
            ("teahouse_session_3000=theirs; teahouse_session_3000=abc", Some("abc")),
            ("theme=茶馆; teahouse_session_3000=a-b_c9; 茶", Some("a-b_c9")),
        ] {
            assert_eq!(session_token(&with_cookies(line), site).as_deref(), token, "{line}");
        }
    }

    #[test]
    fn the_former_cookie_is_taken_back_only_by_the_server_whose_session_it_holds() {
        let site = Site { port: 3000, ..HTTP };
        let headers = with_cookies("teahouse_session=abc");
        let shown = CookieAttributes::by(&headers, site).expect("a token");
        assert_eq!(shown.keep(60, site), None, "nobody knows whose it is");
        assert_eq!(
            shown.keep_known(60, site),
            [
                "teahouse_session_3000=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=60",
                "teahouse_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
            ]
        );
        let headers = with_cookies("teahouse_session=other; teahouse_session_3000=abc");
        let shown = CookieAttributes::by(&headers, site).expect("a token");
        assert_eq!(shown.forget(site), ["teahouse_session_3000=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"]);
    }
}
