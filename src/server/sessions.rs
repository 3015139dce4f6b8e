//! How a request shows whose it is.

use axum::http::{HeaderMap, header};

/// The cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "teahouse_session";

/// The token that a request brings, as `Authorization: Bearer …` (RFC 6750) or else as the cookie.
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    bearer(headers).or_else(|| cookie(headers)).map(str::to_owned)
}

/// What the program that makes a request calls itself; nothing if it does not say so, or not in ASCII.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_as_bearer_or_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(session_token(&headers), None);
        headers.insert(header::COOKIE, "theme=dark; teahouse_session=abc".parse().expect("a header"));
        assert_eq!(session_token(&headers).as_deref(), Some("abc"));
        headers.insert(header::AUTHORIZATION, "Bearer xyz".parse().expect("a header"));
        assert_eq!(session_token(&headers).as_deref(), Some("xyz"));
    }
}
