//! Where the halves meet: the server renders the page's components for whoever asks.

mod admin;
mod asset_files;
mod assets;
mod content_security_policy;
mod conversation;
mod form;
mod render;
#[cfg(feature = "ssr")]
pub(crate) mod send_failed;
mod sign_in;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::HttpBody as _,
    extract::{Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::{
    nonce::Nonce,
    prelude::{LeptosOptions, provide_context},
};
use serde::Deserialize;

pub use crate::pages::asset_files::Assets;
use crate::{
    domain::{AdmissionPolicy, CurrentUser},
    pages::render::{Packing, RenderTurn, Renders},
    protocol::ErrorCode,
    server::{self, ClientAddr, PageError, PagesApi, ReportUrl, Scheme, Site},
    ui::{self, AssetNames, InitialState, JoinAttempt, Language, OpenConversation, Theme, Unsent},
};

/// How many faces are shown at the door.
const FACES: usize = 5;

/// How many messages are in a document: more than a screen shows. The page fetches more when its reader nears the first.
const MESSAGES: u32 = 40;

/// How many bytes their texts have at most: a document is made as a whole, for whoever asks.
const MOST_TEXT_BYTES: usize = 64 * 1024;

/// When to try again what was too much, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// The longest form: a text of 64 KiB, encoded, and something to spare. Longer ones are refused without being read.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// The same from whoever shows no session that lives: to come in, or to be given back what was typed when it had ended.
const MAX_STRANGERS_FORM_BYTES: usize = 64 * 1024;

#[derive(Clone)]
struct Pages {
    house: PagesApi,
    files: Arc<AssetNames>,
    options: LeptosOptions,
    renders: Renders,
}

/// What a page's address may carry.
#[derive(Default, Deserialize)]
struct PageQuery {
    lang: Option<String>,
    invite: Option<String>,
    claim: Option<String>,
}

/// The pages, and the files that they load.
pub fn router(house: PagesApi, assets: Assets) -> Router {
    let options = LeptosOptions::builder().output_name("teahouse").build();
    let renders = Renders::new();
    let missing =
        Pages { house: house.clone(), files: Arc::default(), options: options.clone(), renders: renders.clone() };
    let missing = get(not_found).layer(from_fn_with_state(missing.clone(), charge)).with_state(missing);
    let (files, served) = assets::router(assets, house.clone(), missing);
    let pages = Pages { house, files: Arc::new(files), options, renders };
    Router::new()
        .route("/", get(page))
        .route("/talk/{conversation}", get(page).post(conversation::post))
        .merge(admin::router())
        .layer(from_fn_with_state(pages.clone(), charge))
        .with_state(pages)
        .fallback_service(served)
}

/// Charges an address for a page or a form before anything is read or made for it, and then for what it is sent.
async fn charge(
    State(pages): State<Pages>,
    Extension(peer): Extension<ClientAddr>,
    request: Request,
    next: Next,
) -> Response {
    // A body whose length is not said may be as long as any.
    let length =
        request.body().size_hint().upper().map_or(MAX_FORM_BYTES, |bytes| bytes.try_into().unwrap_or(usize::MAX));
    if let Err(refused) = pages.house.charge(peer, length) {
        return plain_text_error(refused, request.headers());
    }
    let response = next.run(request).await;
    pages.house.note_answer(peer, response_length(&response));
    response
}

/// How many bytes an answer has, if it was made as a whole.
fn response_length(response: &Response) -> usize {
    response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}

async fn page(
    State(pages): State<Pages>,
    Extension(site): Extension<Site>,
    asked: Result<Query<PageQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // An address with nonsense behind it is still the page.
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let chosen = asked.lang.as_deref().and_then(Language::from_tag);
    let mut response = pages.render(PageCaller::new(site, headers), asked, uri.path()).await;
    remember(chosen, site.scheme, &mut response);
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
    Extension(site): Extension<Site>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if names_a_file(uri.path()) {
        // No reader has come here by themselves.
        return plain_text_error(PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::NotFound }, &headers);
    }
    let response = pages.render(PageCaller::new(site, headers), PageQuery::default(), uri.path()).await;
    match response.status() {
        StatusCode::OK => (StatusCode::NOT_FOUND, response).into_response(),
        _ => response,
    }
}

/// Whether this is the address of something that a page loads.
fn names_a_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// Who asks for a page.
struct PageCaller {
    /// Of the session, if they are in.
    token: Option<String>,
    site: Site,
    headers: HeaderMap,
}

impl PageCaller {
    fn new(site: Site, headers: HeaderMap) -> Self {
        Self { token: server::session_token(&headers, site), site, headers }
    }
}

/// What became of a message that was sent by the page's form.
#[derive(Default)]
struct SendOutcome {
    /// What was typed, if it was refused.
    text: Option<String>,
    /// Why.
    problem: Option<ErrorCode>,
}

