//! What both protocols do when a user signs in on a connection.

use std::sync::Arc;

use tokio::sync::SemaphorePermit;

use crate::{
    domain::{ConversationId, User},
    protocol::CloseCode,
    server::{
        error::ChatError,
        hub::{Connection, ConnectionOrigin, Registered},
        sign_in_permits::Busy,
        socket::close_message::CloseMessage,
        state::AppState,
    },
};

/// Waits for a permit to sign in. Its holder may wait for the store, but not for a client.
pub(super) async fn acquire_permit(app: &AppState) -> Result<SemaphorePermit<'_>, CloseMessage> {
    let acquired = app.sign_in_permits.acquire(app.timing.sign_in_permit_timeout).await;
    // The client reconnects soon after this code.
    acquired.map_err(|Busy| CloseMessage::without_frame(CloseCode::Restarting))
}

/// Registers the connection with the hub.
pub(super) fn register(app: &AppState, user: &User, origin: ConnectionOrigin) -> Result<Registered, CloseMessage> {
    app.hub.register(user.clone(), origin).map_err(|error| CloseMessage::too_many(error.to_string()))
}

/// Subscribes a registered connection to all conversations of its user, and returns their ids in ascending order.
///
/// The hub subscribes registered connections to directs that are opened later, so the connection misses none.
pub(super) async fn subscribe_to_memberships(
    app: &AppState,
    connection: &Arc<Connection>,
) -> Result<Vec<ConversationId>, ChatError> {
    let conversations = app.chat.memberships(connection.user.id).await?;
    connection.subscribe_to_memberships(&conversations);
    Ok(conversations)
}

/// The close code for a client that could not sign in.
pub(super) fn close_code_for(error: &ChatError) -> CloseCode {
    match error {
        ChatError::NicknameTaken { .. } => CloseCode::NicknameTaken,
        ChatError::Unauthenticated => CloseCode::SessionEnded,
        ChatError::SessionEnded(reason) => (*reason).into(),
        ChatError::RateLimited { .. } | ChatError::TooManyGuests => CloseCode::TooMany,
        ChatError::Banned { .. }
        | ChatError::InviteRequired
        | ChatError::InvalidInvite
        | ChatError::AccountRequired => CloseCode::Removed,
        ChatError::StorageUnavailable | ChatError::QuotaUsedUp | ChatError::Internal => CloseCode::Restarting,
        _ => CloseCode::ProtocolError,
    }
}
