//! Read marks on their way to the writer. They are many and small, and only the furthest of each member counts, so they
//! gather in memory until the writer saves them.
//!
//! A user can set the read mark back, which is a command in the queue. Marks from before it must not undo it, and later ones
//! must not be saved before it: while it is in the queue, a [`ReadMarksHold`] has the former withdrawn and the latter wait.
//! Where several nodes write to a store, each mark also says how far this node knew the commit log when the user read, and
//! the rule leaves out a mark from before another node's command.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::store::commit_log::Position,
};

/// A user has read a conversation up to `seq`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadMark {
    pub(crate) user: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
    /// The newest position of the commit log that was known when the user read.
    pub(crate) known: Position,
}

/// The marks that are not saved yet: the furthest one of each member. A plain mutex, held for a look-up only.
#[derive(Debug, Default)]
pub(crate) struct ReadMarks(Mutex<Gathered>);

/// A member of a conversation.
type MarkOwner = (UserId, ConversationId);

#[derive(Debug, Default)]
struct Gathered {
    marks: HashMap<MarkOwner, Pending>,
    /// How many commands that set the mark back are in the queue, by reader.
    held: HashMap<MarkOwner, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    seq: Seq,
    known: Position,
    /// Whether it has waited for a command of this node, so that it is a later one.
    has_waited: bool,
}

impl ReadMarks {
    /// Adds a mark. The caller wakes the writer up.
    ///
    /// A mark that is not further than the one before is left out. If another node sets the mark back between the two, which
    /// gather for a fraction of a second, both are lost, and messages that were read stay unread.
    pub(crate) fn add(&self, mark: ReadMark) {
        let Gathered { marks, held } = &mut *self.gathered();
        let reader = (mark.user, mark.conversation);
        let new = Pending { seq: mark.seq, known: mark.known, has_waited: held.contains_key(&reader) };
        let furthest = marks.entry(reader).or_insert(new);
        if furthest.seq < new.seq {
            *furthest = new;
        }
    }

    /// Takes out all marks that do not wait for a command. Also returns whether any are left. `head`: the newest position that
    /// this node has committed.
    pub(crate) fn take(&self, head: Position) -> (Vec<ReadMark>, bool) {
        let Gathered { marks, held } = &mut *self.gathered();
        let waiting = marks.extract_if(|reader, _| held.contains_key(reader)).collect();
        let taken = mem::replace(marks, waiting);
        let taken = taken.into_iter().map(|((user, conversation), Pending { seq, known, has_waited })| {
            let known = if has_waited { head.max(known) } else { known };
            ReadMark { user, conversation, seq, known }
        });
        (taken.collect(), !marks.is_empty())
    }

    /// Puts marks back that could not be saved, unless they were withdrawn meanwhile.
    pub(crate) fn put_back(&self, unsaved: &[ReadMark]) {
        let is_held = |mark: &ReadMark| self.gathered().held.contains_key(&(mark.user, mark.conversation));
        unsaved.iter().filter(|mark| !is_held(mark)).for_each(|mark| self.add(*mark));
    }

    /// Withdraws a member's mark, and has later ones wait.
    pub(crate) fn hold(self: &Arc<Self>, user: UserId, conversation: ConversationId) -> ReadMarksHold {
        let mut gathered = self.gathered();
        gathered.marks.remove(&(user, conversation));
        *gathered.held.entry((user, conversation)).or_default() += 1;
        ReadMarksHold(Some((Arc::clone(self), (user, conversation))))
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // A panic can leave no change to the maps half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the marks of one member wait until it is dropped: until a command that sets the mark back is done. By default, it holds
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct ReadMarksHold(Option<(Arc<ReadMarks>, MarkOwner)>);

impl Drop for ReadMarksHold {
    fn drop(&mut self) {
        let Some((marks, reader)) = self.0.take() else { return };
        let mut gathered = marks.gathered();
        if let Some(count) = gathered.held.get_mut(&reader) {
            *count -= 1;
            if *count == 0 {
                gathered.held.remove(&reader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(reader: MarkOwner, seq: u64, known: u64) -> ReadMark {
        ReadMark { user: reader.0, conversation: reader.1, seq: Seq(seq), known: Position(known) }
    }

    fn taken(marks: &ReadMarks, head: u64) -> Vec<(Seq, Position)> {
        marks.take(Position(head)).0.into_iter().map(|mark| (mark.seq, mark.known)).collect()
    }

    #[test]
    fn the_furthest_mark_of_a_member_is_taken_once() {
        let (marks, reader) = (ReadMarks::default(), (UserId::generate(), ConversationId::generate()));
        [3, 5, 4].into_iter().for_each(|seq| marks.add(mark(reader, seq, 1)));
        assert_eq!(taken(&marks, 9), [(Seq(5), Position(1))]);
        assert_eq!(taken(&marks, 9), []);
    }

    #[test]
    fn marks_from_before_a_command_are_withdrawn_and_later_ones_wait_for_it() {
        let (marks, reader) = (Arc::new(ReadMarks::default()), (UserId::generate(), ConversationId::generate()));
        marks.add(mark(reader, 9, 1));
        let unsaved = marks.take(Position(1)).0;
        marks.add(mark(reader, 10, 1));
        let hold = marks.hold(reader.0, reader.1);
        marks.put_back(&unsaved);
        marks.add(mark(reader, 4, 1));
        let (taken_early, are_left) = marks.take(Position(1));
        assert!(taken_early.is_empty() && are_left);
        drop(hold);
        assert_eq!(taken(&marks, 7), [(Seq(4), Position(7))], "it is from after the command, at 7 or earlier");
        assert!(!marks.take(Position(7)).1);
    }
}
