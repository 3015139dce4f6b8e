//! What the host deletes.

use rusqlite::Connection;

use crate::{
    domain::{CommandId, ConversationId, Seq, UserId},
    protocol::Change,
};

use super::super::{
    super::{Appended, NewEvent, StoreError},
    queries,
    writer::{Applied, Write},
};

/// A message goes, wherever it stands and whoever wrote it. An event like any other deletion.
pub(in super::super) struct DeleteMessage {
    pub(in super::super) id: CommandId,
    pub(in super::super) conversation: ConversationId,
    pub(in super::super) seq: Seq,
}

impl Write for DeleteMessage {
    type Done = Appended;

    fn apply(&self, db: &Connection) -> Result<Applied<Appended>, StoreError> {
        // Members are asked for with everybody else; the host is in no conversation.
        if !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?.exists([self.conversation])? {
            return Err(StoreError::NotMember);
        }
        let host = queries::user_of(db, UserId::HOUSE)?.ok_or(StoreError::Unavailable)?;
        NewEvent::of_author(host, self.id, self.conversation, Change::Deletion { seq: self.seq }).apply(db)
    }

    fn erases(&self) -> bool {
        true
    }
}
