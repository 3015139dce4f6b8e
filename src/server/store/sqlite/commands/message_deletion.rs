//! Deletions that no author sends: by the operator, by retention, with an account, and because of a report.

use rusqlite::Connection;

use crate::{
    domain::{CommandId, ConversationId, Event, EventKind, Seq, User, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, NewEvent},
        sqlite::{
            commands::apply_event::delete_message,
            queries,
            tables::events::append_to_log,
            writer::job::{Applied, Write},
        },
    },
};

/// Deletes a message in the name of `author`, who was allowed to before. Adds nothing to the audit log.
pub(super) fn append_deletion(
    db: &Connection,
    author: User,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Event, StoreError> {
    let event = NewEvent::new(author, CommandId::generate(), conversation, EventKind::Deletion { seq });
    let event = append_to_log(db, &event)?;
    delete_message(db, conversation, seq, event.seq)?;
    Ok(event)
}

/// The operator deletes a message of any conversation. Clients see the same event as for any other deletion.
pub(crate) struct DeleteMessage {
    pub(crate) id: CommandId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
}

impl Write for DeleteMessage {
    type Output = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        // The operator is a member of no conversation, so the check of the membership does not find an unknown one.
        if !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?.exists([self.conversation])? {
            return Err(StoreError::NotMember);
        }
        let operator = queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?;
        NewEvent::new(operator, self.id, self.conversation, EventKind::Deletion { seq: self.seq }).apply(db)
    }

    fn erases(&self) -> bool {
        true
    }
}
