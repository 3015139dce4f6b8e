//! `GET /api/me`: who one is.

use std::sync::Arc;

use axum::{Json, Router, routing::get};

use crate::domain::Me;

use super::{super::App, Caller};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/me", get(me))
}

async fn me(Caller(me): Caller) -> Json<Me> {
    Json(me)
}
