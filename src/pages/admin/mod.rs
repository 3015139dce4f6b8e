//! The office's pages: where moderators and owners do, by plain forms, what the protocol's commands do.
//!
//! A form is answered by a way back to its page (303), so that loading that anew does nothing again; only what must not
//! stand in an address, an invite's link and a refusal with what was typed, is the answer itself.

mod audit;
pub(crate) mod i18n;
mod invites;
mod people;
mod person;
mod reports;
#[cfg(feature = "ssr")]
pub(super) mod views;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{HeaderMap, StatusCode, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::nonce::Nonce;

use crate::{
    domain::CurrentUser,
    pages::{
        Pages,
        admin::views::{AdminViewer, Screen},
        answer, content_security_policy, language, plain_text_error, remember,
        render::{Packing, Renders},
        theme,
    },
    protocol::ErrorCode,
    server::{PageError, PagesApi, Site},
    ui::{AssetNames, Language},
};

/// More than any of its forms needs.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(crate) fn router() -> Router<Pages> {
    Router::new()
        .route("/admin", get(people::show).post(people::find))
        .route("/admin/users/{id}", get(person::show).post(person::act))
        .route("/admin/reports", get(reports::show))
        .route("/admin/reports/{id}", get(async || Redirect::to("/admin/reports")).post(reports::act))
        .route("/admin/invites", get(invites::show).post(invites::make))
        .route("/admin/invites/{id}", get(async || Redirect::to("/admin/invites")).post(invites::revoke))
        .route("/admin/audit", get(audit::show))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// A user who asks for a page of the office, whatever their role.
struct AdminRequest {
    me: CurrentUser,
    house: PagesApi,
    files: Arc<AssetNames>,
    renders: Renders,
    headers: HeaderMap,
    site: Site,
    /// The language, if it was just chosen by a link.
    chosen: Option<Language>,
    /// How many reports wait for the visitor.
    reports: u64,
}

impl FromRequestParts<Pages> for AdminRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Response> {
        // Who is not signed in, and who can't be told to be at the moment, goes to the door.
        let to_the_door = || Redirect::to("/").into_response();
        let Extension(site) = Extension::<Site>::from_request_parts(parts, pages).await.map_err(|_| to_the_door())?;
        let me = pages.me(&parts.headers, site).await.ok_or_else(to_the_door)?;
        let chosen = typed(&parts.uri, "lang").as_deref().and_then(Language::from_tag);
        let Pages { house, files, renders, .. } = pages.clone();
        let reports = house.count_reports(&me).await;
        Ok(Self { me, house, files, renders, headers: parts.headers.clone(), site, chosen, reports })
    }
}

impl AdminRequest {
    /// Renders a page; for the visitor alone, and as it is now.
    async fn render(self, status: StatusCode, screen: Screen) -> Response {
        let Self { me, house, files, renders, headers, site, chosen, reports } = self;
        let turn = match renders.turn().await {
            Ok(turn) => turn,
            Err(busy) => return plain_text_error(busy, &headers),
        };
        let reader = AdminViewer { me, language: language(chosen, &headers), theme: theme(&headers), reports };
        let view = move || views::office(reader, &files, screen);
        let document = turn.render(Packing::accepted(&headers), view).await;
        // The same as of every page; no script here has this nonce.
        let policy = content_security_policy::policy(&Nonce::new(), None, None);
        let mut response = (status, answer(policy, house.report_to(), document)).into_response();
        remember(chosen, site.scheme, &mut response);
        response
    }

    /// What stands where the visitor may not be, or where nothing is.
    async fn close(self, refused: PageError) -> Response {
        self.render(refused.status, Screen::Closed(refused.code)).await
    }
}

/// There is no such thing.
fn missing() -> PageError {
    PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::NotFound }
}

/// A value in an address.
fn typed(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
