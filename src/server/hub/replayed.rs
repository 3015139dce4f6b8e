//! What a connection received before the live feed.

use crate::domain::{ConversationId, Seq};

/// How far the welcome and the replay brought a connection in each conversation. Whatever the live feed delivers up to
/// there is a duplicate.
///
/// Every connection keeps one of these, and many connections never receive anything that would remove an entry, so it
/// is a sorted list: that takes little memory.
#[derive(Debug, Default)]
pub(crate) struct ReplayedPositions(Vec<(ConversationId, Seq)>);

impl ReplayedPositions {
    pub(crate) fn new(positions: impl IntoIterator<Item = (ConversationId, Seq)>) -> Self {
        let mut positions: Vec<_> = positions.into_iter().collect();
        positions.sort_unstable_by_key(|(conversation, _)| *conversation);
        positions.shrink_to_fit();
        Self(positions)
    }

    /// Removes a conversation that the user has left. They may come back later, and are then told of it anew.
    pub(super) fn remove(&mut self, conversation: ConversationId) {
        if let Ok(index) = self.find(conversation) {
            self.remove_at(index);
        }
    }

    /// Whether the connection has not received this position yet.
    ///
    /// The feed is in order within a conversation, so after the first new position the entry is of no use any more and
    /// is removed.
    pub(super) fn is_new(&mut self, (conversation, seq): (ConversationId, Seq)) -> bool {
        let Ok(index) = self.find(conversation) else { return true };
        if seq <= self.0[index].1 {
            return false;
        }
        self.remove_at(index);
        true
    }

    /// Whether the welcome or the replay brought the connection beyond this position.
    pub(super) fn is_beyond(&self, (conversation, seq): (ConversationId, Seq)) -> bool {
        self.find(conversation).is_ok_and(|index| self.0[index].1 > seq)
    }

    /// Whether frames of this conversation may be duplicates.
    pub(super) fn contains(&self, conversation: ConversationId) -> bool {
        self.find(conversation).is_ok()
    }

    fn remove_at(&mut self, index: usize) {
        self.0.remove(index);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }

    fn find(&self, conversation: ConversationId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&conversation, |(other, _)| *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The position of a view of a conversation whose newest event is `last_seq`, as `fan_out` computes it.
    fn view(conversation: ConversationId, last_seq: u64) -> (ConversationId, Seq) {
        (conversation, Seq(last_seq + 1))
    }

    #[test]
    fn a_view_that_is_older_than_the_welcome_is_a_duplicate() {
        let (direct, other) = (ConversationId::generate(), ConversationId::generate());
        let mut replayed = ReplayedPositions::new([(direct, Seq(2))]);
        assert!(!replayed.is_new(view(direct, 0)), "the welcome included two more messages");
        assert!(!replayed.is_new((direct, Seq(1))));
        assert!(!replayed.is_new((direct, Seq(2))));
        // A view that this connection requested must come before the ack, even if nothing was written since the
        // welcome.
        assert!(replayed.is_new(view(direct, 2)));
        assert!(replayed.is_new((direct, Seq(3))));
        assert!(replayed.is_new(view(other, 0)), "a conversation that was opened after the welcome");
    }
}
