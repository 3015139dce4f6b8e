//! `GET /api/audit` for owners: the audit log. `GET /api/sanctions` for moderators: the sanctions in force.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use serde::Deserialize;

use crate::{
    domain::AuditPage,
    protocol::SanctionList,
    server::{http::extract::Caller, problem::ApiError, state::AppState},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Debug, Deserialize)]
struct AuditQuery {
    before: Option<u64>,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/audit", get(audit)).route("/sanctions", get(sanctions))
}

async fn audit(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditPage>, ApiError> {
    let Query(AuditQuery { before, limit }) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    Ok(Json(app.chat.audit_page(&caller.session.me, before, limit).await?))
}

async fn sanctions(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<SanctionList>, ApiError> {
    Ok(Json(SanctionList { sanctions: app.chat.sanctions(&caller.session.me).await? }))
}
