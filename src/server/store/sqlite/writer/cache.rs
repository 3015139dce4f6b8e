//! What the writer knows without a query: where conversations end, and who may write there.
//!
//! Only the fast path keeps it up to date. Any other change may invalidate it, so the writer saves it before such a change
//! and clears it afterwards.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::{
    domain::{CommandId, ConversationId, Seq, Timestamp, UserId},
    server::store::{
        error::StoreError,
        events::EventPosition,
        sqlite::{
            lists::{self, Minute},
            tables::{events::newest_event, read_marks::save_author_mark, staging::Staging},
            write_access::{WriteKind, check_write_access},
        },
    },
};

/// The most entries of a map. With more, the whole cache is cleared.
const MAX_ENTRIES: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct WriterCache {
    /// The position and time of each conversation's newest event.
    newest_events: HashMap<ConversationId, (Seq, Timestamp)>,
    /// Authors who may write in a conversation, and whether it is a direct. Only authors without any sanction, and only
    /// conversations that are in the lists of all who get the messages.
    authors: HashMap<(ConversationId, UserId), bool>,
    /// The greatest command id in the log and the staging table.
    greatest_command: Option<CommandId>,
    /// Read marks of authors, who have read what is above their message. Not in the database yet.
    read_marks: HashMap<(ConversationId, UserId), Seq>,
    /// Directs that move up in lists. Not in the database yet.
    active_directs: HashMap<ConversationId, Minute>,
}

impl WriterCache {
    /// The position and time of the next event of a conversation that `author` writes to, and whether it is a direct. `None`
    /// if a message there also changes lists, which the fast path cannot do.
    pub(crate) fn next_event(
        &mut self,
        db: &Connection,
        staging: &Staging,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<Option<(Seq, Timestamp, bool)>, StoreError> {
        let is_direct = match self.authors.get(&(conversation, author)) {
            Some(is_direct) => *is_direct,
            None => match self.check_author(db, conversation, author)? {
                Some(is_direct) => is_direct,
                None => return Ok(None),
            },
        };
        let known = self.newest_events.get(&conversation).copied().or_else(|| staging.newest_event(conversation));
        let (seq, before) = match known {
            Some(newest) => newest,
            None => newest_event(db, conversation)?,
        };
        // Times never go back within a conversation, even when the clock does.
        let at = Timestamp::now().max(before);
        if is_direct && Minute::of(at) != Minute::of(before) {
            self.active_directs.insert(conversation, Minute::of(at));
        }
        Ok(Some((seq.next(), at, is_direct)))
    }

    /// Whether there is certainly no command with this id yet. Command ids mostly grow with time, so a greater id than all
    /// others is new. `false` means that the log must be asked.
    pub(crate) fn is_new_command(
        &mut self,
        db: &Connection,
        staging: &Staging,
        id: CommandId,
    ) -> Result<bool, StoreError> {
        if self.greatest_command.is_none() {
            let in_log = db
                .prepare_cached("SELECT max(command_id) FROM events")?
                .query_row([], |row| row.get::<_, Option<CommandId>>(0))?;
            self.greatest_command = in_log.max(staging.greatest_command());
        }
        Ok(self.greatest_command.is_none_or(|greatest| id > greatest))
    }

    /// Records a message that was added at that position.
    pub(crate) fn add_message(&mut self, id: CommandId, EventPosition { conversation, seq, at }: EventPosition) {
        self.greatest_command = self.greatest_command.max(Some(id));
        self.newest_events.insert(conversation, (seq, at));
    }

    /// Records that the author of a message has read everything up to it.
    pub(crate) fn add_read_mark(&mut self, author: UserId, EventPosition { conversation, seq, .. }: EventPosition) {
        self.read_marks.insert((conversation, author), seq);
    }

    /// Saves what the database does not have yet.
    pub(crate) fn save(&mut self, db: &Connection) -> Result<(), rusqlite::Error> {
        for ((conversation, user), seq) in self.read_marks.drain() {
            save_author_mark(db, conversation, user, seq)?;
        }
        for (conversation, minute) in self.active_directs.drain() {
            lists::move_up(db, conversation, minute)?;
        }
        if self.newest_events.len() > MAX_ENTRIES || self.authors.len() > MAX_ENTRIES {
            self.clear();
        }
        Ok(())
    }

    /// Must be called after any change that is not on the fast path, and after a rollback.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Checks that the author may write. Returns whether the conversation is a direct; `None` if the message would also
    /// put it into a list.
    fn check_author(
        &mut self,
        db: &Connection,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<Option<bool>, StoreError> {
        let Some(membership) = check_write_access(db, author, conversation, WriteKind::Message)? else {
            return Ok(None);
        };
        if !membership.is_listed_everywhere(author) {
            return Ok(None);
        }
        // An author with any sanction is checked each time, because a sanction can end by itself.
        if !db.prepare_cached("SELECT 1 FROM sanctions WHERE user = ?1")?.exists([author])? {
            self.authors.insert((conversation, author), membership.is_direct());
        }
        Ok(Some(membership.is_direct()))
    }
}
