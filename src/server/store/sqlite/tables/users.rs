//! The table `users`: nicknames, passwords and roles.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Action, Nickname, NicknameKey, Role, UserId},
    server::store::{
        accounts::{NewPassword, OwnerGrant},
        error::StoreError,
        sqlite::tables::audit::AuditRow,
    },
};

/// The numbers that are tried after a taken nickname when a free one is suggested.
const SUGGESTED_NUMBERS: std::ops::Range<u32> = 2..100;

pub(crate) fn nickname_is_taken(db: &Connection, key: &NicknameKey) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE nickname_key = ?1")?.exists([key])?)
}

/// Finds a free nickname: the taken one with a number. `None` if the first hundred are taken as well.
pub(crate) fn suggest_nickname(db: &Connection, taken: &Nickname) -> Result<Option<Nickname>, StoreError> {
    for number in SUGGESTED_NUMBERS {
        let candidate = taken.numbered(number);
        if !nickname_is_taken(db, &candidate.key())? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Makes a user's nickname free for others. Returns whether the user still had it.
pub(crate) fn clear_nickname_key(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    let cleared = db
        .prepare_cached("UPDATE users SET nickname_key = NULL WHERE id = ?1 AND nickname_key IS NOT NULL")?
        .execute([user])?;
    Ok(cleared > 0)
}

/// Sets a user's password, and makes the user the owner if `new` grants that. Returns the user's role.
///
/// The address is deleted: where registered users signed up is not kept.
///
/// # Errors
/// [`StoreError::Owned`] if ownership is claimed and the server has an owner.
pub(crate) fn set_password(db: &Connection, user: UserId, new: &NewPassword) -> Result<Role, StoreError> {
    let becomes_owner = match new.ownership {
        OwnerGrant::IfUnowned if has_owner(db)? => return Err(StoreError::Owned),
        OwnerGrant::IfUnowned | OwnerGrant::Always => true,
        OwnerGrant::Never => false,
    };
    db.prepare_cached("UPDATE users SET password = ?2, address = NULL WHERE id = ?1")?
        .execute(params![user, new.hash.0])?;
    if becomes_owner {
        make_owner(db, user)?;
    }
    role_of(db, user)
}

/// Makes a user the owner on behalf of the server, with an entry in the audit log.
fn make_owner(db: &Connection, user: UserId) -> Result<(), StoreError> {
    set_role(db, user, Role::Owner)?;
    let (subject, detail) = (Some(user), Some(Role::Owner.name().to_owned()));
    AuditRow { action: Action::Appoint.name(), subject, detail, ..AuditRow::default() }.insert(db)
}

pub(crate) fn set_role(db: &Connection, user: UserId, role: Role) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?.execute(params![user, role.name()])?;
    Ok(())
}

/// A user's current role. Unknown users are members.
pub(crate) fn role_of(db: &Connection, user: UserId) -> Result<Role, StoreError> {
    let role =
        db.prepare_cached("SELECT role FROM users WHERE id = ?1")?.query_row([user], |row| row.get(0)).optional()?;
    Ok(role.unwrap_or_default())
}

/// Whether the server has an owner.
pub(crate) fn has_owner(db: &Connection) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE role = 'owner' AND id <> ?1")?.exists([UserId::SYSTEM])?)
}
