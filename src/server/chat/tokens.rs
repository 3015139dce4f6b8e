//! Tokens of sessions and invites: 256 random bits, of which the server keeps only a hash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};

use crate::server::{error::ChatError, store::SessionKey};

/// A new token.
///
/// # Errors
/// If the system has no randomness to give.
pub(crate) fn generate() -> Result<String, ChatError> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no randomness for a token");
        ChatError::Internal
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What the store knows a token by. A plain hash is enough: nobody guesses 256 random bits.
pub(crate) fn key(token: &str) -> SessionKey {
    SessionKey(hash(token))
}

pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
