//! The page of the chat, rendered for whoever asks: the sign-in page, or the chat screen with one conversation open.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use leptos::{
    nonce::Nonce,
    prelude::{LeptosOptions, provide_context},
};
use serde::Deserialize;

use crate::{
    domain::{AdmissionPolicy, CurrentUser},
    pages::{
        asset_files::is_watched,
        content_encoding::ContentEncoding,
        content_security_policy::policy,
        preferences::{language, message_preferences, remember_language, theme},
        render::{RenderLimiter, RenderPermit},
        response::{document_response, plain_text_error},
        send_failed::{UnsentMessage, send_failed},
    },
    protocol::ErrorCode,
    server::{self, PageError, PagesApi, Site},
    ui::{
        self, AssetNames, InitialState, Language, OpenConversation, OutsideRoom, SignInAttempt,
        context::router::{conversation_in_path, open_conversation_at},
    },
};

/// How many avatars of online users the sign-in page shows.
const MAX_AVATARS: usize = 5;

/// How many messages a document contains: more than fit on a screen. The page fetches older ones when the reader scrolls
/// near the first.
const MAX_MESSAGES: u32 = 40;

/// How many bytes those messages have at most. A document is rendered as a whole, so its size must have a bound.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// What every handler of a page needs.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) api: PagesApi,
    pub(super) files: Arc<AssetNames>,
    pub(super) options: LeptosOptions,
    pub(super) renders: RenderLimiter,
}

/// The query of a page's address.
#[derive(Default, Deserialize)]
pub(super) struct PageQuery {
    lang: Option<String>,
    invite: Option<String>,
    claim: Option<String>,
}

/// Who asks for a page.
pub(super) struct PageCaller {
    /// The session token, if the request has one; whether it is valid is not known yet.
    pub(super) token: Option<String>,
    pub(super) site: Site,
    pub(super) headers: HeaderMap,
}

impl PageCaller {
    pub(super) fn new(site: Site, headers: HeaderMap) -> Self {
        Self { token: server::session_token(&headers, site), site, headers }
    }
}

/// The result of sending a message by the page's form; empty if nothing was sent.
#[derive(Default)]
pub(super) struct SendOutcome {
    /// The text of a refused message, to be put into the composer again.
    text: Option<String>,
    /// Why it was refused.
    problem: Option<ErrorCode>,
}

/// `GET /`, `GET /rooms`, `GET /mentions`, and `GET /talk/{conversation}`, perhaps with a message or a thread.
pub(super) async fn show(
    State(pages): State<Pages>,
    Extension(site): Extension<Site>,
    query: Result<Query<PageQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // A query that makes no sense is ignored.
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let chosen = query.lang.as_deref().and_then(Language::from_tag);
    let mut response = pages.render(PageCaller::new(site, headers), query, uri.path()).await;
    remember_language(chosen, site.scheme, &mut response);
    response
}

/// Answers requests for any address that is neither a page nor a file.
pub(super) async fn not_found(
    State(pages): State<Pages>,
    Extension(site): Extension<Site>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if names_a_file(uri.path()) {
        // A program asks for this, not a reader: it gets a line of text, not a page.
        return plain_text_error(PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::NotFound }, &headers);
    }
    let response = pages.render(PageCaller::new(site, headers), PageQuery::default(), uri.path()).await;
    match response.status() {
        StatusCode::OK => (StatusCode::NOT_FOUND, response).into_response(),
        _ => response,
    }
}

/// Whether the last segment of a path has an extension, as the files that a page loads have.
fn names_a_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

