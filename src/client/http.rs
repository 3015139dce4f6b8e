//! What the page asks by HTTP.

use gloo_net::http::{Request, Response};

use crate::{
    domain::{ConversationId, Me},
    protocol::{ErrorCode, MessagesPage, Problem, Read, SessionCreated, SessionRequest},
    state::Stretch,
};

/// Why one could not come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The server said no.
    Refused {
        /// Why.
        code: ErrorCode,
        /// A name that is free.
        suggestion: Option<String>,
    },
    /// The server was not to be reached.
    Unreachable,
}

/// Comes in by this name; the session's cookie is set by the answer.
///
/// # Errors
/// [`JoinError`] says what to tell the user.
pub async fn join(nickname: String) -> Result<Me, JoinError> {
    let request = Request::post("/api/session")
        .json(&SessionRequest { nickname, password: None, invite: None })
        .map_err(|_| JoinError::Unreachable)?;
    let response = request.send().await.map_err(|_| JoinError::Unreachable)?;
    if response.ok() {
        let created: SessionCreated = read(response).await.ok_or(JoinError::Unreachable)?;
        return Ok(created.me);
    }
    let problem: Problem = read(response).await.ok_or(JoinError::Unreachable)?;
    let suggestion = problem.suggestion.map(|nickname| nickname.as_str().to_owned());
    Err(JoinError::Refused { code: problem.code, suggestion })
}

/// Ends the session, everywhere.
pub(super) async fn leave() -> bool {
    Request::delete("/api/session").send().await.is_ok_and(|response| response.ok())
}

/// A stretch of a conversation's messages.
pub(super) async fn messages(conversation: ConversationId, stretch: Stretch) -> Option<MessagesPage> {
    let bound = match stretch {
        Stretch::Newest => String::new(),
        Stretch::From(seq) => format!("&after={}", seq.0.saturating_sub(1)),
        Stretch::Older(seq) => format!("&before={seq}"),
        Stretch::Newer(seq) => format!("&after={seq}"),
    };
    let request = Request::get(&format!("/api/conversations/{conversation}/messages?limit=60{bound}"));
    let response = request.send().await.ok().filter(Response::ok)?;
    read(response).await
}

async fn read<T: Read>(response: Response) -> Option<T> {
    T::from_json(&response.text().await.ok()?)
}
