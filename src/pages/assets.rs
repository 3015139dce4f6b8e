//! The files that a page loads. Each has an address that says what is in it, so that a browser keeps it for good and asks
//! for nothing that it has; another build has other addresses.

use std::{mem, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{Method, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::Response,
    routing::MethodRouter,
};
use tower_http::services::ServeDir;

use crate::{
    pages::{
        asset_files::{ASK_AGAIN, AssetSource, Assets, LoadedAssets},
        plain_text_error,
    },
    server::{ClientAddr, PagesApi},
    ui::AssetNames,
};

/// Where the program is, and what is split off from it.
const PROGRAM: &str = "/pkg";

/// What fetches the pieces of a program that is split; cargo-leptos names it so.
const SPLITTER: &str = "/pkg/__wasm_split.______________________.js";

/// A file costs at least as much: also one that is not there, or that has not changed.
const FEWEST_BYTES: usize = 4 * 1024;

/// What a document names of the site's files, and all of them to be asked for; `missing` answers for those that are not
/// there.
pub(crate) fn router(built: Assets, house: PagesApi, missing: MethodRouter) -> (AssetNames, Router) {
    let mut files = AssetNames::default();
    let router = match built.0 {
        AssetSource::Watched(folder) => {
            let folder = ServeDir::new(folder).append_index_html_on_directories(false);
            Router::new().fallback_service(folder.fallback(missing)).layer(map_response(ask_again))
        }
        AssetSource::Loaded(mut assets) => {
            // An element that it could end would end it in the document, too.
            let style = assets.get(&files.style).and_then(|style| style.text()).filter(|style| !style.contains("</"));
            files.style_text = style.map(str::to_owned);
            assets.name_by_content(&mut files.style);
            assets.name_by_content(&mut files.office_style);
            let folder = assets.name_folder_by_content(PROGRAM);
            let lasting = |address: &str| {
                Some(address.replacen(PROGRAM, &folder, 1)).filter(|address| assets.get(address).is_some())
            };
            files.splitter = lasting(SPLITTER);
            for address in [&mut files.script, &mut files.program] {
                *address = lasting(address).unwrap_or_else(|| mem::take(address));
            }
            Router::new().fallback_service(missing).layer(from_fn_with_state(Arc::new(assets), serve))
        }
    };
    (files, router.layer(from_fn_with_state(house, charge)))
}

async fn serve(State(assets): State<Arc<LoadedAssets>>, request: Request, next: Next) -> Response {
    let is_asked_for = matches!(*request.method(), Method::GET | Method::HEAD);
    match assets.get(request.uri().path()).filter(|_| is_asked_for) {
        Some(asset) => asset.answer(request.headers()),
        None => next.run(request).await,
    }
}

/// While somebody works on a file, it changes under its address.
async fn ask_again(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(ASK_AGAIN);
    response
}

/// Charges an address for a file: before it is opened if too much was sent already, and then for its bytes.
async fn charge(
    State(house): State<PagesApi>,
    Extension(peer): Extension<ClientAddr>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(refused) = house.may_load(peer) {
        return plain_text_error(refused, request.headers());
    }
    let is_sent = request.method() == Method::GET;
    let response = next.run(request).await;
    let length = response.headers().get(header::CONTENT_LENGTH).filter(|_| is_sent);
    let bytes = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(FEWEST_BYTES);
    house.note_file(peer, bytes.max(FEWEST_BYTES));
    response
}
