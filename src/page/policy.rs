//! What a page may do, as its Content-Security-Policy: load its own files, and talk to its own server.

use std::env;

use leptos::nonce::Nonce;

/// The policy of a page whose own scripts carry `nonce`.
///
/// The nonce is for the one inline script, which loads the others; `'self'` for those, because not every browser hands a
/// nonce on to what a script imports, and nothing here is a script that a user has put here. Compiling WebAssembly is
/// `'wasm-unsafe-eval'`; JavaScript's `eval` stays forbidden.
///
/// `reload_port` is where `cargo leptos watch` tells the page of changes.
pub(super) fn policy(nonce: &Nonce, reload_port: Option<u32>) -> String {
    let reload = reload_port.map(|port| format!(" ws://*:{port}")).unwrap_or_default();
    [
        "default-src 'none'".to_owned(),
        format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
        "style-src 'self'".to_owned(),
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

/// Whether `cargo leptos watch` started the server.
pub(super) fn is_watched() -> bool {
    env::var_os("LEPTOS_WATCH").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_inline_script_runs_but_the_page_s_own() {
        let nonce = Nonce::from_value("abc");
        let policy = policy(&nonce, None);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }

    #[test]
    fn a_page_that_is_being_worked_on_hears_of_changes() {
        assert!(policy(&Nonce::from_value("abc"), Some(3001)).contains("connect-src 'self' ws://*:3001;"));
    }
}
