//! Where the halves meet: the server renders the page's components for whoever asks.

mod entrance;
mod fields;
mod files;
mod office;
mod policy;
mod talk;

use std::{path::Path, sync::Arc};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use leptos::{
    nonce::Nonce,
    prelude::{IntoView as _, LeptosOptions, Owner, RenderHtml as _, provide_context},
};
use serde::Deserialize;
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    domain::{Entry, Me},
    protocol::ErrorCode,
    server::{self, House, Peer, Refused, Scheme},
    ui::{self, Files, JoinAttempt, Language, Opening, Theme, Unsent, Viewer},
};

/// How many faces are shown at the door.
const FACES: usize = 5;

/// How many messages are in a document: more than a screen shows. The page fetches more when its reader nears the first.
const MESSAGES: u32 = 40;

/// How many bytes their texts have at most: a document is made as a whole, for whoever asks.
const MOST_TEXT_BYTES: usize = 64 * 1024;

/// The longest form: a text of 64 KiB, encoded, and something to spare. Longer ones are refused without being read.
const MAX_FORM_BYTES: usize = 256 * 1024;

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
    invite: Option<String>,
    claim: Option<String>,
}

/// The pages, and the files that they load, from the folder `site` that `cargo leptos build` makes.
pub fn router(house: House, site: impl AsRef<Path>) -> Router {
    let options = LeptosOptions::builder().output_name("teahouse").build();
    let missing = Pages { house: house.clone(), files: Arc::default(), options: options.clone() };
    let (files, served) = files::router(site.as_ref(), get(not_found).with_state(missing));
    let pages = Pages { house, files: Arc::new(files), options };
    // Documents are made anew each time, so what packs them must be quick: a millisecond.
    let packed = CompressionLayer::new().quality(CompressionLevel::Precise(5));
    Router::new()
        .route("/", get(page))
        .route("/talk/{conversation}", get(page).post(talk::post))
        .layer(packed)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .merge(office::router())
        .with_state(pages)
        .fallback_service(served)
}

async fn page(
    State(pages): State<Pages>,
    Extension(scheme): Extension<Scheme>,
    Extension(peer): Extension<Peer>,
    asked: Result<Query<Asked>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // An address with nonsense behind it is still the page.
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let chosen = asked.lang.as_deref().and_then(Language::from_tag);
    let mut response = pages.render(Caller::new(peer, scheme, headers), asked, uri.path()).await;
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
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let response = pages.render(Caller::new(peer, scheme, headers), Asked::default(), uri.path()).await;
    match response.status() {
        StatusCode::OK => (StatusCode::NOT_FOUND, response).into_response(),
        _ => response,
    }
}

/// Who asks for a page.
struct Caller {
    /// Of the session, if they are in.
    token: Option<String>,
    peer: Peer,
    scheme: Scheme,
    headers: HeaderMap,
}

impl Caller {
    fn new(peer: Peer, scheme: Scheme, headers: HeaderMap) -> Self {
        Self { token: server::session_token(&headers, scheme), peer, scheme, headers }
    }
}

/// What became of a message that was sent by the page's form.
#[derive(Default)]
struct Said {
    /// What was typed, if it was refused.
    text: Option<String>,
    /// Why.
    problem: Option<ErrorCode>,
}

