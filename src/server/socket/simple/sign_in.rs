//! Signing in over the simple protocol: as an ephemeral guest, whose nickname lasts as long as the connection, or with
//! the token of a session.

use std::sync::Arc;

use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    domain::{CurrentUser, SessionId, UserId},
    protocol::{CloseCode, SimpleReply, SimpleToken, from_object},
    server::{
        error::ChatError,
        hub::{CloseReason, Connection, ConnectionOrigin, Registered},
        socket::{
            admission::{acquire_permit, close_code_for, register, subscribe_to_memberships},
            close_message::CloseMessage,
            transport::Transport,
        },
        state::AppState,
        store::Session,
    },
};

/// What a client sends to sign in.
pub(in crate::server::socket) struct SimpleSignIn {
    pub(in crate::server::socket) origin: ConnectionOrigin,
    pub(in crate::server::socket) nickname: String,
    pub(in crate::server::socket) invite: Option<String>,
    /// The session token in the `Authorization` header.
    pub(in crate::server::socket) token: Option<String>,
}

/// A user who may sign in, before the connection is registered.
struct AdmittedUser<'a> {
    me: CurrentUser,
    /// The session and its token. `None` for an ephemeral guest.
    session: Option<(SessionId, String)>,
    /// Held until the connection is registered and subscribed.
    permit: SemaphorePermit<'a>,
}

/// Signs the client in and registers its connection.
///
/// # Errors
/// How to close the connection. A nickname that was taken for it is free again.
pub(super) async fn sign_in(
    app: &AppState,
    transport: &mut Transport,
    request: &SimpleSignIn,
) -> Result<Registered, CloseMessage> {
    let AdmittedUser { me, session, permit } = admit(app, transport, request).await?;
    let origin = ConnectionOrigin { session: session.as_ref().map(|(id, _)| *id), ..request.origin };
    let Ok(registered) = register(app, &me.user(), origin) else {
        if session.is_none() {
            release_nickname(app, me.id).await;
        }
        return Err(CloseMessage::without_frame(CloseCode::TooMany));
    };
    transport.mark_signed_in();
    let mut subscribed = subscribe(app, &registered.connection).await;
    if let (Ok(()), Some((_, token))) = (&subscribed, &session) {
        // The session may have ended before the hub knew of the connection.
        subscribed = app.chat.authenticate(token).await.map(drop).map_err(|error| refusal(&error));
    }
    drop(permit);
    if subscribed.is_err() && session.is_none() {
        release_nickname(app, me.id).await;
    }
    subscribed.map(|()| registered)
}

/// Finds the user of the session, or creates an ephemeral guest.
///
/// A client that cannot send an `Authorization` header may send its token in the first frame. It is waited for only if the
/// nickname is a session's, or if only the token can admit the client.
async fn admit<'a>(
    app: &'a AppState,
    transport: &mut Transport,
    request: &SimpleSignIn,
) -> Result<AdmittedUser<'a>, CloseMessage> {
    let permit = acquire_permit(app).await?;
    if let Some(token) = &request.token {
        return admit_with_token(app, request, token.clone(), permit).await;
    }
    let error = match create_guest(app, request).await {
        Ok(me) => return Ok(AdmittedUser { me, session: None, permit }),
        Err(error) => error,
    };
    // No client is waited for with a permit held.
    drop(permit);
    let next = match &error {
        ChatError::NicknameTaken { .. } => release_if_dead(app, request).await,
        // Users with a session are exempt from these.
        ChatError::InviteRequired
        | ChatError::InvalidInvite
        | ChatError::AccountRequired
        | ChatError::Banned { .. } => NextAttempt::WithToken,
        _ => NextAttempt::Refuse,
    };
    match next {
        NextAttempt::AsGuest => {
            let permit = acquire_permit(app).await?;
            let me = create_guest(app, request).await.map_err(|error| refusal(&error))?;
            Ok(AdmittedUser { me, session: None, permit })
        }
        NextAttempt::WithToken => {
            let token = read_token_frame(app, transport).await?.ok_or_else(|| refusal(&error))?;
            let permit = acquire_permit(app).await?;
            admit_with_token(app, request, token, permit).await
        }
        NextAttempt::Refuse => Err(refusal(&error)),
    }
}

/// What to try after the first attempt to sign in has failed.
enum NextAttempt {
    /// The nickname is free now.
    AsGuest,
    /// Wait for a token in the first frame.
    WithToken,
    Refuse,
}

