//! How a server without an owner gets one: whoever presents the claim token. The server prints it when it starts.
//!
//! The token lives only as long as the process, so the disk holds nothing that could make an owner. The rules alone
//! decide whether there is an owner already.

use std::sync::OnceLock;

use crate::server::{chat::tokens, error::ChatError, rules::OwnerGrant};

/// The claim token, generated when it is first needed.
#[derive(Default)]
pub(super) struct ClaimToken(OnceLock<String>);

impl ClaimToken {
    /// # Errors
    /// The system's random generator failed.
    pub(super) fn get_or_generate(&self) -> Result<&str, ChatError> {
        if let Some(token) = self.0.get() {
            return Ok(token);
        }
        let token = tokens::generate()?;
        Ok(self.0.get_or_init(|| token))
    }

    /// Checks a claim token, and returns the grant that it gives. The rules check whether there is an owner by then.
    ///
    /// # Errors
    /// [`ChatError::InvalidClaim`].
    pub(super) fn check(&self, presented: &str) -> Result<OwnerGrant, ChatError> {
        // Comparing hashes makes the timing independent of how much of the token is right.
        let is_right = |token: &String| tokens::hash(token) == tokens::hash(presented);
        if self.0.get().is_some_and(is_right) { Ok(OwnerGrant::IfUnowned) } else { Err(ChatError::InvalidClaim) }
    }
}
