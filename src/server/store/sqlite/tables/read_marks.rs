//! Read marks: how far each member has read. They are many and small, and only the furthest counts, so they gather in memory
//! until the writer's next commit.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::store::commits::Committed,
};

/// A user has read a conversation up to `seq`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadMark {
    user: UserId,
    conversation: ConversationId,
    seq: Seq,
}

impl ReadMark {
    pub(crate) fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Saves the mark, unless the user is not a member or has read further. A mark beyond the newest event stands for the
    /// newest event. Returns what to announce if the saved mark changed.
    pub(crate) fn apply(&self, db: &Connection) -> rusqlite::Result<Option<Committed>> {
        let Self { user, conversation, seq } = *self;
        let mut update = db.prepare_cached(
            "UPDATE members SET read_seq = min(?3, e.last) FROM (SELECT max(seq) AS last FROM events WHERE conversation = ?1) e
              WHERE conversation = ?1 AND user = ?2 AND read_seq < min(?3, e.last)
             RETURNING read_seq",
        )?;
        let read = update.query_row(params![conversation, user, seq], |row| row.get(0)).optional()?;
        Ok(read.map(|seq| Committed::MarkedRead { user, conversation, seq }))
    }
}

/// Moves an author's read mark to a message of their own: authors have read everything before it.
pub(crate) fn save_author_mark(
    db: &Connection,
    conversation: ConversationId,
    author: UserId,
    seq: Seq,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2 AND read_seq < ?3")?
        .execute(params![conversation, author, seq])
        .map(drop)
}

/// The marks that are not saved yet: the furthest one of each member. A plain mutex, held for a look-up only.
#[derive(Debug, Default)]
pub(crate) struct ReadMarks(Mutex<HashMap<(UserId, ConversationId), Seq>>);

impl ReadMarks {
    /// Adds a mark. The caller wakes the writer up.
    pub(crate) fn add(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        let mut marks = self.marks();
        let furthest = marks.entry((user, conversation)).or_default();
        *furthest = seq.max(*furthest);
    }

    /// Takes all marks out.
    pub(crate) fn take(&self) -> Vec<ReadMark> {
        let marks = mem::take(&mut *self.marks());
        marks.into_iter().map(|((user, conversation), seq)| ReadMark { user, conversation, seq }).collect()
    }

    /// Puts marks back for the next commit, after this one failed.
    pub(crate) fn put_back(&self, marks: Vec<ReadMark>) {
        for ReadMark { user, conversation, seq } in marks {
            self.add(user, conversation, seq);
        }
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<(UserId, ConversationId), Seq>> {
        // A panic can leave no change to the map half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
