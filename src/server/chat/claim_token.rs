//! The secret by which a server without an owner gets one.

use std::sync::OnceLock;

use crate::server::{chat::tokens, error::ChatError, store::ClaimKey};

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

    /// Whether the token with this hash is the present one.
    pub(super) fn has_hash(&self, presented: ClaimKey) -> bool {
        // Comparing hashes makes the timing independent of how much of the token is right.
        self.0.get().is_some_and(|token| ClaimKey(tokens::hash(token)) == presented)
    }
}
