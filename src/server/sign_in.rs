//! Signing in through the page or the HTTP API: starts a session and sets its cookie.

use axum::http::{HeaderMap, HeaderValue};

use crate::{
    domain::{ClientAddr, CurrentUser},
    server::{
        chat::{AdmissionToken, ChatService, StartedSession},
        error::ChatError,
        net::{
            session_cookie::{RequestToken, session_cookie, user_agent},
            site::Site,
        },
    },
};

/// What a user enters to sign in or up.
pub(crate) struct SignInRequest {
    pub(crate) nickname: String,
    /// `None` for a guest.
    pub(crate) password: Option<String>,
    /// The token of an invite.
    pub(crate) invite: Option<String>,
    /// The token that makes a new user the owner of a server without one.
    pub(crate) claim: Option<String>,
}

/// A user who has signed in.
pub(crate) struct SignedIn {
    pub(crate) me: CurrentUser,
    pub(crate) token: String,
    /// One `Set-Cookie` value per cookie.
    pub(crate) cookies: Vec<HeaderValue>,
}

/// Signs a user in: without a password as a new guest, with one as a registered user. A password with an invite or a claim
/// token registers a new user.
pub(super) async fn sign_in(
    chat: &ChatService,
    SignInRequest { nickname, password, invite, claim }: SignInRequest,
    client_addr: ClientAddr,
    site: Site,
    headers: &HeaderMap,
) -> Result<SignedIn, ChatError> {
    let user_agent = user_agent(headers);
    let is_guest = password.is_none();
    let admission_token = claim.map(AdmissionToken::Claim).or_else(|| invite.clone().map(AdmissionToken::Invite));
    let StartedSession { me, token, .. } = match (password, admission_token) {
        (Some(password), Some(admission_token)) => {
            chat.register(&nickname, password, admission_token, client_addr, user_agent).await?
        }
        (Some(password), None) => chat.sign_in(&nickname, password, client_addr, user_agent).await?,
        (None, _) => chat.create_guest(&nickname, invite.as_deref(), client_addr, user_agent, false).await?,
    };
    // The new cookie replaces that of an earlier session, which nobody could end any more.
    let mut removed_cookie = None;
    if let Some(previous) = RequestToken::from_headers(headers, site).filter(|_| !is_guest) {
        match chat.end_session(previous.value).await {
            Ok(_ended) => removed_cookie = previous.removed_legacy_cookie(site),
            Err(ChatError::Unauthenticated) => {}
            Err(error) => tracing::warn!(%error, "the session that was replaced could not be ended"),
        }
    }
    let cookie = session_cookie(&token, chat.session_cookie_max_age(), site);
    Ok(SignedIn { me, token, cookies: cookie.into_iter().chain(removed_cookie).collect() })
}
