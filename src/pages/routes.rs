//! The routes of the pages, and what each request to them is charged.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::HttpBody as _,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::get,
};
use leptos::prelude::LeptosOptions;

use crate::{
    domain::ClientAddr,
    pages::{
        admin,
        asset_files::Assets,
        assets, conversation,
        form::MAX_FORM_BYTES,
        icon,
        page::{self, Pages},
        render::RenderLimiter,
        response::plain_text_error,
    },
    server::PagesApi,
};

/// The pages, and the files that they load.
pub fn router(api: PagesApi, assets: Assets) -> Router {
    let options = LeptosOptions::builder().output_name("teahouse").build();
    let renders = RenderLimiter::new();
    // The page for a missing address names files by their plain addresses: `assets::router` needs it before it knows others.
    let missing = Pages { api: api.clone(), files: Arc::default(), options: options.clone(), renders: renders.clone() };
    let missing = get(page::not_found).layer(from_fn_with_state(missing.clone(), charge)).with_state(missing);
    let (files, served) = assets::router(assets, api.clone(), missing);
    let pages = Pages { api, files: Arc::new(files), options, renders };
    Router::new()
        .route("/", get(page::show))
        .route("/rooms", get(page::show).post(conversation::post))
        .route("/mentions", get(page::show).post(conversation::post))
        .route("/icon/{number}", get(icon::numbered))
        .route("/talk/{conversation}", get(page::show).post(conversation::post))
        .route("/talk/{conversation}/{message}", get(page::show).post(conversation::post))
        .route("/talk/{conversation}/thread/{message}", get(page::show).post(conversation::post))
        .merge(admin::router())
        .layer(from_fn_with_state(pages.clone(), charge))
        .with_state(pages)
        .fallback_service(served)
}

/// Charges the client address for the request before anything is read or rendered, and for the response afterwards.
async fn charge(
    State(pages): State<Pages>,
    Extension(address): Extension<ClientAddr>,
    request: Request,
    next: Next,
) -> Response {
    // A body of unknown length is charged as the longest that would be read.
    let length =
        request.body().size_hint().upper().map_or(MAX_FORM_BYTES, |bytes| bytes.try_into().unwrap_or(usize::MAX));
    if let Err(refused) = pages.api.charge(address, length) {
        return plain_text_error(refused, request.headers());
    }
    let response = next.run(request).await;
    pages.api.charge_answer(address, response_length(&response));
    response
}

/// The length of a response in bytes; 0 for one that is streamed.
fn response_length(response: &Response) -> usize {
    response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}
