//! Retention: deleting what has reached its age limit.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Seq, Timestamp, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        expiry::Retention,
        sqlite::{
            commands::{departures::unlist_if_empty, message_deletion::append_deletion},
            queries,
            tables::{clock_offsets::expiry_cutoff, guest_marks::delete_address_marks},
            writer::job::{Applied, Write},
        },
    },
};

/// The most events that one change looks at, and the most audit entries that it deletes. The writer does nothing else in the
/// meantime.
const BATCH: u32 = 64;

/// Deletes the messages of guests that were written before a time, a batch of one conversation. Returns whether there may be
/// more.
pub(crate) struct ExpireMessages {
    pub(crate) conversation: ConversationId,
    pub(crate) before: Timestamp,
}

/// An event that is older than the limit.
struct OldEvent {
    seq: Seq,
    /// Whether it is a guest's message that is not deleted yet.
    is_due: bool,
}

impl Write for ExpireMessages {
    type Output = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let batch = self.next_batch(db)?;
        let Some(last) = batch.last().map(|event| event.seq) else {
            return Ok(Applied { output: false, change: None });
        };
        let server = queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?;
        let mut events = Vec::new();
        for OldEvent { seq, .. } in batch.into_iter().filter(|event| event.is_due) {
            events.push(Committed::Event(append_deletion(db, server.clone(), self.conversation, seq)?));
        }
        if !events.is_empty() {
            events.extend(unlist_if_empty(db, self.conversation)?);
        }
        db.prepare_cached("UPDATE conversations SET retained = ?2 WHERE id = ?1")?
            .execute(params![self.conversation, last])?;
        Ok(Applied { output: true, change: Some(Committed::Batch(events)) })
    }

    fn erases(&self) -> bool {
        true
    }
}

impl ExpireMessages {
    /// The oldest events that retention has not looked at yet.
    fn next_batch(&self, db: &Connection) -> Result<Vec<OldEvent>, StoreError> {
        let mut select = db.prepare_cached(
            "SELECT e.seq, e.target IS NULL AND e.payload ->> '$.kind' = 'message' AND NOT coalesce(s.deleted, 0)
                    AND u.password IS NULL
               FROM events e
               JOIN conversations c ON c.id = e.conversation
               JOIN users u ON u.id = e.author
               LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
              WHERE e.conversation = ?1 AND e.seq > c.retained AND e.at < ?2 ORDER BY e.seq LIMIT ?3",
        )?;
        let before = expiry_cutoff(db, self.before)?;
        let events = select
            .query_map(params![self.conversation, before, BATCH], |row| {
                Ok(OldEvent { seq: row.get(0)?, is_due: row.get(1)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(events)
    }
}

impl Retention {
    /// Deletes a batch of old audit entries, and all old addresses.
    pub(super) fn apply(&self, db: &Connection) -> Result<(), StoreError> {
        if let Some(before) = self.audit_cutoff {
            let before = expiry_cutoff(db, before)?;
            // The table's trigger refuses to delete entries that are younger than this.
            db.prepare_cached("UPDATE meta SET audit_since = ?1")?.execute([before])?;
            db.prepare_cached("DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2) AND at < ?1")?
                .execute(params![before, BATCH])?;
        }
        if let Some(before) = self.address_cutoff {
            db.prepare_cached("UPDATE users SET address = NULL WHERE address IS NOT NULL AND created_at < ?1")?
                .execute([before])?;
            db.prepare_cached("UPDATE sessions SET address = NULL WHERE address IS NOT NULL AND created_at < ?1")?
                .execute([before])?;
            delete_address_marks(db, before)?;
        }
        Ok(())
    }
}
