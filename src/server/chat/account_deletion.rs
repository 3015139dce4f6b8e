//! Deleting accounts: by their users, or by the operator.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    domain::{ClientAddr, CurrentUser, KeptMessages, User, UserKind},
    protocol::DeleteAccountRequest,
    server::{
        chat::{security_log::SecurityEvent, service::ChatService},
        error::ChatError,
        rules::{DeleteAccount, DeletionAuthorization, EraseBatch, Refusal},
        store::StoreError,
    },
};

/// How long to wait after a failure before the erasure of deleted accounts goes on.
const ERASURE_RETRY_DELAY: Duration = Duration::from_secs(30);

impl ChatService {
    /// Deletes the account of a user, who must give the password if there is one. Ends the user's sessions.
    ///
    /// # Errors
    /// [`ChatError::WrongPassword`]; [`ChatError::LastOwner`] if nobody else owns the server.
    pub(in crate::server) async fn delete_account(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        request: DeleteAccountRequest,
    ) -> Result<(), ChatError> {
        let DeleteAccountRequest { password, messages } = request;
        let authorization = match me.kind {
            UserKind::Registered => {
                let password = password.unwrap_or_default();
                DeletionAuthorization::Password(self.verify_own_password(me, password, client_addr).await?)
            }
            UserKind::Guest => DeletionAuthorization::Guest,
        };
        let deletion = DeleteAccount { user: me.id, authorization, messages };
        self.store.queue(deletion).await?.delivered().await.map_err(|error| match error {
            // The session has ended meanwhile.
            StoreError::Refused(Refusal::UnknownUser) => ChatError::Unauthenticated,
            other => other.into(),
        })?;
        self.log_security_event(Some(client_addr), SecurityEvent::AccountDeleted(me.id));
        self.erasure_requested.notify_one();
        Ok(())
    }

    /// Deletes an account for the operator. Ends the user's sessions.
    pub(in crate::server) async fn delete_account_as_operator(
        &self,
        nickname: &str,
        messages: KeptMessages,
    ) -> Result<User, ChatError> {
        let user = self.find_user(nickname).await?;
        let deletion = DeleteAccount { user: user.id, authorization: DeletionAuthorization::Operator, messages };
        self.store.queue(deletion).await?.delivered().await?;
        self.erasure_requested.notify_one();
        Ok(user)
    }

    /// Looks whether deleted accounts have left data to erase, and erases it.
    pub(in crate::server) fn request_erasure(&self) {
        self.erasure_requested.notify_one();
    }

    /// Erases what is left of deleted accounts in the log, in small batches, until it is dropped. This includes what an
    /// earlier run of the server has left.
    pub(in crate::server) async fn erase_deleted_accounts(&self) {
        loop {
            match self.store.execute(EraseBatch).await {
                Ok(true) => {}
                Ok(false) => self.erasure_requested.notified().await,
                Err(error) => {
                    tracing::warn!(%error, "data of deleted accounts could not be erased; retrying later");
                    sleep(ERASURE_RETRY_DELAY).await;
                }
            }
        }
    }
}
