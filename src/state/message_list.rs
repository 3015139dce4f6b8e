//! The messages of a timeline, by position and by command.

use std::{collections::HashMap, ops::Range};

use crate::domain::{CommandId, Message, Seq};

/// Messages in ascending order of `seq`.
///
/// A sorted vector, because messages mostly come at its ends, and a tree would be more code for the browser to load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MessageList {
    sorted: Vec<Message>,
    by_id: HashMap<CommandId, Seq>,
}

impl MessageList {
    /// The index of the message at `seq`, or the index where it would be inserted.
    fn index_of(&self, seq: Seq) -> Result<usize, usize> {
        self.sorted.binary_search_by_key(&seq, |message| message.seq)
    }

    /// The messages up to and including `last`; all of them for `None`.
    pub(super) fn up_to(&self, last: Option<Seq>) -> &[Message] {
        let end = last.map_or(self.sorted.len(), |last| self.sorted.partition_point(|message| message.seq <= last));
        &self.sorted[..end]
    }

    /// All messages.
    pub(super) fn as_slice(&self) -> &[Message] {
        &self.sorted
    }

    /// The message at `seq`.
    pub(super) fn get(&self, seq: Seq) -> Option<&Message> {
        self.index_of(seq).ok().map(|index| &self.sorted[index])
    }

    /// The message at `seq`, to be changed.
    pub(super) fn get_mut(&mut self, seq: Seq) -> Option<&mut Message> {
        self.index_of(seq).ok().map(|index| &mut self.sorted[index])
    }

    /// The message that the command `id` sent.
    pub(super) fn by_id(&self, id: CommandId) -> Option<&Message> {
        let index = self.index_of(*self.by_id.get(&id)?).ok()?;
        self.sorted.get(index)
    }

    /// All messages, to be changed except for their positions.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.sorted.iter_mut()
    }

    /// Inserts a message, or replaces the one at its position if that has fewer events folded in.
    pub(super) fn insert(&mut self, message: Message) {
        self.by_id.insert(message.id, message.seq);
        match self.index_of(message.seq) {
            Ok(index) if self.sorted[index].revision < message.revision => self.sorted[index] = message,
            Ok(_) => {}
            Err(index) => self.sorted.insert(index, message),
        }
    }

    /// Removes a range of messages, and returns the newest event that was folded into any of them.
    pub(super) fn remove(&mut self, range: Range<usize>) -> Seq {
        let mut newest = Seq::ZERO;
        for message in self.sorted.drain(range) {
            self.by_id.remove(&message.id);
            newest = newest.max(message.revision);
        }
        newest
    }

    /// Keeps the messages up to and including `last`; all of them for `None`.
    pub(super) fn truncate_after(&mut self, last: Option<Seq>) {
        self.sorted.truncate(self.up_to(last).len());
    }
}
