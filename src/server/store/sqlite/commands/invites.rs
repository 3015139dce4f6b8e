//! Invites are made, used and revoked.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{InviteId, Timestamp, UserId},
    server::{
        clock,
        store::{
            error::StoreError,
            invites::{InviteKey, NewInvite},
            moderation::RoleCheck,
            sqlite::{
                commands::moderation::role_of,
                tables::audit::AuditRow,
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Whoever makes or revokes an invite must be allowed to at that moment; on the host everything is.
fn check(db: &Connection, actor: Option<UserId>, rule: RoleCheck) -> Result<(), StoreError> {
    let Some(actor) = actor else { return Ok(()) };
    if rule(role_of(db, actor)?, crate::domain::Role::Member) { Ok(()) } else { Err(StoreError::NotAllowed) }
}

impl Write for NewInvite {
    type Done = Timestamp;

    fn apply(&self, db: &Connection) -> Result<Applied<Timestamp>, StoreError> {
        check(db, self.actor, self.rule)?;
        let now = Timestamp::now();
        db.prepare_cached(
            "INSERT INTO invites (id, token_hash, created_at, created_by, expires_at, most_uses)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![self.id, self.key, now, self.actor, self.expires_at, self.most_uses])?;
        let detail = Some(self.id.to_string());
        AuditRow {
            actor: self.actor,
            action: "invite",
            until: self.expires_at.map(clock::shown),
            detail,
            ..AuditRow::default()
        }
        .write(db)?;
        Ok(Applied { done: now, news: None })
    }

    fn takes_room(&self) -> bool {
        true
    }
}

/// An invite lets nobody in any more.
pub(crate) struct RevokeInvite {
    pub(crate) actor: Option<UserId>,
    pub(crate) rule: RoleCheck,
    pub(crate) id: InviteId,
}

impl Write for RevokeInvite {
    type Done = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        check(db, self.actor, self.rule)?;
        let revoked =
            db.prepare_cached("UPDATE invites SET revoked = 1 WHERE id = ?1 AND NOT revoked")?.execute([self.id])? > 0;
        if revoked {
            let detail = Some(self.id.to_string());
            AuditRow { actor: self.actor, action: "revoke_invite", detail, ..AuditRow::default() }.write(db)?;
        }
        Ok(Applied { done: revoked, news: None })
    }
}

/// Holds of the invite `?1` if it lets somebody in at the time `?2`.
const LETS_IN: &str = "token_hash = ?1 AND NOT revoked AND (expires_at IS NULL OR expires_at > ?2)
    AND (most_uses IS NULL OR uses < most_uses)";

/// Whether it would let one in.
pub(crate) fn is_open(db: &Connection, invite: InviteKey) -> Result<bool, StoreError> {
    let select = format!("SELECT 1 FROM invites WHERE {LETS_IN}");
    Ok(db.prepare_cached(&select)?.exists(params![invite, clock::now()])?)
}

/// Lets one in.
pub(crate) fn use_up(db: &Connection, invite: InviteKey) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE invites SET uses = uses + 1 WHERE {LETS_IN} RETURNING uses"))?
        .query_row(params![invite, clock::now()], |_| Ok(()))
        .optional()?
        .ok_or(StoreError::InvalidInvite)
}
