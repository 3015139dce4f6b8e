//! The security headers that every response has.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

use crate::server::net::scheme::Scheme;

/// For responses that are not pages, so that no browser runs or shows them as one. Pages have a policy of their own.
const POLICY: &str =
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// Not `no-referrer`, with which a browser sends `Origin: null` when the page's own form is posted (Fetch, 'append a
/// request Origin header'). Over plain HTTP nothing else distinguishes that form from a foreign one.
const REFERRER_POLICY: &str = "same-origin";

/// Browser features that pages do not use, so injected code cannot use them either. Only names that browsers know: each
/// unknown one is a warning in the console.
const PAGE_PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), \
    payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// Only documents have permissions, and [`POLICY`] lets no script run in one that is made of another response. So this is
/// short, for it comes with every response.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=()";

/// One year, without `includeSubDomains`: subdomains may belong to somebody else.
const HSTS: &str = "max-age=31536000";

/// Adds the headers. A `Content-Security-Policy` that is there already stays.
pub(super) fn add_security_headers(response: &mut Response, scheme: Scheme) {
    let headers = response.headers_mut();
    let is_page = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, REFERRER_POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), if is_page { PAGE_PERMISSIONS } else { PERMISSIONS }),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    set_charset(headers);
    if scheme == Scheme::Https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

/// Adds `charset=utf-8` to text types that name no encoding. All texts of this server are UTF-8, files included.
fn set_charset(headers: &mut HeaderMap) {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return };
    if kind.starts_with("text/")
        && !kind.contains("charset=")
        && let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}
