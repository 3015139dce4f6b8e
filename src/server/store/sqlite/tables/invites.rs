//! The table `invites`: whether an invite is valid, and using it.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::server::{
    clock,
    store::{error::StoreError, invites::InviteKey},
};

/// The condition under which the invite with the token hash `?1` is valid at the time `?2`.
const IS_VALID: &str = "token_hash = ?1 AND NOT revoked AND (expires_at IS NULL OR expires_at > ?2)
    AND (most_uses IS NULL OR uses < most_uses)";

/// Whether somebody could sign up with this invite now.
pub(crate) fn invite_is_valid(db: &Connection, invite: InviteKey) -> Result<bool, StoreError> {
    let select = format!("SELECT 1 FROM invites WHERE {IS_VALID}");
    Ok(db.prepare_cached(&select)?.exists(params![invite, clock::now()])?)
}

/// Counts one use of an invite.
///
/// # Errors
/// [`StoreError::InvalidInvite`] if it is unknown, revoked, expired or used up.
pub(crate) fn use_invite(db: &Connection, invite: InviteKey) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE invites SET uses = uses + 1 WHERE {IS_VALID} RETURNING uses"))?
        .query_row(params![invite, clock::now()], |_| Ok(()))
        .optional()?
        .ok_or(StoreError::InvalidInvite)
}
