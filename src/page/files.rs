//! The files that a page loads. Each has an address that says what is in it, so that a browser keeps it for good and asks
//! for nothing that it has; another build has other addresses.

use std::{fs, path::Path};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::Response,
};
use sha2::{Digest as _, Sha256};
use tower_http::services::{ServeDir, ServeFile};

use super::{in_words, policy};
use crate::{
    server::{House, Peer},
    ui::Files,
};

/// Never asked for again under this address (RFC 8246).
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Under an address that stays the same while its content changes.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A file costs at least as much: also one that is not there, or that has not changed.
const FEWEST_BYTES: usize = 4 * 1024;

/// What is in the folder `site`, and where a page finds it.
pub(super) fn router(site: &Path, house: House, missing: axum::routing::MethodRouter) -> (Files, Router) {
    let mut files = Files::default();
    let mut named = Router::new();
    // An element that it could end would end it in the document, too.
    files.style_text = fs::read_to_string(site.join(files.style.trim_start_matches('/')))
        .ok()
        .filter(|style| !policy::is_watched() && !style.contains("</"));
    for address in [&mut files.style, &mut files.office_style, &mut files.script, &mut files.program] {
        let path = site.join(address.trim_start_matches('/'));
        // While somebody works on them, the style sheet changes under the running server.
        let Some(lasting) = fs::read(&path).ok().filter(|_| !policy::is_watched()).map(|file| lasting(address, &file))
        else {
            continue;
        };
        let file = ServeFile::new(path).precompressed_br().precompressed_gzip();
        named = named.route_service(&lasting, file);
        *address = lasting;
    }
    let named = named.layer(map_response(async |response| keep(response, FOR_GOOD)));
    let folder = ServeDir::new(site).precompressed_br().precompressed_gzip().append_index_html_on_directories(false);
    let others = Router::new()
        .fallback_service(folder.fallback(missing))
        .layer(map_response(async |response| keep(response, ASK_AGAIN)));
    (files, named.fallback_service(others).layer(from_fn_with_state(house, charge)))
}

/// Charges an address for a file: before it is opened if too much was sent already, and then for its bytes.
async fn charge(
    State(house): State<House>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(refused) = house.may_load(peer) {
        return in_words(refused, request.headers());
    }
    let is_sent = request.method() == Method::GET;
    let response = next.run(request).await;
    let length = response.headers().get(header::CONTENT_LENGTH).filter(|_| is_sent);
    let bytes = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(FEWEST_BYTES);
    house.note_file(peer, bytes.max(FEWEST_BYTES));
    response
}

/// `/pkg/teahouse.css` with a piece of the hash of what is in it.
fn lasting(address: &str, file: &[u8]) -> String {
    let hash = Sha256::digest(file);
    let (name, kind) = address.rsplit_once('.').unwrap_or((address, ""));
    format!("{name}.{:016x}.{kind}", hash.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte)))
}

/// Says how long an answer may be kept, unless it says so itself. It differs with what the one who asks can unpack.
fn keep(mut response: Response, how: HeaderValue) -> Response {
    if response.status().is_success() || response.status() == 304 {
        let headers = response.headers_mut();
        headers.entry(header::CACHE_CONTROL).or_insert(how);
        headers.entry(header::VARY).or_insert(HeaderValue::from_static("accept-encoding"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_changes_with_what_is_there() {
        let address = lasting("/pkg/teahouse.css", b"p {}");
        assert_eq!(address, lasting("/pkg/teahouse.css", b"p {}"));
        assert_ne!(address, lasting("/pkg/teahouse.css", b"p { }"));
        let hash = address.strip_prefix("/pkg/teahouse.").and_then(|rest| rest.strip_suffix(".css")).expect("a name");
        assert!(hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{address}");
    }
}
