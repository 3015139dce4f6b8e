//! How a server without an owner gets one: whoever presents the claim token. The server prints it when it starts.
//!
//! The token lives only as long as the process, so the disk holds nothing that could make an owner. The store alone decides
//! whether there is an owner already.

use std::sync::OnceLock;

use crate::server::{
    chat::{service::ChatService, tokens},
    error::ChatError,
    store::OwnerGrant,
};

/// The claim token, generated when it is first needed.
#[derive(Default)]
pub(super) struct ClaimToken(OnceLock<String>);

impl ChatService {
    /// Returns the token by which somebody can become the owner. Returns `None` if there is an owner, or if the
    /// configuration names one.
    pub(in crate::server) async fn claim_token(&self) -> Result<Option<String>, ChatError> {
        if self.owner.is_some() || self.store.has_owner().await? {
            return Ok(None);
        }
        if self.claim_token.0.get().is_none() {
            let token = tokens::generate()?;
            return Ok(Some(self.claim_token.0.get_or_init(|| token).clone()));
        }
        Ok(self.claim_token.0.get().cloned())
    }

    /// Checks a claim token, and returns the grant that it gives. The store checks whether there is an owner by then.
    ///
    /// # Errors
    /// [`ChatError::InvalidClaim`].
    pub(super) fn check_claim_token(&self, presented: &str) -> Result<OwnerGrant, ChatError> {
        // Comparing hashes makes the timing independent of how much of the token is right.
        let is_right = |token: &String| tokens::hash(token) == tokens::hash(presented);
        if self.claim_token.0.get().is_some_and(is_right) {
            Ok(OwnerGrant::IfUnowned)
        } else {
            Err(ChatError::InvalidClaim)
        }
    }
}