impl Pages {
    /// Renders the page at `path`, and renews the session cookie.
    async fn render(self, caller: PageCaller, query: PageQuery, path: &str) -> Response {
        let permit = match self.renders.acquire().await {
            Ok(permit) => permit,
            Err(busy) => return plain_text_error(busy, &caller.headers),
        };
        let cookies = self.api.renewed_cookies(&caller.headers, caller.site);
        let encoding = ContentEncoding::accepted(&caller.headers);
        let state = self.initial_state(caller, query, path, SendOutcome::default()).await;
        let is_signed_in = state.me.is_some();
        let mut response = self.document(permit, encoding, state).await;
        for cookie in cookies.into_iter().filter(|_| is_signed_in) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Returns a refused message to its sender: in the composer of the conversation, or on a page of its own. The latter
    /// if the conversation can't be shown to the sender (any more), and if the sender is over a rate limit: then the whole
    /// page would cost more than what was refused.
    pub(super) async fn return_message(self, caller: PageCaller, message: UnsentMessage) -> Response {
        let permit = match self.renders.acquire().await {
            Ok(permit) => permit,
            Err(busy) => return plain_text_error(busy, &caller.headers),
        };
        let (language, theme) = (language(None, &caller.headers), theme(&caller.headers));
        let encoding = ContentEncoding::accepted(&caller.headers);
        if !matches!(message.problem, ErrorCode::Unauthenticated | ErrorCode::RateLimited) {
            let outcome = SendOutcome { text: Some(message.text.clone()), problem: Some(message.problem) };
            let state = self.initial_state(caller, PageQuery::default(), &message.path, outcome).await;
            if state.open_conversation.is_some() {
                return self.document(permit, encoding, state).await;
            }
        }
        let view = move || send_failed(message, &self.files, language, theme);
        let document = permit.render(encoding, view).await;
        document_response(policy(&Nonce::new(), None, None), self.api.report_to(), document)
    }

    /// Renders the document that contains the app in this state.
    pub(super) async fn document(
        self,
        permit: RenderPermit,
        encoding: ContentEncoding,
        state: InitialState,
    ) -> Response {
        let nonce = Nonce::new();
        let reload_port = is_watched().then_some(self.options.reload_port);
        let policy = policy(&nonce, self.files.stylesheet_text.as_deref(), reload_port);
        let view = move || {
            // Leptos puts the nonce on the scripts that it writes.
            provide_context(nonce);
            ui::html_document(self.options, &self.files, state)
        };
        document_response(policy, self.api.report_to(), permit.render(encoding, view).await)
    }

    /// The user whose session the request shows, if there is one.
    pub(super) async fn me(&self, headers: &HeaderMap, site: Site) -> Option<CurrentUser> {
        self.api.me(&server::session_token(headers, site)?).await
    }

    /// What the app starts from: the open conversation for a signed-in user, the sign-in form for anyone else.
    pub(super) async fn initial_state(
        &self,
        caller: PageCaller,
        query: PageQuery,
        path: &str,
        outcome: SendOutcome,
    ) -> InitialState {
        let PageCaller { token, headers, .. } = caller;
        let signed_in = match &token {
            Some(token) => self.signed_in_state(token, path, outcome).await,
            None => InitialState::default(),
        };
        let chosen = query.lang.as_deref().and_then(Language::from_tag);
        let state = InitialState {
            path: path.to_owned(),
            language: language(chosen, &headers),
            theme: theme(&headers),
            message_preferences: message_preferences(&headers),
            lobby: Some(self.api.lobby()),
            ..signed_in
        };
        if state.me.is_some() {
            // Leaves out the query, which may come from an attacker's link: compressed together with the user's private
            // data, it would let the response's length betray that data (the BREACH attack).
            return state;
        }
        let ended = match &token {
            Some(token) => self.api.session_end(token).await,
            None => None,
        };
        let (mut online, online_count) = self.api.online_users();
        if self.api.admission_policy() != AdmissionPolicy::Open {
            // Only those who may sign up see who is online.
            online.clear();
        }
        InitialState {
            some_online: online.into_iter().take(MAX_AVATARS).collect(),
            online_count,
            registered_only: self.api.admission_policy() == AdmissionPolicy::Registered,
            ended_session: ended,
            sign_in_attempt: SignInAttempt { invite: query.invite, claim: query.claim, ..SignInAttempt::default() },
            ..state
        }
    }

    /// The user of a session, and what is at `path`: a conversation with its newest messages, or a room that the user is not
    /// in. Without such a session, everything is missing.
    async fn signed_in_state(&self, token: &str, path: &str, outcome: SendOutcome) -> InitialState {
        let Some(welcome) = self.api.welcome(token, conversation_in_path(path)).await else {
            // The store may be busy. Then the app in the browser asks for what is missing.
            return InitialState { me: self.api.me(token).await, ..InitialState::default() };
        };
        let me = welcome.me.clone();
        let state = InitialState { me: Some(me.clone()), ..InitialState::default() };
        let Some(conversation) = open_conversation_at(path, &welcome.conversations) else {
            let room = match conversation_in_path(path) {
                Some(room) => self.api.directory_room(&me, room).await,
                None => None,
            };
            return InitialState { welcome: Some(welcome), outside_room: OutsideRoom(room), ..state };
        };
        let Some(page) = self.api.newest_messages(&me, conversation, MAX_MESSAGES, MAX_MESSAGE_BYTES).await else {
            return state;
        };
        let SendOutcome { text: draft, problem } = outcome;
        let opening = OpenConversation { conversation, page, draft, problem };
        InitialState { welcome: Some(welcome), open_conversation: Some(opening), ..state }
    }
}
