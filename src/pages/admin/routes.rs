//! The routes of the admin pages.

use axum::{Router, extract::DefaultBodyLimit, response::Redirect, routing::get};

use crate::pages::{
    admin::{audit, invites, reports, user, users},
    page::Pages,
};

/// The longest form in bytes, well above what any of these pages sends.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(in crate::pages) fn router() -> Router<Pages> {
    Router::new()
        .route("/admin", get(users::show).post(users::search))
        .route("/admin/users/{id}", get(user::show).post(user::moderate))
        .route("/admin/reports", get(reports::show))
        .route("/admin/reports/{id}", get(async || Redirect::to("/admin/reports")).post(reports::handle))
        .route("/admin/invites", get(invites::show).post(invites::create))
        .route("/admin/invites/{id}", get(async || Redirect::to("/admin/invites")).post(invites::revoke))
        .route("/admin/audit", get(audit::show))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}
