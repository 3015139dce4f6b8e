//! What is over because nobody has used it.

use rusqlite::{Connection, params};

use crate::{
    domain::{EndReason, SessionId, Timestamp, UserId},
    server::{
        clock,
        store::{
            EndedSession,
            error::StoreError,
            expiry::{Expired, ExpiryPolicy},
            sqlite::{
                commands::{
                    accounts::SeeSession,
                    create_user::release,
                    departures::Departure,
                    end_sessions::{Which, end_sessions, end_sessions_of, forget_ends},
                    guest_sanctions::forget_past,
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// How long a plain client may take from its user to its place among those who are here, at the very most, in
/// milliseconds.
const COMING_IN: u64 = 60 * 1_000;

impl Write for ExpiryPolicy {
    type Done = Expired;

    fn apply(&self, db: &Connection) -> Result<Applied<Expired>, StoreError> {
        self.see_connected(db)?;
        forget_ends(db, self.ended)?;
        forget_past(db)?;
        self.retention.apply(db)?;
        let (guests, farewell) = self.release_guests(db)?;
        let done = Expired { guests, sessions: self.end_sessions(db)? };
        Ok(Applied { done, news: farewell.into_news() })
    }

    /// Sessions and addresses.
    fn erases(&self) -> bool {
        true
    }
}

impl ExpiryPolicy {
    /// Who is connected is using the session, all the time, whatever was noted of it.
    fn see_connected(&self, db: &Connection) -> Result<(), StoreError> {
        let mut old: Vec<SessionId> = db
            .prepare_cached("SELECT id FROM sessions WHERE seen_at < ?1")?
            .query_map([self.noted], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        old.retain(|session| self.connected.contains(session));
        for session in old {
            SeeSession(session).apply(db)?;
        }
        Ok(())
    }

    /// Guests who were away for long, those who never came back with the token that they got, and plain clients that could not give their names back when they left.
    fn release_guests(&self, db: &Connection) -> Result<(usize, Departure), StoreError> {
        let came_in = Timestamp(clock::now().0.saturating_sub(COMING_IN));
        let mut over: Vec<UserId> = db
            .prepare_cached(
                "SELECT id FROM users WHERE nickname_key > '' AND password IS NULL AND (
                        NOT EXISTS (SELECT 1 FROM sessions WHERE user = users.id AND seen_at >= ?1)
                        AND (created_at < ?2 OR EXISTS (SELECT 1 FROM sessions WHERE user = users.id))
                    OR created_at < ?3 AND EXISTS (SELECT 1 FROM sessions WHERE user = users.id)
                        AND NOT EXISTS (SELECT 1 FROM sessions WHERE user = users.id AND used))",
            )?
            .query_map(params![self.guests_seen, came_in, self.unused], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        over.retain(|user| !self.here.contains(user));
        let mut farewell = Departure::default();
        for user in &over {
            end_sessions_of(db, *user, EndReason::Expired)?;
            farewell.add(release(db, *user)?);
        }
        // By now nobody would ban them any more.
        db.prepare_cached(
            "UPDATE users SET address = NULL WHERE address IS NOT NULL AND nickname_key IS NULL AND created_at < ?1",
        )?
        .execute([self.guests_seen])?;
        Ok((over.len(), farewell))
    }

    /// Those of registered users.
    fn end_sessions(&self, db: &Connection) -> Result<Vec<EndedSession>, StoreError> {
        end_sessions(db, Which::Before(self.began, self.seen), EndReason::Expired)
    }
}
