//! The Content-Security-Policy of pages: they load their own files and connect to their own server, nothing else.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use leptos::nonce::Nonce;
use sha2::{Digest as _, Sha256};

use crate::server::ReportUrl;

/// The policy of a page whose inline script carries `nonce`.
///
/// The nonce allows the one inline script, which loads the others. Those are allowed by `'self'`, because not every browser
/// passes a nonce on to imported scripts, and no file of this server comes from a user. `'wasm-unsafe-eval'` allows compiling
/// WebAssembly; JavaScript's `eval` stays forbidden.
///
/// `style` is the text of the document's inline style sheet, allowed by its hash; no other inline style is.
///
/// `reload_port` is where `cargo leptos watch` tells the page about changes.
pub(super) fn policy(nonce: &Nonce, style: Option<&str>, reload_port: Option<u32>) -> String {
    let style = style.map(|style| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(style)))).unwrap_or_default();
    let reload = reload_port.map(|port| format!(" ws://*:{port}")).unwrap_or_default();
    [
        "default-src 'none'".to_owned(),
        format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
        format!("style-src 'self'{style}"),
        "img-src 'self'".to_owned(),
        "font-src 'self'".to_owned(),
        "manifest-src 'self'".to_owned(),
        format!("connect-src 'self'{reload}"),
        "object-src 'none'".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'self'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}

/// Sets the policy of a response, and where browsers report violations: by `report-to` (Reporting API), and for browsers
/// that don't support it by `report-uri` (CSP Level 3, § 6.5).
pub(super) fn set_policy(response: &mut Response, mut policy: String, report_to: Option<&ReportUrl>) {
    let headers = response.headers_mut();
    if let Some(url) = report_to.map(ReportUrl::as_str)
        && let Ok(endpoints) = HeaderValue::try_from(format!("csp=\"{url}\""))
    {
        policy = format!("{policy}; report-uri {url}; report-to csp");
        headers.insert(HeaderName::from_static("reporting-endpoints"), endpoints);
    }
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_inline_script_runs_but_the_page_s_own() {
        let nonce = Nonce::from_value("abc");
        let policy = policy(&nonce, None, None);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }

    #[test]
    fn no_inline_style_counts_but_the_page_s_own() {
        // The example of CSP Level 3, § 2.3.1, is a script; a style is hashed the same way.
        let policy = policy(&Nonce::from_value("abc"), Some("alert('Hello, world.');"), None);
        assert!(policy.contains("style-src 'self' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"), "{policy}");
    }

    #[test]
    fn a_watched_page_may_connect_to_the_reload_port() {
        assert!(policy(&Nonce::from_value("abc"), None, Some(3001)).contains("connect-src 'self' ws://*:3001;"));
    }
}
