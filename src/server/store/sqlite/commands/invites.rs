//! Creating and revoking invites. Using one is part of signing up (`create_user`).

use rusqlite::{Connection, params};

use crate::{
    domain::{InviteId, Role, Timestamp, UserId},
    server::{
        clock,
        store::{
            error::StoreError,
            invites::NewInvite,
            moderation::RoleCheck,
            sqlite::{
                tables::{audit::AuditRow, users::role_of},
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Checks the actor's role as it is now. The operator (`None`) may do everything.
fn check_actor(db: &Connection, actor: Option<UserId>, role_check: RoleCheck) -> Result<(), StoreError> {
    let Some(actor) = actor else { return Ok(()) };
    if role_check(role_of(db, actor)?, Role::Member) { Ok(()) } else { Err(StoreError::NotAllowed) }
}

/// Creates an invite. Returns when it was created.
impl Write for NewInvite {
    type Output = Timestamp;

    fn apply(&self, db: &Connection) -> Result<Applied<Timestamp>, StoreError> {
        check_actor(db, self.actor, self.role_check)?;
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
        .insert(db)?;
        Ok(Applied { output: now, change: None })
    }

    fn takes_room(&self) -> bool {
        true
    }
}

/// Revokes an invite. Returns whether it was not revoked yet.
pub(crate) struct RevokeInvite {
    /// Who revokes it. `None`: the operator.
    pub(crate) actor: Option<UserId>,
    pub(crate) role_check: RoleCheck,
    pub(crate) id: InviteId,
}

impl Write for RevokeInvite {
    type Output = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        check_actor(db, self.actor, self.role_check)?;
        let revoked =
            db.prepare_cached("UPDATE invites SET revoked = 1 WHERE id = ?1 AND NOT revoked")?.execute([self.id])? > 0;
        if revoked {
            let detail = Some(self.id.to_string());
            AuditRow { actor: self.actor, action: "revoke_invite", detail, ..AuditRow::default() }.insert(db)?;
        }
        Ok(Applied { output: revoked, change: None })
    }
}
