//! The files that a page loads. Each has an address that says what is in it, so that a browser keeps it for good and asks
//! for nothing that it has; another build has other addresses.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::Response,
    routing::MethodRouter,
};
use tower_http::services::ServeDir;

use super::{
    in_words,
    site::{Assets, Site, Source},
};
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

/// What a document names of the site's files, and all of them to be asked for; `missing` answers for those that are not
/// there.
pub(super) fn router(site: Site, house: House, missing: MethodRouter) -> (Files, Router) {
    let mut files = Files::default();
    let router = match site.0 {
        Source::Watched(folder) => {
            let folder = ServeDir::new(folder).append_index_html_on_directories(false);
            Router::new()
                .fallback_service(folder.fallback(missing))
                .layer(map_response(async |answer| keep(answer, ASK_AGAIN)))
        }
        Source::Held(mut assets) => {
            // An element that it could end would end it in the document, too.
            let style = assets.get(&files.style).and_then(|style| style.text()).filter(|style| !style.contains("</"));
            files.style_text = style.map(str::to_owned);
            for address in [&mut files.style, &mut files.office_style, &mut files.script, &mut files.program] {
                if let Some(asset) = assets.get(address).cloned() {
                    *address = lasting(address, &asset.hash);
                    assets.add(address.clone(), asset);
                }
            }
            let lasting = [&files.style, &files.office_style, &files.script, &files.program].map(String::clone);
            let held = Held { assets: assets.into(), lasting: lasting.into() };
            Router::new().fallback_service(missing).layer(from_fn_with_state(held, serve))
        }
    };
    (files, router.layer(from_fn_with_state(house, charge)))
}

/// What is served, and the addresses among them that change with their content.
#[derive(Clone)]
struct Held {
    assets: Arc<Assets>,
    lasting: Arc<[String]>,
}

async fn serve(State(held): State<Held>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let asset = held.assets.get(path).filter(|_| matches!(*request.method(), Method::GET | Method::HEAD));
    match asset {
        Some(asset) => {
            let is_lasting = held.lasting.iter().any(|lasting| lasting == path);
            keep(asset.answer(request.headers()), if is_lasting { FOR_GOOD } else { ASK_AGAIN })
        }
        None => next.run(request).await,
    }
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
fn lasting(address: &str, hash: &str) -> String {
    let (name, kind) = address.rsplit_once('.').unwrap_or((address, ""));
    format!("{name}.{}.{kind}", hash.get(..16).unwrap_or(hash))
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
