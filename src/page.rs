//! Where the halves meet: the server renders the page's components for whoever asks.

mod files;
mod office;
mod policy;

use std::{path::Path, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use leptos::{
    nonce::Nonce,
    prelude::{IntoView as _, LeptosOptions, Owner, RenderHtml as _, provide_context},
};
use serde::Deserialize;

use crate::{
    domain::Me,
    protocol::ErrorCode,
    server::{self, House, Scheme},
    ui::{self, Files, JoinAttempt, Language, Theme, Viewer},
};

/// How many faces are shown at the door.
const FACES: usize = 5;

#[derive(Clone)]
struct Pages {
    house: House,
    files: Arc<Files>,
    options: LeptosOptions,
}

/// What a page's address may carry.
#[derive(Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    nickname: Option<String>,
    error: Option<String>,
    suggestion: Option<String>,
    invite: Option<String>,
}

/// The pages, and the files that they load, from the folder `site` that `cargo leptos build` makes.
pub fn router(house: House, site: impl AsRef<Path>) -> Router {
    let options = LeptosOptions::builder().output_name("teahouse").build();
    let missing = Pages { house: house.clone(), files: Arc::default(), options: options.clone() };
    let (files, served) = files::router(site.as_ref(), get(not_found).with_state(missing));
    let pages = Pages { house, files: Arc::new(files), options };
    Router::new()
        .route("/", get(page))
        .route("/talk/{conversation}", get(page))
        .merge(office::router())
        .with_state(pages)
        .fallback_service(served)
}

async fn page(
    State(pages): State<Pages>,
    Extension(scheme): Extension<Scheme>,
    asked: Result<Query<Asked>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // An address with nonsense behind it is still the page.
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let chosen = asked.lang.as_deref().and_then(Language::from_tag);
    let mut response = pages.render(asked, uri.path(), &headers, scheme).await.into_response();
    remember(chosen, scheme, &mut response);
    response
}

/// Keeps a language that was chosen by a link.
fn remember(chosen: Option<Language>, scheme: Scheme, response: &mut Response) {
    let Some(language) = chosen else { return };
    let secure = scheme.cookie_attribute();
    let cookie = format!("teahouse_language={}; Path=/; Max-Age=31536000; SameSite=Lax{secure}", language.tag());
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

async fn not_found(
    State(pages): State<Pages>,
    Extension(scheme): Extension<Scheme>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    (StatusCode::NOT_FOUND, pages.render(Asked::default(), uri.path(), &headers, scheme).await).into_response()
}

impl Pages {
    async fn render(self, asked: Asked, path: &str, headers: &HeaderMap, scheme: Scheme) -> impl IntoResponse + use<> {
        let viewer = self.viewer(asked, path, headers, scheme).await;
        let nonce = Nonce::new();
        let policy = policy::policy(&nonce, policy::is_watched().then_some(self.options.reload_port));
        let html = Owner::new_root(None).with(|| {
            // Leptos puts it on the scripts that it writes.
            provide_context(nonce);
            ui::shell(self.options, &self.files, viewer).into_view().to_html()
        });
        // The page says who is signed in.
        ([(header::CACHE_CONTROL, "no-store".to_owned()), (header::CONTENT_SECURITY_POLICY, policy)], Html(html))
    }

    async fn me(&self, headers: &HeaderMap, scheme: Scheme) -> Option<Me> {
        self.house.me(&server::session_token(headers, scheme)?).await
    }

    async fn viewer(&self, asked: Asked, path: &str, headers: &HeaderMap, scheme: Scheme) -> Viewer {
        let me = self.me(headers, scheme).await;
        let (online, online_count) = self.house.online();
        let chosen = asked.lang.as_deref().and_then(Language::from_tag);
        let error = asked.error.and_then(|code| serde_json::from_value::<ErrorCode>(code.into()).ok());
        Viewer {
            path: path.to_owned(),
            me,
            language: language(chosen, headers),
            theme: theme(headers),
            lobby: Some(self.house.lobby()),
            faces: online.into_iter().take(FACES).collect(),
            online_count,
            attempt: JoinAttempt {
                nickname: asked.nickname,
                error,
                suggestion: asked.suggestion,
                invite: asked.invite,
            },
        }
    }
}

/// The one that was just chosen, or that of the cookie, or the browser's favourite.
fn language(chosen: Option<Language>, headers: &HeaderMap) -> Language {
    let remembered = || Language::from_tag(cookie(headers, "teahouse_language")?);
    let preferred = || Language::from_accept_language(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    chosen.or_else(remembered).or_else(preferred).unwrap_or_default()
}

fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, "teahouse_theme").and_then(Theme::from_name).unwrap_or_default()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}
