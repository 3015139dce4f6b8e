//! Expiry of sessions and guests that nobody uses any more.

use rusqlite::{Connection, params};

use crate::{
    domain::{EndReason, SessionId, Timestamp, UserId},
    server::{
        clock,
        store::{
            accounts::EndedSession,
            commits::Committed,
            error::StoreError,
            expiry::{Expired, ExpiryPolicy},
            sqlite::{
                commands::departures::{Departure, sign_out_guest},
                tables::{
                    guest_marks::delete_expired_marks,
                    networks::delete_expired_network_bans,
                    sessions::{SessionFilter, delete_end_reasons, end_sessions, touch_session},
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// A client of the simple protocol has a user for a moment before it counts as connected. In that time, in milliseconds, the
/// nickname is not taken away from it. Much more than it ever takes.
const SIGN_IN_GRACE_MS: u64 = 60 * 1_000;

impl Write for ExpiryPolicy {
    type Output = Expired;

    fn apply(&self, db: &Connection) -> Result<Applied<Expired>, StoreError> {
        self.touch_connected_sessions(db)?;
        delete_end_reasons(db, self.ended_session_cutoff)?;
        delete_expired_marks(db)?;
        delete_expired_network_bans(db)?;
        self.retention.apply(db)?;
        let (guests, departure) = self.expire_guests(db)?;
        let sessions = self.expire_sessions(db)?;
        let mut changes = departure.into_changes();
        changes.extend(sessions.iter().map(|EndedSession { user, session }| Committed::SessionEnded {
            user: *user,
            session: Some(*session),
            reason: EndReason::Expired,
        }));
        let news = (!changes.is_empty()).then_some(Committed::Batch(changes));
        Ok(Applied { output: Expired { guests, sessions }, change: news })
    }

    /// Sessions and addresses are deleted.
    fn erases(&self) -> bool {
        true
    }
}

impl ExpiryPolicy {
    /// Updates `seen_at` of the connected sessions that have not been updated for a while.
    fn touch_connected_sessions(&self, db: &Connection) -> Result<(), StoreError> {
        let mut stale: Vec<SessionId> = db
            .prepare_cached("SELECT id FROM sessions WHERE seen_at < ?1")?
            .query_map([self.touch_cutoff], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        stale.retain(|session| self.connected_sessions.contains(session));
        stale.into_iter().try_for_each(|session| touch_session(db, session))
    }

    /// Signs out guests who are not online and
    /// - have used no session for a long time, or
    /// - have never come back with their token, or
    /// - have no session at all: clients of the simple protocol whose nickname could not be released when they disconnected.
    fn expire_guests(&self, db: &Connection) -> Result<(usize, Departure), StoreError> {
        let grace = Timestamp(clock::now().0.saturating_sub(SIGN_IN_GRACE_MS));
        let mut expired: Vec<UserId> = db
            .prepare_cached(
                "SELECT id FROM users WHERE nickname_key > '' AND password IS NULL AND (
                        NOT EXISTS (SELECT 1 FROM sessions WHERE user = users.id AND seen_at >= ?1)
                        AND (created_at < ?2 OR EXISTS (SELECT 1 FROM sessions WHERE user = users.id))
                    OR created_at < ?3 AND EXISTS (SELECT 1 FROM sessions WHERE user = users.id)
                        AND NOT EXISTS (SELECT 1 FROM sessions WHERE user = users.id AND used))",
            )?
            .query_map(params![self.guest_cutoff, grace, self.unused_guest_cutoff], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        expired.retain(|user| !self.online_users.contains(user));
        let mut departure = Departure::default();
        for user in &expired {
            departure.add(sign_out_guest(db, *user, EndReason::Expired)?);
        }
        // Addresses are kept for bans. These guests left long ago, so nobody is going to ban them any more.
        db.prepare_cached(
            "UPDATE users SET address = NULL WHERE address IS NOT NULL AND nickname_key IS NULL AND created_at < ?1",
        )?
        .execute([self.guest_cutoff])?;
        Ok((expired.len(), departure))
    }

    /// Ends the sessions of registered users that have grown too old or have not been used for too long.
    fn expire_sessions(&self, db: &Connection) -> Result<Vec<EndedSession>, StoreError> {
        let filter = SessionFilter::Registered { begun_before: self.session_cutoff, seen_before: self.idle_cutoff };
        end_sessions(db, filter, EndReason::Expired)
    }
}
