//! `/api/invites`: links that let people in.

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

/// What a module of the picture measures, in its own units: a whole number, so that edges stay sharp.
const MODULE: u32 = 4;

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
    let request: InviteRequest = read_json(body)?;
    let (invite, token) = app.chat.invite(Some(caller.session.me.user()), &request).await?;
    let base = urls::base_url_of_request(app.public_url.as_ref(), &headers, site.scheme);
    let (path, qr) = (urls::invite_url("", &token), picture(&urls::invite_url(&base, &token))?);
    Ok((StatusCode::CREATED, Json(InviteCreated { invite, token, path, qr })))
}

async fn revoke(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<InviteId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // What is no id names no invite.
    let Path(id) = id.map_err(|_| ChatError::UnknownInvite)?;
    app.chat.revoke_invite(Some(&caller.session.me.user()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link as a QR code, in black and white whatever is around it.
fn picture(link: &str) -> Result<String, ApiError> {
    let code = QrCode::new(link).map_err(|error| {
        tracing::error!(%error, "a link does not fit a QR code");
        ApiError::from(ChatError::Internal)
    })?;
    Ok(code.render::<svg::Color<'_>>().module_dimensions(MODULE, MODULE).build())
}
