//! How a server without an owner gets one: whoever presents the claim token. The server prints it when it starts.
//!
//! The token lives only as long as the process, so the disk holds nothing that could make an owner. Servers that share a
//! store let each other know the hashes of their tokens, because a claim may reach another than the one that printed the
//! token. The rules alone decide whether there is an owner already.

use crate::server::{
    chat::{service::ChatService, tokens},
    error::ChatError,
    rules::OwnerGrant,
    store::ClaimKey,
};

impl ChatService {
    /// The claim token, known to all servers that share the store.
    ///
    /// # Errors
    /// The system's random generator failed, or the store.
    pub(super) async fn shared_claim_token(&self) -> Result<String, ChatError> {
        let token = self.claim_token.get_or_generate()?;
        self.store.share_claim(ClaimKey(tokens::hash(token))).await?;
        Ok(token.to_owned())
    }

    /// Checks a claim token, and returns the grant that it gives. The rules check whether there is an owner by then.
    ///
    /// # Errors
    /// [`ChatError::InvalidClaim`], or the store failed.
    pub(super) async fn check_claim(&self, presented: &str) -> Result<OwnerGrant, ChatError> {
        let presented = ClaimKey(tokens::hash(presented));
        if self.claim_token.has_hash(presented) || self.store.is_shared_claim(presented).await? {
            Ok(OwnerGrant::IfUnowned)
        } else {
            Err(ChatError::InvalidClaim)
        }
    }
}
