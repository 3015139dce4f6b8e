//! What the writer knows without asking the database: where conversations end, and who may write there.
//!
//! Whatever else the writer does may change what stands here, so it is saved before that and forgotten after.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::{
    super::{Appended, StoreError},
    journal::Journal,
    reads::save_mark,
    writes::{check_write, end},
};
use crate::domain::{CommandId, ConversationId, Millis, Seq, UserId};

/// Of each kind; with more, all is forgotten.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct Recent {
    /// The newest event's place and time.
    ends: HashMap<ConversationId, (Seq, Millis)>,
    /// Members about whom nothing says that they may not write.
    writers: HashSet<(ConversationId, UserId)>,
    /// The greatest command id that there is.
    newest: Option<CommandId>,
    /// Whoever writes has seen what is above. Not in the database yet.
    reads: HashMap<(ConversationId, UserId), Seq>,
}

impl Recent {
    /// The next place in a conversation that `author` writes to.
    pub(super) fn next(
        &mut self,
        db: &Connection,
        journal: &Journal,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<(Seq, Millis), StoreError> {
        if !self.writers.contains(&(conversation, author)) {
            self.check(db, conversation, author)?;
        }
        let known = self.ends.get(&conversation).copied().or_else(|| journal.end(conversation));
        let (seq, at) = match known {
            Some(end) => end,
            None => end(db, conversation)?,
        };
        // Times never go back within a conversation, even when the clock does.
        Ok((seq.next(), Millis::now().max(at)))
    }

    /// Whether there cannot be a command by that id yet: ids grow with time, mostly. `false` means that it may be so.
    pub(super) fn is_new(&mut self, db: &Connection, journal: &Journal, id: CommandId) -> Result<bool, StoreError> {
        if self.newest.is_none() {
            let in_log = db
                .prepare_cached("SELECT max(command_id) FROM events")?
                .query_row([], |row| row.get::<_, Option<CommandId>>(0))?;
            self.newest = in_log.max(journal.greatest_command());
        }
        Ok(self.newest.is_none_or(|newest| id > newest))
    }

    /// A message by that command is in that place now.
    pub(super) fn took(&mut self, id: CommandId, Appended { conversation, seq, at }: Appended) {
        self.newest = self.newest.max(Some(id));
        self.ends.insert(conversation, (seq, at));
    }

    /// The author of a message in that place has seen what is above it.
    pub(super) fn has_seen(&mut self, author: UserId, Appended { conversation, seq, .. }: Appended) {
        self.reads.insert((conversation, author), seq);
    }

    /// Writes down what the database does not have yet.
    pub(super) fn save(&mut self, db: &Connection) -> Result<(), rusqlite::Error> {
        for ((conversation, user), seq) in self.reads.drain() {
            save_mark(db, conversation, user, seq)?;
        }
        if self.ends.len() > MOST || self.writers.len() > MOST {
            self.forget();
        }
        Ok(())
    }

    /// To be called when anything else has been written, or nothing after all.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn check(&mut self, db: &Connection, conversation: ConversationId, author: UserId) -> Result<(), StoreError> {
        let is_member = db
            .prepare_cached("SELECT 1 FROM members WHERE conversation = ?1 AND user = ?2")?
            .exists(params![conversation, author])?;
        if !is_member && author != UserId::HOUSE {
            return Err(StoreError::NotMember);
        }
        check_write(db, author, conversation)?;
        // A sanction that ends by itself is asked for each time, and so is one that has ended.
        if !db.prepare_cached("SELECT 1 FROM sanctions WHERE user = ?1")?.exists([author])? {
            self.writers.insert((conversation, author));
        }
        Ok(())
    }
}
