//! A request for an admin page: who asks, and rendering the response.

use std::sync::Arc;

use axum::{
    Extension,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, Uri, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use leptos::nonce::Nonce;

use crate::{
    domain::{ClientAddr, CurrentUser},
    pages::{
        admin::views::{
            admin_page::{AdminPage, AdminViewer},
            document::document,
        },
        content_encoding::ContentEncoding,
        content_security_policy::policy,
        page::Pages,
        preferences::{language, remember_language, theme},
        render::RenderLimiter,
        response::{document_response, plain_text_error},
    },
    protocol::ErrorCode,
    server::{PageError, PagesApi, Site},
    ui::{AssetNames, Language},
};

/// A signed-in user's request for an admin page. Their role has not been checked yet: the API does that.
pub(super) struct AdminRequest {
    pub(super) me: CurrentUser,
    pub(super) client_addr: ClientAddr,
    pub(super) api: PagesApi,
    pub(super) headers: HeaderMap,
    pub(super) site: Site,
    files: Arc<AssetNames>,
    renders: RenderLimiter,
    /// The language, if a link of the page has just chosen one.
    chosen_language: Option<Language>,
    /// How many open reports `me` may handle.
    open_reports: u64,
}

impl FromRequestParts<Pages> for AdminRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Response> {
        // Without a session that can be verified, the sign-in page comes first.
        let to_sign_in = || Redirect::to("/").into_response();
        let Extension(site) = Extension::<Site>::from_request_parts(parts, pages).await.map_err(|_| to_sign_in())?;
        let Extension(client_addr) =
            Extension::<ClientAddr>::from_request_parts(parts, pages).await.map_err(|_| to_sign_in())?;
        let me = pages.me(&parts.headers, site).await.ok_or_else(to_sign_in)?;
        let chosen_language = query_value(&parts.uri, "lang").as_deref().and_then(Language::from_tag);
        let Pages { api, files, renders, .. } = pages.clone();
        let open_reports = api.count_reports(&me).await;
        let headers = parts.headers.clone();
        Ok(Self { me, client_addr, api, headers, site, files, renders, chosen_language, open_reports })
    }
}

impl AdminRequest {
    /// Renders a page. No cache keeps it.
    pub(super) async fn render(self, status: StatusCode, page: AdminPage) -> Response {
        let Self { me, api, headers, site, files, renders, chosen_language, open_reports, .. } = self;
        let permit = match renders.acquire().await {
            Ok(permit) => permit,
            Err(busy) => return plain_text_error(busy, &headers),
        };
        let viewer =
            AdminViewer { me, language: language(chosen_language, &headers), theme: theme(&headers), open_reports };
        let view = move || document(viewer, &files, page);
        let document = permit.render(ContentEncoding::accepted(&headers), view).await;
        // The nonce belongs to no script: these pages have none.
        let policy = policy(&Nonce::new(), None, None);
        let mut response = (status, document_response(policy, api.report_to(), document)).into_response();
        remember_language(chosen_language, site.scheme, &mut response);
        response
    }

    /// Renders a page that says why there is nothing to see.
    pub(super) async fn render_error(self, error: PageError) -> Response {
        self.render(error.status, AdminPage::Error(error.code)).await
    }
}

/// The error for an id in an address that cannot be one.
pub(super) fn not_found() -> PageError {
    PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::NotFound }
}

/// A value of an address's query.
pub(super) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}
