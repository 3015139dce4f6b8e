//! The table `guest_marks`: nicknames and addresses of sanctioned guests.
//!
//! A new guest identity costs nothing. So a guest's sanction also marks the nickname and the addresses, and a new guest with
//! the same nickname or address inherits it.

use rusqlite::{Connection, params};

use crate::{
    domain::{NicknameKey, Timestamp, User, UserId},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{error::StoreError, sqlite::tables::sanctions::SanctionScope},
    },
};

/// A sanction that new guests inherit.
pub(crate) struct InheritableSanction<'a> {
    /// The sanctioned user.
    pub(crate) user: &'a User,
    pub(crate) scope: SanctionScope,
    /// `mute` or `ban`.
    pub(crate) kind: &'static str,
    pub(crate) until: Option<Timestamp>,
}

impl InheritableSanction<'_> {
    /// Passes the sanction on to new guests with the user's nickname.
    pub(crate) fn mark_nickname(&self, db: &Connection) -> Result<(), StoreError> {
        self.insert(db, &nickname_mark(&self.user.nickname.key()))
    }

    /// Passes the sanction on to new guests from these addresses.
    pub(crate) fn mark_addresses(&self, db: &Connection, addresses: &[String]) -> Result<(), StoreError> {
        addresses.iter().try_for_each(|address| self.insert(db, &address_mark(address)))
    }

    fn insert(&self, db: &Connection, mark: &str) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO guest_marks (mark, user, scope, kind, until, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET until = excluded.until, since = excluded.since",
        )?
        .execute(params![mark, self.user.id, self.scope, self.kind, self.until, clock::now()])?;
        Ok(())
    }
}

fn nickname_mark(key: &NicknameKey) -> String {
    format!("name:{}", key.as_str())
}

fn address_mark(address: &str) -> String {
    format!("address:{address}")
}

/// A user's known addresses: where the user signed up, where the sessions began, and those in `connected`.
pub(crate) fn addresses_of(db: &Connection, user: UserId, connected: &[ClientAddr]) -> Result<Vec<String>, StoreError> {
    let mut addresses: Vec<String> = db
        .prepare_cached(
            "SELECT address FROM users WHERE id = ?1 AND address IS NOT NULL
              UNION SELECT address FROM sessions WHERE user = ?1 AND address IS NOT NULL",
        )?
        .query_map([user], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    addresses.extend(connected.iter().map(ToString::to_string));
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// Deletes the marks of a sanction that was lifted.
pub(crate) fn delete_marks(db: &Connection, user: UserId, scope: SanctionScope, kind: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE user = ?1 AND scope = ?2 AND kind = ?3")?
        .execute(params![user, scope, kind])?;
    Ok(())
}

/// Deletes the marks of sanctions that are over.
pub(crate) fn delete_expired_marks(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE until <= ?1")?.execute([clock::now()])?;
    Ok(())
}

/// Deletes the marks of addresses that were made before this time.
pub(crate) fn delete_address_marks(db: &Connection, before: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE mark LIKE 'address:%' AND since < ?1")?.execute([before])?;
    Ok(())
}

/// The sanctions that a new user inherits by nickname or address. None of them is a ban from the server.
pub(crate) struct InheritedSanctions(Vec<GuestMarkRow>);

struct GuestMarkRow {
    user: UserId,
    scope: Vec<u8>,
    kind: String,
    until: Option<Timestamp>,
}

impl InheritedSanctions {
    /// Finds them, the one that ends last first.
    ///
    /// # Errors
    /// [`StoreError::Banned`] if the nickname or the address is banned from the server.
    pub(crate) fn find(db: &Connection, key: &NicknameKey, address: ClientAddr) -> Result<Self, StoreError> {
        let marks: Vec<GuestMarkRow> = db
            .prepare_cached(
                "SELECT user, scope, kind, until FROM guest_marks
                  WHERE mark IN (?1, ?2) AND (until IS NULL OR until > ?3) ORDER BY until DESC NULLS FIRST",
            )?
            .query_map(params![nickname_mark(key), address_mark(&address.to_string()), clock::now()], |row| {
                Ok(GuestMarkRow { user: row.get(0)?, scope: row.get(1)?, kind: row.get(2)?, until: row.get(3)? })
            })?
            .collect::<Result<_, _>>()?;
        match marks.iter().find(|mark| mark.kind == "ban" && mark.scope.is_empty()) {
            Some(ban) => Err(StoreError::Banned { until: ban.until }),
            None => Ok(Self(marks)),
        }
    }

    /// Copies them to a new user. Of several in the same scope and of the same kind, the one that ends last counts.
    pub(crate) fn copy_to(&self, db: &Connection, user: UserId) -> Result<(), StoreError> {
        for GuestMarkRow { user: origin, scope, kind, until } in &self.0 {
            db.prepare_cached(
                "INSERT OR IGNORE INTO sanctions (user, scope, kind, until, origin) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![user, scope, kind, until, origin])?;
        }
        Ok(())
    }
}
