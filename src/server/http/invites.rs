//! `/api/invites`: links that let new users sign up.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode},
    routing::{delete, get},
};
use qrcode::{QrCode, render::svg};

use crate::{
    domain::InviteId,
    protocol::{InviteCreated, InviteList, InviteRequest},
    server::{
        error::ChatError,
        http::extract::{Caller, read_json},
        net::{site::Site, urls},
        problem::ApiError,
        state::AppState,
    },
};

/// The size of a QR code's module in SVG units: a whole number keeps the edges sharp.
const MODULE_SIZE: u32 = 4;

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/invites", get(list).post(create)).route("/invites/{id}", delete(revoke))
}

async fn list(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<InviteList>, ApiError> {
    Ok(Json(InviteList { invites: app.chat.invites(&caller.session.me).await? }))
}

async fn create(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<InviteCreated>), ApiError> {
    let bytes = body.as_ref().map_or(0, Bytes::len);
    let request: InviteRequest = read_json(body)?;
    let (invite, token) = app.chat.create_invite(caller.begin_command(&app, bytes)?, &request).await?;
    let base_url = urls::base_url_of_request(app.public_url.as_ref(), &headers, site.scheme);
    let (path, qr) = (urls::invite_url("", &token), qr_code(&urls::invite_url(&base_url, &token))?);
    Ok((StatusCode::CREATED, Json(InviteCreated { invite, token, path, qr })))
}

async fn revoke(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<InviteId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownInvite)?;
    app.chat.revoke_invite(caller.begin_command(&app, 0)?, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A URL as a QR code: an SVG in black and white, whatever the theme of the page.
fn qr_code(url: &str) -> Result<String, ApiError> {
    let code = QrCode::new(url).map_err(|error| {
        tracing::error!(%error, "a URL does not fit a QR code");
        ApiError::from(ChatError::Internal)
    })?;
    Ok(code.render::<svg::Color<'_>>().module_dimensions(MODULE_SIZE, MODULE_SIZE).build())
}
