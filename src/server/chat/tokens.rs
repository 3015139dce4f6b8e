//! Tokens of sessions and invites: 256 random bits. The server keeps only their hashes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};

use crate::server::{error::ChatError, rules::SessionKey};

/// Generates a token.
///
/// # Errors
/// If the operating system provides no random bytes.
pub(super) fn generate() -> Result<String, ChatError> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no random bytes for a token");
        ChatError::Internal
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The key under which the store keeps the session with this token. An unsalted hash is enough, because nobody can guess
/// 256 random bits.
pub(super) fn session_key(token: &str) -> SessionKey {
    SessionKey(hash(token))
}

/// SHA-256 of a token.
pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