impl Pages {
    /// The page at an address. Costs what a request to the HTTP API does, and makes a browser keep its session.
    async fn render(self, caller: Caller, asked: Asked, path: &str) -> Response {
        if let Err(refused) = self.house.charge(caller.peer) {
            return in_words(refused, &caller.headers);
        }
        let cookie = self.house.keep_cookie(&caller.headers, caller.scheme);
        let viewer = self.viewer(caller, asked, path, Said::default()).await;
        let cookie = cookie.filter(|_| viewer.me.is_some());
        let mut response = self.document(viewer);
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// A message that was refused, for whoever sent it: in the composer that it came from; or by itself, where that is not
    /// theirs any more or can't be shown.
    async fn give_back(self, caller: Caller, message: Unsent) -> Response {
        let (language, theme) = (language(None, &caller.headers), theme(&caller.headers));
        if message.problem != ErrorCode::Unauthenticated && self.house.charge(caller.peer).is_ok() {
            let said = Said { text: Some(message.text.clone()), problem: Some(message.problem) };
            let viewer = self.viewer(caller, Asked::default(), &message.path, said).await;
            if viewer.opening.is_some() {
                return self.document(viewer);
            }
        }
        let html =
            Owner::new_root(None).with(|| ui::unsent(message, &self.files, language, theme).into_view().to_html());
        answer(policy::policy(&Nonce::new(), None, None), html)
    }

    fn document(self, viewer: Viewer) -> Response {
        let nonce = Nonce::new();
        let reload_port = policy::is_watched().then_some(self.options.reload_port);
        let policy = policy::policy(&nonce, self.files.style_text.as_deref(), reload_port);
        let html = Owner::new_root(None).with(|| {
            // Leptos puts it on the scripts that it writes.
            provide_context(nonce);
            ui::shell(self.options, &self.files, viewer).into_view().to_html()
        });
        answer(policy, html)
    }

    async fn me(&self, headers: &HeaderMap, scheme: Scheme) -> Option<Me> {
        self.house.me(&server::session_token(headers, scheme)?).await
    }

    async fn viewer(&self, caller: Caller, asked: Asked, path: &str, said: Said) -> Viewer {
        let Caller { token, headers, .. } = caller;
        let (me, opening) = match &token {
            Some(token) => self.opening(token, path, said).await,
            None => (None, None),
        };
        let chosen = asked.lang.as_deref().and_then(Language::from_tag);
        let viewer = Viewer {
            path: path.to_owned(),
            language: language(chosen, &headers),
            theme: theme(&headers),
            lobby: Some(self.house.lobby()),
            ..Viewer::default()
        };
        if me.is_some() {
            // Nothing of what a stranger's link says: it would be packed together with what only this user may read.
            return Viewer { me, opening, ..viewer };
        }
        let ended = match &token {
            Some(token) => self.house.session_end(token).await,
            None => None,
        };
        let (mut online, online_count) = self.house.online();
        if self.house.entry() != Entry::Open {
            // Who they are is for those who may come in.
            online.clear();
        }
        Viewer {
            faces: online.into_iter().take(FACES).collect(),
            online_count,
            ended,
            attempt: JoinAttempt { invite: asked.invite, claim: asked.claim, ..JoinAttempt::default() },
            ..viewer
        }
    }

    /// Whose session it is, and the conversation that is open at this address.
    async fn opening(&self, token: &str, path: &str, said: Said) -> (Option<Me>, Option<Opening>) {
        let Some(welcome) = self.house.welcome(token, ui::named_by(path)).await else {
            // A busy disk, perhaps: the page asks by itself.
            return (self.house.me(token).await, None);
        };
        let me = welcome.me.clone();
        let Some(conversation) = ui::open_at(path, &welcome.conversations) else { return (Some(me), None) };
        let page = self.house.newest(&me, conversation, MESSAGES, MOST_TEXT_BYTES).await;
        let Said { text: draft, problem } = said;
        let opening = page.map(|page| Opening { welcome, conversation, page, draft, problem });
        (Some(me), opening)
    }
}

/// A document that says who is signed in, so that nobody keeps it.
fn answer(policy: String, html: String) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::CONTENT_SECURITY_POLICY, policy)];
    (headers, Html(html)).into_response()
}

/// A refusal in words alone, where a page would cost what is to be saved.
fn in_words(refused: Refused, headers: &HeaderMap) -> Response {
    let words = language(None, headers).texts().error;
    (refused.status, [(header::CACHE_CONTROL, "no-store")], words(refused.code)).into_response()
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
