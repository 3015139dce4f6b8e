//! Accounts are deleted: by their users, or on the host.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    domain::{CurrentUser, KeptMessages, User, UserKind},
    protocol::DeleteAccountRequest,
    server::{
        chat::{security_log::SecurityEvent, service::ChatService},
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{DeleteAccount, DeletionAuthorization, StoreError},
    },
};

/// How long after a failure the rest of deleted accounts is tried again.
const ERASE_AGAIN: Duration = Duration::from_secs(30);

impl ChatService {
    /// Deletes the account of a user, who shows the password if there is one. The sessions have ended when this returns.
    pub(crate) async fn delete_account(
        &self,
        me: &CurrentUser,
        peer: ClientAddr,
        request: DeleteAccountRequest,
    ) -> Result<(), ChatError> {
        let DeleteAccountRequest { password, messages } = request;
        let authorization = match me.kind {
            UserKind::Registered => {
                DeletionAuthorization::Password(self.verify_own_password(me, password.unwrap_or_default(), peer).await?)
            }
            UserKind::Guest => DeletionAuthorization::Guest,
        };
        let deletion = DeleteAccount { user: me.id, authorization, messages };
        self.store.delete_account(deletion).await.map_err(|error| match error {
            // The session has ended meanwhile.
            StoreError::UnknownUser => ChatError::Unauthenticated,
            other => other.into(),
        })?;
        self.note(Some(peer), SecurityEvent::AccountDeleted(me.id));
        self.erasures.notify_one();
        Ok(())
    }

    /// The same for whoever has this nickname, on the host.
    pub(crate) async fn delete_account_of(&self, nickname: &str, messages: KeptMessages) -> Result<User, ChatError> {
        let user = self.find_user(nickname).await?;
        let deletion = DeleteAccount { user: user.id, authorization: DeletionAuthorization::Operator, messages };
        self.store.delete_account(deletion).await?;
        self.erasures.notify_one();
        Ok(user)
    }

    /// Takes deleted accounts out of the log, bit by bit, for as long as the server runs: what a server that was stopped
    /// has left, too.
    pub(crate) async fn erase_deleted_accounts(&self) {
        loop {
            match self.store.erase_batch().await {
                Ok(true) => {}
                Ok(false) => self.erasures.notified().await,
                Err(error) => {
                    tracing::warn!(%error, "what is left of deleted accounts could not be removed; it is tried again");
                    sleep(ERASE_AGAIN).await;
                }
            }
        }
    }
}
