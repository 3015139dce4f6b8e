//! Chooses the next command of a writer.

use std::collections::{HashMap, VecDeque};

use rand::{Rng as _, rngs::StdRng};
use teahouse::domain::{ConversationId, EventKind, Reply, Seq};

use super::texts;

/// How many recent messages of each conversation are remembered as targets of reactions and pins.
const RECENT_MESSAGES: usize = 50;

/// The messages and conversations that a writer can act on.
pub(crate) struct PlannedCommands {
    /// The Lobby comes first.
    rooms: Vec<ConversationId>,
    directs: Vec<ConversationId>,
    /// Of 100 commands, how many go to the Lobby.
    lobby_share: u32,
    /// The writer's own messages, which can be edited or deleted.
    own_messages: Vec<(ConversationId, Seq)>,
    /// The newest messages of each conversation.
    recent_messages: HashMap<ConversationId, VecDeque<Seq>>,
}

impl PlannedCommands {
    pub(crate) fn new(rooms: Vec<ConversationId>, directs: Vec<ConversationId>, lobby_share: u32) -> Self {
        Self { rooms, directs, lobby_share, own_messages: Vec::new(), recent_messages: HashMap::new() }
    }

    pub(crate) fn add_own_message(&mut self, conversation: ConversationId, seq: Seq) {
        self.own_messages.push((conversation, seq));
    }

    pub(crate) fn add_message(&mut self, conversation: ConversationId, seq: Seq) {
        let recent_messages = self.recent_messages.entry(conversation).or_default();
        recent_messages.push_back(seq);
        if recent_messages.len() > RECENT_MESSAGES {
            recent_messages.pop_front();
        }
    }

    /// Returns a new command. `number` makes its text unique.
    pub(crate) fn next(&mut self, rng: &mut StdRng, number: usize) -> (ConversationId, EventKind) {
        let others = self.rooms.len() - 1 + self.directs.len();
        let is_lobby = others == 0 || rng.random_range(0..100) < self.lobby_share;
        let index = if is_lobby { 0 } else { rng.random_range(1..=others) };
        let direct = index.checked_sub(self.rooms.len()).map(|index| self.directs[index]);
        let conversation = direct.unwrap_or_else(|| self.rooms[index]);
        let roll = rng.random_range(0..100);
        if roll < 16 && !self.own_messages.is_empty() {
            let own_index = rng.random_range(0..self.own_messages.len());
            if roll < 6 {
                let (conversation, seq) = self.own_messages.swap_remove(own_index);
                return (conversation, EventKind::Deletion { seq });
            }
            let (conversation, seq) = self.own_messages[own_index];
            return (conversation, EventKind::edit(seq, texts::body(rng, number)));
        }
        if roll < 34
            && let Some(recent_messages) =
                self.recent_messages.get(&conversation).filter(|recent_messages| !recent_messages.is_empty())
        {
            let seq = recent_messages[rng.random_range(0..recent_messages.len())];
            // In a room only moderators may.
            if roll >= 30 && direct.is_some() {
                return (conversation, EventKind::Pin { seq, on: rng.random_ratio(1, 2) });
            }
            let kind = EventKind::Reaction { seq, emoji: texts::emoji(rng), on: rng.random_ratio(3, 4) };
            return (conversation, kind);
        }
        let body = texts::body(rng, number);
        let recent = self.recent_messages.get(&conversation).filter(|recent| roll < 40 && !recent.is_empty());
        // The server finds out which thread it is.
        let reply = recent.map(|recent| {
            let to = recent[rng.random_range(0..recent.len())];
            Reply { to, thread: to }
        });
        (conversation, EventKind::Message { body, mentions: Vec::new(), reply, participants: Vec::new() })
    }
}
