//! What is kept for a time only.

use rusqlite::{Connection, params};

use crate::{
    domain::{CommandId, ConversationId, EventKind, Seq, Timestamp, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::{EventPosition, NewEvent},
        expiry::Retention,
        sqlite::{
            commands::{
                append::append_by, apply_event::delete_message, clock::written_before, departures::take_out_if_empty,
                guest_sanctions::forget_addresses,
            },
            queries,
            writer::job::{Applied, Write},
        },
    },
};

/// How many events are looked at, and audit entries removed, in one change: the writer does nothing else meanwhile.
const BATCH: u32 = 64;

/// Deletes guests' messages of one conversation that were written before a time, a batch of them.
pub(crate) struct ExpireMessages {
    pub(crate) conversation: ConversationId,
    pub(crate) before: Timestamp,
}

/// One of a conversation's oldest events.
struct Old {
    seq: Seq,
    /// It is a guest's message that nobody has deleted.
    is_due: bool,
}

impl Write for ExpireMessages {
    /// Whether there may be more.
    type Done = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let batch = self.oldest(db)?;
        let Some(last) = batch.last().map(|old| old.seq) else { return Ok(Applied { done: false, news: None }) };
        let house = queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?;
        let mut events = Vec::new();
        for Old { seq, .. } in batch.into_iter().filter(|old| old.is_due) {
            let (id, kind) = (CommandId::generate(), EventKind::Deletion { seq });
            let deletion = NewEvent::of_author(house.clone(), id, self.conversation, kind);
            // Nobody's right is asked for, and nothing is noted.
            let by_age = |place: EventPosition| delete_message(db, self.conversation, seq, place.seq);
            events.push(Committed::Event(append_by(db, &deletion, by_age)?.1));
        }
        if !events.is_empty() {
            events.extend(take_out_if_empty(db, self.conversation)?);
        }
        db.prepare_cached("UPDATE conversations SET retained = ?2 WHERE id = ?1")?
            .execute(params![self.conversation, last])?;
        Ok(Applied { done: true, news: Some(Committed::Several(events)) })
    }

    fn erases(&self) -> bool {
        true
    }
}

impl ExpireMessages {
    fn oldest(&self, db: &Connection) -> Result<Vec<Old>, StoreError> {
        let mut select = db.prepare_cached(
            "SELECT e.seq, e.target IS NULL AND e.payload ->> '$.kind' = 'message' AND NOT coalesce(s.deleted, 0)
                    AND u.password IS NULL
               FROM events e
               JOIN conversations c ON c.id = e.conversation
               JOIN users u ON u.id = e.author
               LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
              WHERE e.conversation = ?1 AND e.seq > c.retained AND e.at < ?2 ORDER BY e.seq LIMIT ?3",
        )?;
        let before = written_before(db, self.before)?;
        let old = select
            .query_map(params![self.conversation, before, BATCH], |row| {
                Ok(Old { seq: row.get(0)?, is_due: row.get(1)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(old)
    }
}

impl Retention {
    /// Removes a batch of audit entries that are too old, and forgets the addresses that are.
    pub(crate) fn apply(&self, db: &Connection) -> Result<(), StoreError> {
        if let Some(before) = self.audit_since {
            let before = written_before(db, before)?;
            // What the trigger of the table lets go.
            db.prepare_cached("UPDATE meta SET audit_since = ?1")?.execute([before])?;
            db.prepare_cached("DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2) AND at < ?1")?
                .execute(params![before, BATCH])?;
        }
        if let Some(before) = self.addresses_since {
            db.prepare_cached("UPDATE users SET address = NULL WHERE address IS NOT NULL AND created_at < ?1")?
                .execute([before])?;
            db.prepare_cached("UPDATE sessions SET address = NULL WHERE address IS NOT NULL AND created_at < ?1")?
                .execute([before])?;
            forget_addresses(db, before)?;
        }
        Ok(())
    }
}
