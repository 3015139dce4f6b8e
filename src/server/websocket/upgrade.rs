//! From an HTTP request to a WebSocket (RFC 6455 §4.2).

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::upgrade::{OnUpgrade, Upgraded};
use sha1::{Digest as _, Sha1};

/// The GUID that is appended to the client's key before hashing (§1.3).
const KEY_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A valid upgrade request.
#[derive(Debug)]
pub(in crate::server) struct Upgrade {
    on_upgrade: OnUpgrade,
    response: Response,
}

/// Why a request cannot be upgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::server) enum UpgradeError {
    /// The request does not ask for a WebSocket of version 13.
    #[error("this is a WebSocket endpoint: send a GET request with Connection, Upgrade and Sec-WebSocket-Version: 13")]
    NotWebSocket,
    /// `Sec-WebSocket-Key` is missing, repeated or not 16 bytes in Base64.
    #[error("Sec-WebSocket-Key must be sent once, with 16 bytes in Base64")]
    InvalidKey,
}

impl UpgradeError {
    /// The status of the refusal, and the headers that tell the client what to send instead.
    pub(in crate::server) fn status_and_headers(self) -> (StatusCode, HeaderMap) {
        let mut headers = HeaderMap::new();
        match self {
            Self::NotWebSocket => {
                // RFC 9110 §15.5.22, RFC 6455 §4.4.
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
                (StatusCode::UPGRADE_REQUIRED, headers)
            }
            Self::InvalidKey => (StatusCode::BAD_REQUEST, headers),
        }
    }
}

impl Upgrade {
    /// Checks a request.
    ///
    /// # Errors
    /// [`UpgradeError`] if it is not a valid upgrade request.
    pub(in crate::server) fn from_request(request: &mut Request) -> Result<Self, UpgradeError> {
        let headers = request.headers();
        let is_websocket = request.method() == Method::GET
            && request.version() == Version::HTTP_11
            && header_contains(headers, &header::CONNECTION, "upgrade")
            && header_contains(headers, &header::UPGRADE, "websocket")
            && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        if !is_websocket {
            return Err(UpgradeError::NotWebSocket);
        }
        let accept = accept_value(headers).ok_or(UpgradeError::InvalidKey)?;
        let on_upgrade = hyper::upgrade::on(request);
        let response = (
            StatusCode::SWITCHING_PROTOCOLS,
            [
                (header::CONNECTION, HeaderValue::from_static("upgrade")),
                (header::UPGRADE, HeaderValue::from_static("websocket")),
                (header::SEC_WEBSOCKET_ACCEPT, accept),
            ],
        );
        Ok(Self { on_upgrade, response: response.into_response() })
    }

    /// The response, and a future that resolves to the connection when the response has been sent, or to `None` if the
    /// upgrade fails.
    pub(in crate::server) fn accept(self) -> (Response, impl Future<Output = Option<Upgraded>> + Send) {
        let Self { on_upgrade, response } = self;
        let upgraded =
            async move { on_upgrade.await.inspect_err(|error| tracing::debug!(%error, "an upgrade failed")).ok() };
        (response, upgraded)
    }
}

/// Whether a header contains `token`. It may come several times, and each value may be a comma-separated list.
fn header_contains(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
}

/// The value of `Sec-WebSocket-Accept`, which proves that the server has read the key. `None` if the key is invalid.
fn accept_value(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let key = keys.next().filter(|_| keys.next().is_none())?;
    STANDARD.decode(key).ok().filter(|bytes| bytes.len() == 16)?;
    let hash = Sha1::new().chain_update(key).chain_update(KEY_GUID).finalize();
    HeaderValue::from_str(&STANDARD.encode(hash)).ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::new(Body::empty());
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            request.headers_mut().append(name, value.parse().expect("a value"));
        }
        request
    }

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_example_of_rfc_6455_is_answered_as_the_rfc_says() {
        let upgrade = Upgrade::from_request(&mut request(&GOOD)).expect("an upgrade");
        let (response, _stream) = upgrade.accept();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_request_that_is_not_for_a_websocket_is_told_what_to_send() {
        for (missing, _) in &GOOD[..3] {
            let headers: Vec<_> = GOOD.into_iter().filter(|(name, _)| name != missing).collect();
            let refused = Upgrade::from_request(&mut request(&headers)).err();
            assert_eq!(refused, Some(UpgradeError::NotWebSocket), "without {missing}");
        }
        let mut old = GOOD;
        old[2].1 = "8";
        let refused = Upgrade::from_request(&mut request(&old)).expect_err("a refusal");
        let (status, headers) = refused.status_and_headers();
        assert_eq!((status.as_u16(), &headers["sec-websocket-version"]), (426, &HeaderValue::from_static("13")));
    }

    #[test]
    fn a_key_is_sixteen_bytes_and_comes_once() {
        for key in ["", "short", "dGhlIHNhbXBsZSBub25jZQ"] {
            let mut headers = GOOD;
            headers[3].1 = key;
            assert_eq!(Upgrade::from_request(&mut request(&headers)).err(), Some(UpgradeError::InvalidKey), "{key}");
        }
        let twice = [GOOD.as_slice(), &[GOOD[3]]].concat();
        assert_eq!(Upgrade::from_request(&mut request(&twice)).err(), Some(UpgradeError::InvalidKey));
    }
}
