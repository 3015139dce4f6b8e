//! How a server without an owner gets one: whoever shows the claim token, which is told to whoever started the server.
//!
//! The token lives as long as the process; the store alone decides whether there is an owner already. So nothing that
//! could make an owner lies on the disk.

use std::sync::OnceLock;

use crate::server::{
    chat::{service::ChatService, tokens},
    error::ChatError,
    store::OwnerGrant,
};

/// The token, once it was asked for.
#[derive(Default)]
pub(super) struct Claim(OnceLock<String>);

impl ChatService {
    /// The token by which somebody new can own the server; `None` if it has an owner, or its configuration names one.
    pub(crate) async fn claim_token(&self) -> Result<Option<String>, ChatError> {
        if self.owner.is_some() || self.store.has_owner().await? {
            return Ok(None);
        }
        if self.claim.0.get().is_none() {
            let token = tokens::generate()?;
            return Ok(Some(self.claim.0.get_or_init(|| token).clone()));
        }
        Ok(self.claim.0.get().cloned())
    }

    /// What a claim token gives to whoever shows it, if it is the right one. Whether there is an owner by then is for the
    /// store to say.
    pub(super) fn claimed(&self, shown: &str) -> Result<OwnerGrant, ChatError> {
        // By their hashes, so that the time that it takes tells nothing.
        let is_right = |token: &String| tokens::hash(token) == tokens::hash(shown);
        if self.claim.0.get().is_some_and(is_right) { Ok(OwnerGrant::IfUnowned) } else { Err(ChatError::InvalidClaim) }
    }
}
