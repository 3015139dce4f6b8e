//! What somebody does next.

use std::collections::{HashMap, VecDeque};

use rand::{Rng as _, rngs::StdRng};
use teahouse::domain::{ConversationId, EventKind, Seq};

use super::words;

/// How many messages of each conversation to remember, to react to.
const REMEMBERED: usize = 50;

/// What there is to do something with.
pub(crate) struct Ideas {
    /// The Lobby first.
    conversations: Vec<ConversationId>,
    /// Messages of one's own that are there to be edited or deleted.
    own: Vec<(ConversationId, Seq)>,
    /// The newest messages.
    heard: HashMap<ConversationId, VecDeque<Seq>>,
}

impl Ideas {
    pub(crate) fn new(conversations: Vec<ConversationId>) -> Self {
        Self { conversations, own: Vec::new(), heard: HashMap::new() }
    }

    pub(crate) fn note_own_message(&mut self, conversation: ConversationId, seq: Seq) {
        self.own.push((conversation, seq));
    }

    pub(crate) fn note_message(&mut self, conversation: ConversationId, seq: Seq) {
        let heard = self.heard.entry(conversation).or_default();
        heard.push_back(seq);
        if heard.len() > REMEMBERED {
            heard.pop_front();
        }
    }

    /// Something new; the number makes the words unlike all others.
    pub(crate) fn next(&mut self, rng: &mut StdRng, number: usize) -> (ConversationId, EventKind) {
        let is_private = self.conversations.len() > 1 && rng.random_ratio(3, 10);
        let place = if is_private { rng.random_range(1..self.conversations.len()) } else { 0 };
        let conversation = self.conversations[place];
        let dice = rng.random_range(0..100);
        if dice < 16 && !self.own.is_empty() {
            let mine = rng.random_range(0..self.own.len());
            if dice < 6 {
                let (conversation, seq) = self.own.swap_remove(mine);
                return (conversation, EventKind::Deletion { seq });
            }
            let (conversation, seq) = self.own[mine];
            return (conversation, EventKind::Edit { seq, body: words::body(rng, number) });
        }
        if dice < 30
            && let Some(heard) = self.heard.get(&conversation).filter(|heard| !heard.is_empty())
        {
            let seq = heard[rng.random_range(0..heard.len())];
            let kind = EventKind::Reaction { seq, emoji: words::emoji(rng), on: rng.random_ratio(3, 4) };
            return (conversation, kind);
        }
        (conversation, EventKind::Message { body: words::body(rng, number) })
    }
}
