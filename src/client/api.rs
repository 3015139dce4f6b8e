//! What the page asks by HTTP.

use gloo_net::{
    Error,
    http::{Request, Response},
};

use crate::{
    domain::{
        Conversation, ConversationId, ConversationList, CurrentUser, KeptMessages, MessagesPage, Seq, SessionId,
        SessionInfo, UserId,
    },
    protocol::{
        DeleteAccountRequest, ErrorCode, FromJson, PasswordRequest, Problem, ReportRequest, SessionCreated,
        SessionList, SessionRequest,
    },
    state::PageRange,
};

/// Why something that was asked for was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server said no.
    Refused {
        /// Why.
        code: ErrorCode,
        /// A name that is free.
        suggestion: Option<String>,
        /// How long to wait before trying again, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The server was not to be reached.
    Unreachable,
}

impl Refusal {
    /// The server's reason.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unreachable => None,
        }
    }
}

/// Comes in, as a new guest or with the password that protects the nickname; the session's cookie is set by the
/// answer.
///
/// # Errors
/// [`Refusal`] says what to tell the user.
pub async fn join(request: SessionRequest) -> Result<CurrentUser, Refusal> {
    let response = ask(Request::post("/api/session").json(&request)).await?;
    read(response).await.map(|SessionCreated { me, .. }| me).ok_or(Refusal::Unreachable)
}

/// Sets a password; a registered user shows the `current` one.
pub(crate) async fn set_password(password: String, current: Option<String>) -> Result<(), Refusal> {
    ask(Request::put("/api/me/password").json(&PasswordRequest { password, current, claim: None })).await.map(drop)
}

/// Deletes one's account.
pub(crate) async fn delete_account(password: Option<String>, messages: KeptMessages) -> Result<(), Refusal> {
    ask(Request::delete("/api/me").json(&DeleteAccountRequest { password, messages })).await.map(drop)
}

/// Where one is signed in.
///
/// # Errors
/// [`Refusal`] says what to tell the user.
pub async fn sessions() -> Result<Vec<SessionInfo>, Refusal> {
    let response = ask(Request::get("/api/sessions").build()).await?;
    read(response).await.map(|SessionList { sessions }| sessions).ok_or(Refusal::Unreachable)
}

/// Ends one of one's sessions.
///
/// # Errors
/// [`Refusal`] says what to tell the user.
pub async fn end_session(session: SessionId) -> Result<(), Refusal> {
    ask(Request::delete(&format!("/api/sessions/{session}")).build()).await.map(drop)
}

/// Ends the session that one is in, everywhere.
pub(crate) async fn leave() -> Result<(), Refusal> {
    ask(Request::delete("/api/session").build()).await.map(drop)
}

/// Tells the moderators of a message.
///
/// # Errors
/// [`Refusal`] says what to tell the user.
pub async fn report(conversation: ConversationId, seq: Seq, reason: String) -> Result<(), Refusal> {
    ask(Request::post("/api/reports").json(&ReportRequest { conversation, seq, reason })).await.map(drop)
}

/// A stretch of a conversation's messages.
pub(crate) async fn messages(conversation: ConversationId, stretch: PageRange) -> Option<MessagesPage> {
    let bound = match stretch {
        PageRange::Newest => String::new(),
        PageRange::From(seq) => format!("&after={}", seq.0.saturating_sub(1)),
        PageRange::Older(seq) => format!("&before={seq}"),
        PageRange::Newer(seq) => format!("&after={seq}"),
    };
    let request = Request::get(&format!("/api/conversations/{conversation}/messages?limit=60{bound}")).build();
    read(ask(request).await.ok()?).await
}

/// The directs behind a place in the list.
pub(crate) async fn conversations(before: &str) -> Option<ConversationList> {
    read(ask(Request::get(&format!("/api/conversations?before={before}")).build()).await.ok()?).await
}

/// What a conversation is that stands further down in the list.
pub(crate) async fn conversation(id: ConversationId) -> Option<Conversation> {
    read(ask(Request::get(&format!("/api/conversations/{id}")).build()).await.ok()?).await
}

/// Takes a direct out of the list.
pub(crate) async fn hide(direct: ConversationId) -> Result<(), Refusal> {
    ask(Request::delete(&format!("/api/conversations/{direct}")).build()).await.map(drop)
}

/// Lets one hear nothing of a user, or hear of them again.
pub(crate) async fn block(user: UserId, on: bool) -> Result<(), Refusal> {
    let path = format!("/api/blocks/{user}");
    ask(if on { Request::put(&path) } else { Request::delete(&path) }.build()).await.map(drop)
}

/// The answer, if it is not a refusal.
async fn ask(request: Result<Request, Error>) -> Result<Response, Refusal> {
    let response = request.map_err(|_| Refusal::Unreachable)?.send().await.map_err(|_| Refusal::Unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    let Problem { code, suggestion, retry_after_ms, .. } = read(response).await.ok_or(Refusal::Unreachable)?;
    let suggestion = suggestion.map(|nickname| nickname.as_str().to_owned());
    Err(Refusal::Refused { code, suggestion, retry_after_ms })
}

async fn read<T: FromJson>(response: Response) -> Option<T> {
    T::from_json(&response.text().await.ok()?)
}
