//! Serving the files that a page loads. The address of each contains a hash of its content, so that browsers cache it for
//! ever; another build has other addresses.

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
    domain::ClientAddr,
    pages::{
        asset_files::{AssetSource, Assets, LoadedAssets, REVALIDATE},
        response::plain_text_error,
    },
    server::PagesApi,
    ui::AssetNames,
};

/// The folder of the WebAssembly module, its scripts, and the chunks that are split off from it.
const PROGRAM: &str = "/pkg";

/// Every request for a file is charged at least this many bytes, even if the file is missing or has not changed.
const MIN_CHARGED_BYTES: usize = 4 * 1024;

/// The addresses of the files that documents link to, and a router that serves all files. `missing` answers requests for
/// anything else.
pub(super) fn router(assets: Assets, api: PagesApi, missing: MethodRouter) -> (AssetNames, Router) {
    let mut names = AssetNames::default();
    let router = match assets.0 {
        AssetSource::Watched(folder) => {
            let folder = ServeDir::new(folder).append_index_html_on_directories(false);
            Router::new().fallback_service(folder.fallback(missing)).layer(map_response(revalidate))
        }
        AssetSource::Loaded(mut assets) => {
            // A style sheet with `</` in it could end the `<style>` element that contains it.
            let style =
                assets.get(&names.stylesheet).and_then(|style| style.text()).filter(|style| !style.contains("</"));
            names.stylesheet_text = style.map(str::to_owned);
            assets.add_hashed_path(&mut names.stylesheet);
            assets.add_hashed_path(&mut names.admin_stylesheet);
            let folder = assets.add_hashed_folder(PROGRAM);
            let hashed_name = |address: &str| {
                Some(address.replacen(PROGRAM, &folder, 1)).filter(|address| assets.get(address).is_some())
            };
            for address in [&mut names.script, &mut names.wasm] {
                *address = hashed_name(address).unwrap_or_else(|| mem::take(address));
            }
            Router::new().fallback_service(missing).layer(from_fn_with_state(Arc::new(assets), serve))
        }
    };
    (names, router.layer(from_fn_with_state(api, charge)))
}

async fn serve(State(assets): State<Arc<LoadedAssets>>, request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match assets.get(request.uri().path()).filter(|_| is_read) {
        Some(asset) => asset.respond(request.headers()),
        None => next.run(request).await,
    }
}

/// Watched files change under their addresses, so browsers must check for a new version each time.
async fn revalidate(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(REVALIDATE);
    response
}

/// Refuses a client address that has been sent too many bytes of files, and charges it for those of this response.
async fn charge(
    State(api): State<PagesApi>,
    Extension(address): Extension<ClientAddr>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(refused) = api.check_file_budget(address) {
        return plain_text_error(refused, request.headers());
    }
    let has_body = request.method() == Method::GET;
    let response = next.run(request).await;
    let length = response.headers().get(header::CONTENT_LENGTH).filter(|_| has_body);
    let bytes = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(MIN_CHARGED_BYTES);
    api.charge_file(address, bytes.max(MIN_CHARGED_BYTES));
    response
}
