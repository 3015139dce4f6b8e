//! Read marks: many, small, and only the last of each counts. They gather until the writer comes round.

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

/// That a user has read up to a position.
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

    /// Saves the mark unless the user is not a member or has read further; a mark beyond the end means the end.
    pub(crate) fn apply(&self, db: &Connection) -> rusqlite::Result<Option<Committed>> {
        let Self { user, conversation, seq } = *self;
        let mut update = db.prepare_cached(
            "UPDATE members SET read_seq = min(?3, e.last) FROM (SELECT max(seq) AS last FROM events WHERE conversation = ?1) e
              WHERE conversation = ?1 AND user = ?2 AND read_seq < min(?3, e.last)
             RETURNING read_seq",
        )?;
        let read = update.query_row(params![conversation, user, seq], |row| row.get(0)).optional()?;
        Ok(read.map(|seq| Committed::Read { user, conversation, seq }))
    }
}

/// Saves that whoever wrote a message has seen what is above it.
pub(crate) fn save_mark(
    db: &Connection,
    conversation: ConversationId,
    author: UserId,
    seq: Seq,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2 AND read_seq < ?3")?
        .execute(params![conversation, author, seq])
        .map(drop)
}

/// The marks that were not saved yet: at most one a member, the furthest. A plain mutex, held for a look-up.
#[derive(Debug, Default)]
pub(crate) struct ReadMarks(Mutex<HashMap<(UserId, ConversationId), Seq>>);

impl ReadMarks {
    /// Adds a mark; the writer is to be told.
    pub(crate) fn add(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        let mut marks = self.marks();
        let furthest = marks.entry((user, conversation)).or_default();
        *furthest = seq.max(*furthest);
    }

    pub(crate) fn take(&self) -> Vec<ReadMark> {
        let marks = mem::take(&mut *self.marks());
        marks.into_iter().map(|((user, conversation), seq)| ReadMark { user, conversation, seq }).collect()
    }

    /// Keeps marks that could not be saved for the next commit.
    pub(crate) fn put_back(&self, marks: Vec<ReadMark>) {
        for ReadMark { user, conversation, seq } in marks {
            self.add(user, conversation, seq);
        }
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<(UserId, ConversationId), Seq>> {
        // No change to the map can be seen half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
