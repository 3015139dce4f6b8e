//! What the writer knows without asking the database: where conversations end, and who may write there.
//!
//! A busy conversation's row is written once a commit, not once a message. Whatever else the writer does may change what
//! stands here, so it is saved before that and forgotten after.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{super::StoreError, writes::check_write};
use crate::domain::{ConversationId, Millis, Seq, UserId};

/// Of each kind; with more, all is forgotten.
const MOST: usize = 16_384;

/// Where a conversation ends.
#[derive(Clone, Copy, Debug)]
struct End {
    seq: Seq,
    at: Millis,
    is_saved: bool,
}

#[derive(Debug, Default)]
pub(super) struct Recent {
    ends: HashMap<ConversationId, End>,
    /// Members about whom nothing says that they may not write.
    writers: HashSet<(ConversationId, UserId)>,
    /// Whoever writes has seen what is above.
    reads: HashMap<(ConversationId, UserId), Seq>,
}

impl Recent {
    /// The next place in a conversation that `author` writes to.
    pub(super) fn next(
        &mut self,
        db: &Connection,
        conversation: ConversationId,
        author: UserId,
    ) -> Result<(Seq, Millis), StoreError> {
        if !self.writers.contains(&(conversation, author)) {
            self.check(db, conversation, author)?;
        }
        let end = match self.ends.get(&conversation) {
            Some(end) => *end,
            None => self.read_end(db, conversation)?,
        };
        // Times never go back within a conversation, even when the clock does.
        Ok((end.seq.next(), Millis::now().max(end.at)))
    }

    /// A message of `author` is in that place now.
    pub(super) fn took(&mut self, conversation: ConversationId, author: UserId, seq: Seq, at: Millis) {
        self.ends.insert(conversation, End { seq, at, is_saved: false });
        self.reads.insert((conversation, author), seq);
    }

    /// Writes down what the database does not have yet.
    pub(super) fn save(&mut self, db: &Connection) -> Result<(), rusqlite::Error> {
        if self.reads.is_empty() {
            return Ok(());
        }
        let mut update = db.prepare_cached("UPDATE conversations SET last_seq = ?2, last_at = ?3 WHERE id = ?1")?;
        for (conversation, end) in self.ends.iter_mut().filter(|(_, end)| !end.is_saved) {
            update.execute(params![conversation, end.seq, end.at])?;
            end.is_saved = true;
        }
        let mut update = db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2")?;
        for ((conversation, user), seq) in self.reads.drain() {
            update.execute(params![conversation, user, seq])?;
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

    fn read_end(&mut self, db: &Connection, conversation: ConversationId) -> Result<End, StoreError> {
        let end = db
            .prepare_cached("SELECT last_seq, last_at FROM conversations WHERE id = ?1")?
            .query_row([conversation], |row| Ok(End { seq: row.get(0)?, at: row.get(1)?, is_saved: true }))
            .optional()?
            .ok_or(StoreError::NotMember)?;
        self.ends.insert(conversation, end);
        Ok(end)
    }
}
