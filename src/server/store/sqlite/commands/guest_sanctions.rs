//! What a sanction on a guest leaves behind: a guest's identity costs nothing, so it holds for the nickname and for new
//! guests of the address, too.

use rusqlite::{Connection, params};

use crate::{
    domain::{NicknameKey, Timestamp, User, UserId},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{error::StoreError, sqlite::tables::sanctions::SanctionScope},
    },
};

/// After a moderator has removed a guest, nobody new has that nickname for so long, in milliseconds.
pub(crate) const REMOVAL_LASTS: u64 = 10 * 60 * 1_000;

/// A sanction for whoever comes in new by the same nickname or from the same address.
pub(crate) struct Sanctioned<'a> {
    pub(crate) user: &'a User,
    pub(crate) scope: SanctionScope,
    pub(crate) kind: &'static str,
    pub(crate) until: Option<Timestamp>,
}

impl Sanctioned<'_> {
    /// Holds for a nickname from now on.
    pub(crate) fn mark_name(&self, db: &Connection) -> Result<(), StoreError> {
        self.mark(db, &of_name(&self.user.nickname.key()))
    }

    /// Holds for addresses from now on.
    pub(crate) fn mark_addresses(&self, db: &Connection, addresses: &[String]) -> Result<(), StoreError> {
        addresses.iter().try_for_each(|address| self.mark(db, &of_address(address)))
    }

    fn mark(&self, db: &Connection, mark: &str) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO guest_marks (mark, user, scope, kind, until, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET until = excluded.until, since = excluded.since",
        )?
        .execute(params![mark, self.user.id, self.scope, self.kind, self.until, clock::now()])?;
        Ok(())
    }
}

fn of_name(key: &NicknameKey) -> String {
    format!("name:{}", key.as_str())
}

fn of_address(address: &str) -> String {
    format!("address:{address}")
}

/// Where a user is, or was lately: where they came in, where their sessions began, and where they are connected from.
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

/// What a user's sanction of this kind has left behind is lifted.
pub(crate) fn lift(db: &Connection, user: UserId, scope: SanctionScope, kind: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE user = ?1 AND scope = ?2 AND kind = ?3")?
        .execute(params![user, scope, kind])?;
    Ok(())
}

/// What is over is forgotten.
pub(crate) fn forget_past(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE until <= ?1")?.execute([clock::now()])?;
    db.prepare_cached("DELETE FROM banned_networks WHERE until <= ?1")?.execute([clock::now()])?;
    Ok(())
}

/// Addresses that were marked before are forgotten.
pub(crate) fn forget_addresses(db: &Connection, before: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM guest_marks WHERE mark LIKE 'address:%' AND since < ?1")?.execute([before])?;
    Ok(())
}

/// What holds for whoever comes in new by this nickname and from this address.
pub(crate) struct Inherited(Vec<GuestMark>);

struct GuestMark {
    user: UserId,
    scope: Vec<u8>,
    kind: String,
    until: Option<Timestamp>,
}

impl Inherited {
    /// # Errors
    /// [`StoreError::Banned`] if nobody new comes in by it.
    pub(crate) fn find(db: &Connection, key: &NicknameKey, address: ClientAddr) -> Result<Self, StoreError> {
        let marks: Vec<GuestMark> = db
            .prepare_cached(
                "SELECT user, scope, kind, until FROM guest_marks
                  WHERE mark IN (?1, ?2) AND (until IS NULL OR until > ?3) ORDER BY until DESC NULLS FIRST",
            )?
            .query_map(params![of_name(key), of_address(&address.to_string()), clock::now()], |row| {
                Ok(GuestMark { user: row.get(0)?, scope: row.get(1)?, kind: row.get(2)?, until: row.get(3)? })
            })?
            .collect::<Result<_, _>>()?;
        match marks.iter().find(|mark| mark.kind == "ban" && mark.scope.is_empty()) {
            Some(ban) => Err(StoreError::Banned { until: ban.until }),
            None => Ok(Self(marks)),
        }
    }

    /// The same sanctions for a new user; the longest where there are several.
    pub(crate) fn give_to(&self, db: &Connection, user: UserId) -> Result<(), StoreError> {
        for GuestMark { user: origin, scope, kind, until } in &self.0 {
            db.prepare_cached(
                "INSERT OR IGNORE INTO sanctions (user, scope, kind, until, origin) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![user, scope, kind, until, origin])?;
        }
        Ok(())
    }
}
