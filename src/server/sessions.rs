//! How a request shows whose it is.

use axum::http::{HeaderMap, HeaderValue, header};

use super::edge::Scheme;

/// The token that a request brings, as `Authorization: Bearer …` (RFC 6750) or else as the cookie.
pub fn session_token(headers: &HeaderMap, scheme: Scheme) -> Option<String> {
    bearer(headers).or_else(|| cookie(headers, cookie_name(scheme))).map(str::to_owned)
}

/// What makes a browser keep `token` as the cookie for so long; with none for 0 seconds, forget it. Out of reach of
/// scripts, and not sent along by other sites' forms and pictures.
pub(super) fn session_cookie(token: &str, seconds: u64, scheme: Scheme) -> String {
    let (name, secure) = (cookie_name(scheme), scheme.cookie_attribute());
    format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}")
}

/// The same for the cookie that a request has brought, if it has brought one and shows nothing else: whoever comes by
/// now and then keeps it for good.
pub(super) fn session_cookie_again(headers: &HeaderMap, seconds: u64, scheme: Scheme) -> Option<HeaderValue> {
    let token = cookie(headers, cookie_name(scheme)).filter(|_| bearer(headers).is_none())?;
    HeaderValue::try_from(session_cookie(token, seconds, scheme)).ok()
}

/// The cookie that holds a session's token. A browser takes one called `__Host-…` only over TLS and from this very host,
/// so neither a subdomain nor somebody on the line can put one of their own in its place (RFC 6265bis §4.1.3.2). That is
/// worth something only while no other name counts.
const fn cookie_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "teahouse_session",
        Scheme::Https => "__Host-teahouse_session",
    }
}

/// What the program that makes a request calls itself; nothing if it does not say so, or not in ASCII.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_as_bearer_or_cookie() {
        let session_token = |headers: &HeaderMap| session_token(headers, Scheme::Http);
        let mut headers = HeaderMap::new();
        assert_eq!(session_token(&headers), None);
        headers.insert(header::COOKIE, "theme=dark; teahouse_session=abc".parse().expect("a header"));
        assert_eq!(session_token(&headers).as_deref(), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Bearer xyz".parse().expect("a header"));
        assert_eq!(session_token(&headers).as_deref(), Some("xyz"));
    }

    #[test]
    fn over_tls_only_the_cookie_counts_that_nobody_else_can_set() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "teahouse_session=abc".parse().expect("a header"));
        assert_eq!(session_token(&headers, Scheme::Https), None);
        headers.append(header::COOKIE, "__Host-teahouse_session=xyz".parse().expect("a header"));
        assert_eq!(session_token(&headers, Scheme::Https).as_deref(), Some("xyz"));
        assert_eq!(session_token(&headers, Scheme::Http).as_deref(), Some("abc"));
    }
}
