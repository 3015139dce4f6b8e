//! Calls of the HTTP API.

use gloo_net::{
    Error,
    http::{Request, Response},
};

use crate::{
    client::timeline_id::TimelineId,
    domain::{
        Conversation, ConversationId, ConversationList, CurrentUser, KeptMessages, Message, MessagesPage, Seq,
        SessionId, SessionInfo, ThreadPage, UserId,
    },
    protocol::{
        DeleteAccountRequest, ErrorCode, FromJson, PasswordRequest, Problem, ReportRequest, SessionCreated,
        SessionList, SessionRequest,
    },
    state::PageRange,
};

/// How many messages are fetched at once: two screens of them. Rendering more makes a change of the conversation slow.
const PAGE_SIZE: usize = 40;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The server refused it.
    Refused {
        /// The reason.
        code: ErrorCode,
        /// A free nickname.
        suggestion: Option<String>,
        /// How long to wait before the next attempt, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The server could not be reached, or did not answer as the API does.
    Unreachable,
}

impl RequestError {
    /// The server's reason, if it answered.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unreachable => None,
        }
    }
}

/// Signs in, as a new guest or with a password. The response sets the session cookie.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn sign_in(request: SessionRequest) -> Result<CurrentUser, RequestError> {
    let response = send(Request::post("/api/session").json(&request)).await?;
    parse(response).await.map(|SessionCreated { me, .. }| me).ok_or(RequestError::Unreachable)
}

/// Sets or changes the password. A registered user has to give the `current` one.
pub(crate) async fn set_password(password: String, current: Option<String>) -> Result<(), RequestError> {
    send(Request::put("/api/me/password").json(&PasswordRequest { password, current, claim: None })).await.map(drop)
}

/// Deletes the account.
pub(crate) async fn delete_account(password: Option<String>, messages: KeptMessages) -> Result<(), RequestError> {
    send(Request::delete("/api/me").json(&DeleteAccountRequest { password, messages })).await.map(drop)
}

/// The sessions of the current user.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn sessions() -> Result<Vec<SessionInfo>, RequestError> {
    let response = send(Request::get("/api/sessions").build()).await?;
    parse(response).await.map(|SessionList { sessions }| sessions).ok_or(RequestError::Unreachable)
}

/// Ends a session of the current user.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn end_session(session: SessionId) -> Result<(), RequestError> {
    send(Request::delete(&format!("/api/sessions/{session}")).build()).await.map(drop)
}

/// Ends the current session.
pub(crate) async fn sign_out() -> Result<(), RequestError> {
    send(Request::delete("/api/session").build()).await.map(drop)
}

/// Reports a message to the moderators.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn report(conversation: ConversationId, seq: Seq, reason: String) -> Result<(), RequestError> {
    send(Request::post("/api/reports").json(&ReportRequest { conversation, seq, reason })).await.map(drop)
}

/// Messages of a conversation, which is never muted here, or of a thread.
pub(crate) async fn messages(id: TimelineId, range: PageRange) -> Option<ThreadPage> {
    let bound = match range {
        PageRange::Newest => String::new(),
        PageRange::From(seq) => format!("&after={}", seq.0.saturating_sub(1)),
        PageRange::Older(seq) => format!("&before={seq}"),
        PageRange::Newer(seq) => format!("&after={seq}"),
    };
    let TimelineId { conversation, thread } = id;
    let path = match thread {
        None => format!("/api/conversations/{conversation}/messages?limit={PAGE_SIZE}{bound}"),
        Some(thread) => format!("/api/conversations/{conversation}/threads/{thread}?limit={PAGE_SIZE}{bound}"),
    };
    parse(send(Request::get(&path).build()).await.ok()?).await
}

/// Single messages of a conversation.
pub(crate) async fn messages_at(conversation: ConversationId, seqs: &[Seq]) -> Option<Vec<Message>> {
    let seqs = seqs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let page: MessagesPage = get(format!("/api/conversations/{conversation}/messages?seqs={seqs}")).await.ok()?;
    Some(page.messages)
}

/// The conversations after the cursor `before` in the list.
pub(crate) async fn conversations(before: &str) -> Option<ConversationList> {
    parse(send(Request::get(&format!("/api/conversations?before={before}")).build()).await.ok()?).await
}

/// One conversation.
pub(crate) async fn conversation(id: ConversationId) -> Option<Conversation> {
    parse(send(Request::get(&format!("/api/conversations/{id}")).build()).await.ok()?).await
}

/// Removes a direct from the list.
pub(crate) async fn hide_direct(direct: ConversationId) -> Result<(), RequestError> {
    send(Request::delete(&format!("/api/conversations/{direct}")).build()).await.map(drop)
}

/// Blocks or unblocks a user.
pub(crate) async fn set_blocked(user: UserId, on: bool) -> Result<(), RequestError> {
    let path = format!("/api/blocks/{user}");
    send(if on { Request::put(&path) } else { Request::delete(&path) }.build()).await.map(drop)
}

/// Sends a request and returns the response if it is a success.
pub(super) async fn send(request: Result<Request, Error>) -> Result<Response, RequestError> {
    let response =
        request.map_err(|_| RequestError::Unreachable)?.send().await.map_err(|_| RequestError::Unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    let Problem { code, suggestion, retry_after_ms, .. } = parse(response).await.ok_or(RequestError::Unreachable)?;
    let suggestion = suggestion.map(|nickname| nickname.as_str().to_owned());
    Err(RequestError::Refused { code, suggestion, retry_after_ms })
}

/// The value in the body of a response.
pub(super) async fn parse<T: FromJson>(response: Response) -> Option<T> {
    T::from_json(&response.text().await.ok()?)
}

/// The value that a `GET` of this path answers.
pub(super) async fn get<T: FromJson>(path: String) -> Result<T, RequestError> {
    parse(send(Request::get(&path).build()).await?).await.ok_or(RequestError::Unreachable)
}

/// A text for a query string, percent-encoded.
pub(super) fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}
