//! Coming in through the page or the HTTP API: who was let in gets a session, and a cookie to come back with.

use axum::http::{HeaderMap, HeaderValue};

use crate::{
    domain::CurrentUser,
    protocol::CloseCode,
    server::{
        chat::{ChatService, Pass, StartedSession},
        error::ChatError,
        hub::Hub,
        net::{
            client_addr::ClientAddr,
            session_cookie::{RequestToken, session_cookie, user_agent},
            site::Site,
        },
    },
};

/// What somebody shows who wants to come in.
pub(crate) struct SignInRequest {
    pub(crate) nickname: String,
    pub(crate) password: Option<String>,
    pub(crate) invite: Option<String>,
    /// What makes somebody new the owner of a server that has none.
    pub(crate) claim: Option<String>,
}

/// Somebody who is in now.
pub(crate) struct SignedIn {
    pub(crate) me: CurrentUser,
    pub(crate) token: String,
    /// Each as `Set-Cookie`.
    pub(crate) cookies: Vec<HeaderValue>,
}

/// Lets somebody in as a new guest, or with a password as a registered user; with both a password and an invite perhaps
/// as a new one.
pub(crate) async fn come_in(
    (chat, hub): (&ChatService, &Hub),
    SignInRequest { nickname, password, invite, claim }: SignInRequest,
    (peer, site): (ClientAddr, Site),
    headers: &HeaderMap,
) -> Result<SignedIn, ChatError> {
    let agent = user_agent(headers);
    let is_guest = password.is_none();
    let pass = claim.map(Pass::Claim).or_else(|| invite.clone().map(Pass::Invite));
    let arrival = match (password, pass) {
        (Some(password), Some(pass)) => chat.register(&nickname, password, pass, peer, agent).await?,
        (Some(password), None) => chat.sign_in(&nickname, password, peer, agent).await?,
        (None, _) => chat.create_guest(&nickname, invite.as_deref(), peer, agent, false).await?,
    };
    // The token of who has signed in gives way to the new one in the browser's cookie: nobody could end it any more.
    let mut former = None;
    if let Some(token) = RequestToken::from_headers(headers, site).filter(|_| !is_guest) {
        match chat.end_session(token.value).await {
            Ok(ended) => {
                former = token.removed_legacy_cookie(site);
                hub.close_session(ended.user, ended.session, CloseCode::SessionEnded);
            }
            Err(ChatError::Unauthenticated) => {}
            Err(error) => tracing::warn!(%error, "a session that was replaced could not be ended"),
        }
    }
    let StartedSession { me, token, .. } = arrival;
    let cookies = session_cookie(&token, chat.session_cookie_max_age(), site).into_iter().chain(former).collect();
    Ok(SignedIn { me, token, cookies })
}
