//! What the host deletes.

use rusqlite::Connection;

use crate::{
    domain::{CommandId, ConversationId, EventKind, Seq, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, NewEvent},
        sqlite::{
            queries,
            writer::job::{Applied, Write},
        },
    },
};

/// A message goes, wherever it stands and whoever wrote it. An event like any other deletion.
pub(crate) struct DeleteMessage {
    pub(crate) id: CommandId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
}

impl Write for DeleteMessage {
    type Done = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        // Members are asked for with everybody else; the host is in no conversation.
        if !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?.exists([self.conversation])? {
            return Err(StoreError::NotMember);
        }
        let host = queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?;
        NewEvent::of_author(host, self.id, self.conversation, EventKind::Deletion { seq: self.seq }).apply(db)
    }

    fn erases(&self) -> bool {
        true
    }
}
