//! What the writer knows without asking the database: where conversations end, and who may write there.
//!
//! Whatever else the writer does may change what stands here, so it is saved before that and forgotten after.

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

/// Of each kind; with more, all is forgotten.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct WriterCache {
    /// The newest event's place and time.
    ends: HashMap<ConversationId, (Seq, Timestamp)>,
    /// Members about whom nothing says that they may not write, and whether it is a direct; one that stands in the lists of
    /// all who are to hear what they write.
    writers: HashMap<(ConversationId, UserId), bool>,
    /// The greatest command id that there is.
    newest: Option<CommandId>,
    /// Whoever writes has seen what is above. Not in the database yet.
    reads: HashMap<(ConversationId, UserId), Seq>,
    /// Directs that move up in lists. Not in the database yet.
    active: HashMap<ConversationId, Minute>,
}

impl WriterCache {
    /// The next position in a conversation that `author` writes to, and whether the conversation is a direct. `None` if a
    /// message there changes lists as well.
    pub(crate) fn next(
        &mut self,
        db: &Connection,
        journal: &Staging,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<Option<(Seq, Timestamp, bool)>, StoreError> {
        let is_direct = match self.writers.get(&(conversation, author)) {
            Some(is_direct) => *is_direct,
            None => match self.check(db, conversation, author)? {
                Some(is_direct) => is_direct,
                None => return Ok(None),
            },
        };
        let known = self.ends.get(&conversation).copied().or_else(|| journal.newest_event(conversation));
        let (seq, before) = match known {
            Some(end) => end,
            None => newest_event(db, conversation)?,
        };
        // Times never go back within a conversation, even when the clock does.
        let at = Timestamp::now().max(before);
        if is_direct && Minute::of(at) != Minute::of(before) {
            self.active.insert(conversation, Minute::of(at));
        }
        Ok(Some((seq.next(), at, is_direct)))
    }

    /// Whether there cannot be a command by that id yet: ids grow with time, mostly. `false` means that it may be so.
    pub(crate) fn is_new(&mut self, db: &Connection, journal: &Staging, id: CommandId) -> Result<bool, StoreError> {
        if self.newest.is_none() {
            let in_log = db
                .prepare_cached("SELECT max(command_id) FROM events")?
                .query_row([], |row| row.get::<_, Option<CommandId>>(0))?;
            self.newest = in_log.max(journal.greatest_command());
        }
        Ok(self.newest.is_none_or(|newest| id > newest))
    }

    /// A message by that command is in that place now.
    pub(crate) fn took(&mut self, id: CommandId, EventPosition { conversation, seq, at }: EventPosition) {
        self.newest = self.newest.max(Some(id));
        self.ends.insert(conversation, (seq, at));
    }

    /// The author of a message in that place has seen what is above it.
    pub(crate) fn has_seen(&mut self, author: UserId, EventPosition { conversation, seq, .. }: EventPosition) {
        self.reads.insert((conversation, author), seq);
    }

    /// Writes down what the database does not have yet.
    pub(crate) fn save(&mut self, db: &Connection) -> Result<(), rusqlite::Error> {
        for ((conversation, user), seq) in self.reads.drain() {
            save_author_mark(db, conversation, user, seq)?;
        }
        for (conversation, minute) in self.active.drain() {
            lists::note(db, conversation, minute)?;
        }
        if self.ends.len() > MOST || self.writers.len() > MOST {
            self.forget();
        }
        Ok(())
    }

    /// To be called when anything else has been written, or nothing after all.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether it is a direct; `None` if it must come into lists first.
    fn check(
        &mut self,
        db: &Connection,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<Option<bool>, StoreError> {
        let Some(standing) = check_write_access(db, author, conversation, WriteKind::Message)? else { return Ok(None) };
        if !standing.is_settled(author) {
            return Ok(None);
        }
        // A sanction that ends by itself is asked for each time, and so is one that has ended.
        if !db.prepare_cached("SELECT 1 FROM sanctions WHERE user = ?1")?.exists([author])? {
            self.writers.insert((conversation, author), standing.is_direct());
        }
        Ok(Some(standing.is_direct()))
    }
}
