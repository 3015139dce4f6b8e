//! What a connection has been told before the live feed reaches it.

use crate::domain::{ConversationId, Seq};

/// The position in each conversation that a connection has been brought to by welcome and replay. What the live feed
/// brings that is not after it is no news.
///
/// In the order of ids. It is kept for as long as a connection lives, by most who say nothing, so it is small.
#[derive(Debug, Default)]
pub(crate) struct ReplayedPositions(Vec<(ConversationId, Seq)>);

impl ReplayedPositions {
    pub(crate) fn new(positions: impl IntoIterator<Item = (ConversationId, Seq)>) -> Self {
        let mut positions: Vec<_> = positions.into_iter().collect();
        positions.sort_unstable_by_key(|(conversation, _)| *conversation);
        positions.shrink_to_fit();
        Self(positions)
    }

    /// What concerns a conversation comes in order, so that its position is of no more use once something after it has
    /// come.
    pub(crate) fn is_new(&mut self, (conversation, seq): (ConversationId, Seq)) -> bool {
        let Ok(place) = self.find_substring(conversation) else { return true };
        if seq <= self.0[place].1 {
            return false;
        }
        self.0.remove(place);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        true
    }

    /// Whether anything about the conversation may be no news.
    pub(crate) fn concerns(&self, conversation: ConversationId) -> bool {
        self.find_substring(conversation).is_ok()
    }

    fn find_substring(&self, conversation: ConversationId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&conversation, |(other, _)| *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A view of a conversation whose newest event was `last_seq`, as the hub hands it on.
    fn view(conversation: ConversationId, last_seq: u64) -> (ConversationId, Seq) {
        (conversation, Seq(last_seq + 1))
    }

    #[test]
    fn a_view_from_before_the_welcome_does_not_take_the_conversation_back() {
        let (direct, other) = (ConversationId::generate(), ConversationId::generate());
        let mut seen = ReplayedPositions::new([(direct, Seq(2))]);
        assert!(!seen.is_new(view(direct, 0)), "the welcome told of two messages more");
        assert!(!seen.is_new((direct, Seq(1))));
        assert!(!seen.is_new((direct, Seq(2))));
        // Asked for on this very connection: it comes before the ack, though nothing was written since the welcome.
        assert!(seen.is_new(view(direct, 2)));
        assert!(seen.is_new((direct, Seq(3))));
        assert!(seen.is_new(view(other, 0)), "begun after the welcome");
    }
}
