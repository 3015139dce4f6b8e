//! Coming in through the page or the HTTP API: who was let in gets a session, and a cookie to come back with.

use axum::http::HeaderMap;

use crate::{domain::Me, protocol::CloseCode};

use super::{
    chat::{Arrival, Chat, ChatError, Pass},
    edge::Scheme,
    hub::Hub,
    peer::Peer,
    session_token,
    sessions::{session_cookie, user_agent},
};

/// What somebody shows who wants to come in.
pub(crate) struct Knock {
    pub(crate) nickname: String,
    pub(crate) password: Option<String>,
    pub(crate) invite: Option<String>,
    /// What makes somebody new the owner of a server that has none.
    pub(crate) claim: Option<String>,
}

/// Somebody who is in now.
pub(crate) struct Entered {
    pub(crate) me: Me,
    pub(crate) token: String,
    /// As `Set-Cookie`.
    pub(crate) cookie: String,
}

/// Lets somebody in as a new guest, or with a password as a registered user; with both a password and an invite perhaps
/// as a new one.
pub(super) async fn come_in(
    (chat, hub): (&Chat, &Hub),
    Knock { nickname, password, invite, claim }: Knock,
    (peer, scheme): (Peer, Scheme),
    headers: &HeaderMap,
) -> Result<Entered, ChatError> {
    let agent = user_agent(headers);
    let is_guest = password.is_none();
    let pass = claim.map(Pass::Claim).or_else(|| invite.clone().map(Pass::Invite));
    let arrival = match (password, pass) {
        (Some(password), Some(pass)) => chat.register(&nickname, password, pass, peer, agent).await?,
        (Some(password), None) => chat.sign_in(&nickname, password, peer, agent).await?,
        (None, _) => chat.create_guest(&nickname, invite.as_deref(), peer, agent, false).await?,
    };
    // The token of who has signed in gives way to the new one in the browser's cookie: nobody could end it any more.
    if let Some(token) = session_token(headers, scheme).filter(|_| !is_guest) {
        match chat.end_session(&token).await {
            Ok(ended) => hub.close_session(ended.user, ended.session, CloseCode::SessionEnded),
            Err(ChatError::Unauthenticated) => {}
            Err(error) => tracing::warn!(%error, "a session that was replaced could not be ended"),
        }
    }
    let Arrival { me, token, .. } = arrival;
    let cookie = session_cookie(&token, chat.longest_session(), scheme);
    Ok(Entered { me, token, cookie })
}
