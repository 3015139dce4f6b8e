//! Read marks on their way to the writer. They are many and small, and only the furthest of each member counts, so they
//! gather in memory until the writer saves them.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::{ConversationId, Seq, UserId};

/// A user has read a conversation up to `seq`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadMark {
    pub(crate) user: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
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

    fn marks(&self) -> MutexGuard<'_, HashMap<(UserId, ConversationId), Seq>> {
        // A panic can leave no change to the map half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