async fn create_guest(app: &AppState, request: &SimpleSignIn) -> Result<CurrentUser, ChatError> {
    app.chat.create_ephemeral_guest(&request.nickname, request.invite.as_deref(), request.origin.client_addr).await
}

/// Frees a nickname whose ephemeral guest has a dead connection, so that a script whose network failed can reconnect at
/// once.
///
/// Only a client at the same address can cause this. Otherwise a stranger could wait for the guest's network to fail and
/// take the nickname.
async fn release_if_dead(app: &AppState, request: &SimpleSignIn) -> NextAttempt {
    let holder = match app.chat.nickname_holder(&request.nickname).await {
        Ok(Some(holder)) => holder,
        // It became free meanwhile.
        Ok(None) => return NextAttempt::AsGuest,
        Err(_) => return NextAttempt::Refuse,
    };
    let Some(former) = app.hub.ephemeral_guest_connection(holder) else {
        // The connection may have ended meanwhile: it frees the nickname before the hub forgets it.
        return match app.chat.nickname_holder(&request.nickname).await {
            Ok(Some(still)) if still == holder => NextAttempt::WithToken,
            Ok(_) => NextAttempt::AsGuest,
            Err(_) => NextAttempt::Refuse,
        };
    };
    let is_same_client = former.client_addr == request.origin.client_addr;
    if !is_same_client || former.responds_within(app.timing.liveness_timeout).await {
        return NextAttempt::Refuse;
    }
    // In case the former client reads again after all.
    former.queue.close(CloseReason::immediately(CloseCode::NicknameTaken));
    release_nickname(app, holder).await;
    NextAttempt::AsGuest
}

/// Waits for the first frame. Returns the token in it, or `None` if it is anything else or does not arrive in time.
async fn read_token_frame(app: &AppState, transport: &mut Transport) -> Result<Option<String>, CloseMessage> {
    let first = tokio::select! {
        first = timeout(app.timing.liveness_timeout, transport.first_text()) => first,
        () = app.stopping.cancelled() => return Err(CloseMessage::without_frame(CloseCode::Restarting)),
    };
    let Ok(first) = first else { return Ok(None) };
    let text = first?;
    Ok(text.and_then(|text| from_object::<SimpleToken>(text.as_bytes()).ok()).map(|SimpleToken { token }| token))
}

async fn admit_with_token<'a>(
    app: &'a AppState,
    request: &SimpleSignIn,
    token: String,
    permit: SemaphorePermit<'a>,
) -> Result<AdmittedUser<'a>, CloseMessage> {
    let authenticated = async {
        let session = app.chat.authenticate_as(&token, &request.nickname).await?;
        app.chat.charge_hello(session.me.id, request.origin.client_addr)?;
        Ok(session)
    };
    let Session { me, id, .. } = authenticated.await.map_err(|error: ChatError| refusal(&error))?;
    Ok(AdmittedUser { me, session: Some((id, token)), permit })
}

/// Subscribes the connection to the user's conversations, and makes sure that the user is in the Lobby.
async fn subscribe(app: &AppState, connection: &Arc<Connection>) -> Result<(), CloseMessage> {
    // Not only to the Lobby: since the nickname was taken, somebody may have opened a direct.
    match Box::pin(subscribe_to_memberships(app, connection)).await {
        // Removed before the hub knew of the connection.
        Ok(subscribed) if !subscribed.contains(&app.chat.lobby()) => {
            return Err(CloseMessage::without_frame(CloseCode::Removed));
        }
        Ok(_) => {}
        Err(error) => return Err(CloseMessage::new(&error_reply(&error), CloseCode::Restarting)),
    }
    // The user may have been removed after that, but before the hub knew of the subscription.
    match Box::pin(app.chat.memberships(connection.user.id)).await {
        Ok(memberships) if !memberships.contains(&app.chat.lobby()) => {
            Err(CloseMessage::without_frame(CloseCode::Removed))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(CloseMessage::new(&error_reply(&error), CloseCode::Restarting)),
    }
}

/// Frees the nickname of an ephemeral guest.
pub(super) async fn release_nickname(app: &AppState, user: UserId) {
    if let Err(error) = app.chat.release_ephemeral_guest(user).await {
        tracing::warn!(%error, "the nickname of an ephemeral guest stays taken until housekeeping releases it");
    }
}

/// The error frame of the simple protocol.
pub(super) fn error_reply(error: &ChatError) -> SimpleReply {
    SimpleReply::Error { error: error.code(), message: error.to_string() }
}

fn refusal(error: &ChatError) -> CloseMessage {
    CloseMessage::new(&error_reply(error), close_code_for(error))
}
