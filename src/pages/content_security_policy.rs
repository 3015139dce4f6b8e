//! What a page may do, as its Content-Security-Policy: load its own files, and talk to its own server.

use std::env;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use leptos::nonce::Nonce;
use sha2::{Digest as _, Sha256};

use crate::server::ReportUrl;

/// The policy of a page whose own scripts carry `nonce`.
///
/// The nonce is for the one inline script, which loads the others; `'self'` for those, because not every browser hands a
/// nonce on to what a script imports, and nothing here is a script that a user has put here. Compiling WebAssembly is
/// `'wasm-unsafe-eval'`; JavaScript's `eval` stays forbidden.
///
/// `style` is the style sheet that the document carries along; it is let through by its hash, and no other is.
///
/// `reload_port` is where `cargo leptos watch` tells the page of changes.
pub(crate) fn policy(nonce: &Nonce, style: Option<&str>, reload_port: Option<u32>) -> String {
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

/// Puts a policy on a page's answer, and says where browsers report what it stopped: by `report-to` (Reporting API), and
/// for those that don't know it by `report-uri` (CSP Level 3, § 6.5).
pub(crate) fn put_on(response: &mut Response, mut policy: String, report_to: Option<&ReportUrl>) {
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

/// Whether `cargo leptos watch` started the server.
pub(crate) fn is_watched() -> bool {
    env::var_os("LEPTOS_WATCH").is_some()
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
    fn a_page_that_is_being_worked_on_hears_of_changes() {
        assert!(policy(&Nonce::from_value("abc"), None, Some(3001)).contains("connect-src 'self' ws://*:3001;"));
    }
}
