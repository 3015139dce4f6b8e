//! What a connection has been told before the live feed reaches it.

use std::collections::HashMap;

use crate::domain::{ConversationId, Seq};

/// The position in each conversation that a connection has been brought to by welcome and replay. What the live feed
/// brings that is not after it is no news.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<ConversationId, Seq>);

impl Seen {
    pub(crate) fn new(positions: impl IntoIterator<Item = (ConversationId, Seq)>) -> Self {
        Self(positions.into_iter().collect())
    }

    /// What concerns a conversation comes in order, so that its position is of no more use once something after it has
    /// come.
    pub(super) fn is_news(&mut self, (conversation, seq): (ConversationId, Seq)) -> bool {
        if self.0.get(&conversation).is_some_and(|&position| seq <= position) {
            return false;
        }
        self.0.remove(&conversation);
        true
    }

    /// Whether anything about the conversation may be no news.
    pub(super) fn concerns(&self, conversation: ConversationId) -> bool {
        !self.0.is_empty() && self.0.contains_key(&conversation)
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
        let mut seen = Seen::new([(direct, Seq(2))]);
        assert!(!seen.is_news(view(direct, 0)), "the welcome told of two messages more");
        assert!(!seen.is_news((direct, Seq(1))));
        assert!(!seen.is_news((direct, Seq(2))));
        // Asked for on this very connection: it comes before the ack, though nothing was written since the welcome.
        assert!(seen.is_news(view(direct, 2)));
        assert!(seen.is_news((direct, Seq(3))));
        assert!(seen.is_news(view(other, 0)), "begun after the welcome");
    }
}
