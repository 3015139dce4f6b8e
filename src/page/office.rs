//! The office's pages: where moderators and owners do, by plain forms, what the protocol's commands do.
//!
//! A form is answered by a way back to its page (303), so that loading that anew does nothing again; only what must not
//! stand in an address, an invite's link and a refusal with what was typed, is the answer itself.

mod audit;
mod invites;
mod people;
mod person;
mod reports;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::{
    nonce::Nonce,
    prelude::{IntoView as _, Owner, RenderHtml as _},
};

use super::{Pages, in_words, language, policy, remember, theme};
use crate::{
    domain::Me,
    protocol::ErrorCode,
    server::{House, Peer, Refused, Scheme},
    ui::{
        Files, Language,
        office::{self, Reader, Screen},
    },
};

/// More than any of its forms needs.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(super) fn router() -> Router<Pages> {
    Router::new()
        .route("/house", get(people::show).post(people::find))
        .route("/house/users/{id}", get(person::show).post(person::act))
        .route("/house/reports", get(reports::show))
        .route("/house/reports/{id}", get(async || Redirect::to("/house/reports")).post(reports::act))
        .route("/house/invites", get(invites::show).post(invites::make))
        .route("/house/invites/{id}", get(async || Redirect::to("/house/invites")).post(invites::revoke))
        .route("/house/audit", get(audit::show))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// A user who asks for a page of the office, whatever their role.
struct Visitor {
    me: Me,
    house: House,
    files: Arc<Files>,
    headers: HeaderMap,
    scheme: Scheme,
    /// The language, if it was just chosen by a link.
    chosen: Option<Language>,
    /// How many reports wait for the visitor.
    reports: u64,
}

impl FromRequestParts<Pages> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Response> {
        // Who is not signed in, and who can't be told to be at the moment, goes to the door.
        let to_the_door = || Redirect::to("/").into_response();
        let Extension(scheme) =
            Extension::<Scheme>::from_request_parts(parts, pages).await.map_err(|_| to_the_door())?;
        let Extension(peer) = Extension::<Peer>::from_request_parts(parts, pages).await.map_err(|_| to_the_door())?;
        pages.house.charge(peer).map_err(|refused| in_words(refused, &parts.headers))?;
        let me = pages.me(&parts.headers, scheme).await.ok_or_else(to_the_door)?;
        let chosen = typed(&parts.uri, "lang").as_deref().and_then(Language::from_tag);
        let (house, files) = (pages.house.clone(), Arc::clone(&pages.files));
        let reports = house.count_reports(&me).await;
        Ok(Self { me, house, files, headers: parts.headers.clone(), scheme, chosen, reports })
    }
}

impl Visitor {
    /// Renders a page; for the visitor alone, and as it is now.
    fn render(self, status: StatusCode, screen: Screen) -> Response {
        let Self { me, files, headers, scheme, chosen, reports, .. } = self;
        let reader = Reader { me, language: language(chosen, &headers), theme: theme(&headers), reports };
        let html = Owner::new_root(None).with(|| office::office(reader, &files, screen).into_view().to_html());
        let headers = [
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_SECURITY_POLICY, own_policy()),
        ];
        let mut response = (status, headers, Html(html)).into_response();
        remember(chosen, scheme, &mut response);
        response
    }

    /// What stands where the visitor may not be, or where nothing is.
    fn close(self, refused: Refused) -> Response {
        self.render(refused.status, Screen::Closed(refused.code))
    }
}

/// The same as of every page; no script here has this nonce.
fn own_policy() -> HeaderValue {
    HeaderValue::try_from(policy::policy(&Nonce::new(), None, None))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// There is no such thing.
fn missing() -> Refused {
    Refused { status: StatusCode::NOT_FOUND, code: ErrorCode::NotFound }
}

/// A value in an address.
fn typed(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