impl Pages {
    /// The page at an address. Makes a browser keep its session.
    async fn render(self, caller: PageCaller, asked: PageQuery, path: &str) -> Response {
        let turn = match self.renders.turn().await {
            Ok(turn) => turn,
            Err(busy) => return plain_text_error(busy, &caller.headers),
        };
        let cookies = self.house.keep_cookie(&caller.headers, caller.site);
        let packing = Packing::accepted(&caller.headers);
        let viewer = self.viewer(caller, asked, path, SendOutcome::default()).await;
        let is_known = viewer.me.is_some();
        let mut response = self.document(turn, packing, viewer).await;
        for cookie in cookies.into_iter().filter(|_| is_known) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// A message that was refused, for whoever sent it: in the composer that it came from; or by itself, where that is not
    /// theirs any more or can't be shown, or where they send more than they may: then a whole page would cost more than
    /// what was refused.
    async fn give_back(self, caller: PageCaller, message: Unsent) -> Response {
        let turn = match self.renders.turn().await {
            Ok(turn) => turn,
            Err(busy) => return plain_text_error(busy, &caller.headers),
        };
        let (language, theme) = (language(None, &caller.headers), theme(&caller.headers));
        let packing = Packing::accepted(&caller.headers);
        if !matches!(message.problem, ErrorCode::Unauthenticated | ErrorCode::RateLimited) {
            let said = SendOutcome { text: Some(message.text.clone()), problem: Some(message.problem) };
            let viewer = self.viewer(caller, PageQuery::default(), &message.path, said).await;
            if viewer.opening.is_some() {
                return self.document(turn, packing, viewer).await;
            }
        }
        let view = move || ui::unsent(message, &self.files, language, theme);
        answer(
            content_security_policy::policy(&Nonce::new(), None, None),
            self.house.report_to(),
            turn.render(packing, view).await,
        )
    }

    async fn document(self, turn: RenderTurn, packing: Packing, viewer: InitialState) -> Response {
        let nonce = Nonce::new();
        let reload_port = content_security_policy::is_watched().then_some(self.options.reload_port);
        let policy = content_security_policy::policy(&nonce, self.files.style_text.as_deref(), reload_port);
        let view = move || {
            // Leptos puts it on the scripts that it writes.
            provide_context(nonce);
            ui::shell(self.options, &self.files, viewer)
        };
        answer(policy, self.house.report_to(), turn.render(packing, view).await)
    }

    async fn me(&self, headers: &HeaderMap, site: Site) -> Option<CurrentUser> {
        self.house.me(&server::session_token(headers, site)?).await
    }

    async fn viewer(&self, caller: PageCaller, asked: PageQuery, path: &str, said: SendOutcome) -> InitialState {
        let PageCaller { token, headers, .. } = caller;
        let (me, opening) = match &token {
            Some(token) => self.opening(token, path, said).await,
            None => (None, None),
        };
        let chosen = asked.lang.as_deref().and_then(Language::from_tag);
        let viewer = InitialState {
            path: path.to_owned(),
            language: language(chosen, &headers),
            theme: theme(&headers),
            lobby: Some(self.house.lobby()),
            ..InitialState::default()
        };
        if me.is_some() {
            // Nothing of what a stranger's link says: it would be packed together with what only this user may read.
            return InitialState { me, opening, ..viewer };
        }
        let ended = match &token {
            Some(token) => self.house.session_end(token).await,
            None => None,
        };
        let (mut online, online_count) = self.house.online();
        if self.house.entry() != AdmissionPolicy::Open {
            // Who they are is for those who may come in.
            online.clear();
        }
        InitialState {
            faces: online.into_iter().take(FACES).collect(),
            online_count,
            accounts_only: self.house.entry() == AdmissionPolicy::Registered,
            ended,
            attempt: JoinAttempt { invite: asked.invite, claim: asked.claim, ..JoinAttempt::default() },
            ..viewer
        }
    }

    /// Whose session it is, and the conversation that is open at this address.
    async fn opening(
        &self,
        token: &str,
        path: &str,
        said: SendOutcome,
    ) -> (Option<CurrentUser>, Option<OpenConversation>) {
        let Some(welcome) = self.house.welcome(token, ui::named_by(path)).await else {
            // A busy disk, perhaps: the page asks by itself.
            return (self.house.me(token).await, None);
        };
        let me = welcome.me.clone();
        let Some(conversation) = ui::open_at(path, &welcome.conversations) else { return (Some(me), None) };
        let page = self.house.newest(&me, conversation, MESSAGES, MOST_TEXT_BYTES).await;
        let SendOutcome { text: draft, problem } = said;
        let opening = page.map(|page| OpenConversation { welcome, conversation, page, draft, problem });
        (Some(me), opening)
    }
}

/// A document that says who is signed in, so that nobody keeps it.
fn answer(policy: String, report_to: Option<&ReportUrl>, mut document: Response) -> Response {
    document.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    content_security_policy::put_on(&mut document, policy, report_to);
    document
}

/// A refusal in words alone, where a page would cost what is to be saved.
fn plain_text_error(refused: PageError, headers: &HeaderMap) -> Response {
    let words = language(None, headers).texts().error;
    let mut answer = (refused.status, [(header::CACHE_CONTROL, "no-store")], words(refused.code)).into_response();
    if matches!(refused.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    answer
}

/// The one that was just chosen, or that of the cookie, or the browser's favourite.
fn language(chosen: Option<Language>, headers: &HeaderMap) -> Language {
    let remembered = || cookie(headers, "teahouse_language", Language::from_tag);
    let preferred = || Language::from_accept_language(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    chosen.or_else(remembered).or_else(preferred).unwrap_or_default()
}

fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, "teahouse_theme", Theme::from_name).unwrap_or_default()
}

/// What a cookie of that name says, if it is one of those that can be said.
fn cookie<T>(headers: &HeaderMap, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    server::cookies(headers, name).find_map(|value| read(str::from_utf8(value).ok()?))
}
