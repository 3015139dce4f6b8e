//! Chooses the next command of a writer.

use std::collections::{HashMap, VecDeque};

use rand::{Rng as _, rngs::StdRng};
use teahouse::domain::{ConversationId, EventKind, Reply, Seq};

use super::{
    history::{CommandKind, UserSetting},
    texts,
    writer_setup::WriterSetup,
};

/// How many recent messages of each conversation are remembered as targets of reactions, pins, replies and settings.
const RECENT_MESSAGES: usize = 50;

/// Half of the edits and deletions are of so many own messages, the newest ones.
const RECENT_OWN: usize = 10;

/// The messages and conversations that a writer can act on.
pub(crate) struct PlannedCommands {
    /// The Lobby comes first.
    rooms: Vec<ConversationId>,
    directs: Vec<ConversationId>,
    /// Rooms where the writer may pin.
    moderated: Vec<ConversationId>,
    /// Of 100 commands, how many go to the Lobby.
    lobby_share: u32,
    /// The writer's own messages, which can be edited or deleted.
    own_messages: Vec<(ConversationId, Seq)>,
    /// The newest messages of each conversation.
    recent_messages: HashMap<ConversationId, VecDeque<Seq>>,
}

impl PlannedCommands {
    pub(crate) fn new(setup: &WriterSetup, lobby_share: u32) -> Self {
        Self {
            rooms: setup.rooms.clone(),
            directs: setup.directs.clone(),
            moderated: setup.moderated.clone(),
            lobby_share,
            own_messages: Vec::new(),
            recent_messages: HashMap::new(),
        }
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
    pub(crate) fn next(&mut self, rng: &mut StdRng, number: usize) -> (ConversationId, CommandKind) {
        let conversation = self.conversation(rng);
        let roll = rng.random_range(0..100);
        if roll < 16 && !self.own_messages.is_empty() {
            let (conversation, kind) = self.change_own(rng, number, roll < 6);
            return (conversation, CommandKind::Event(kind));
        }
        let recent = self.recent_messages.get(&conversation).filter(|recent| !recent.is_empty());
        let Some(seq) = recent.map(|recent| recent[rng.random_range(0..recent.len())]) else {
            return (conversation, CommandKind::Event(message(rng, number, None)));
        };
        let may_pin = self.directs.contains(&conversation) || self.moderated.contains(&conversation);
        let kind = match roll {
            29..32 if may_pin => EventKind::Pin { seq, on: rng.random_ratio(1, 2) },
            0..32 => EventKind::Reaction { seq, emoji: texts::emoji(rng), on: rng.random_ratio(3, 4) },
            32..34 => return (conversation, CommandKind::Setting(setting(rng, seq))),
            34..44 => message(rng, number, Some(seq)),
            _ => message(rng, number, None),
        };
        (conversation, CommandKind::Event(kind))
    }

    fn conversation(&self, rng: &mut StdRng) -> ConversationId {
        let others = self.rooms.len() - 1 + self.directs.len();
        let is_lobby = others == 0 || rng.random_range(0..100) < self.lobby_share;
        let index = if is_lobby { 0 } else { rng.random_range(1..=others) };
        index.checked_sub(self.rooms.len()).map_or_else(|| self.rooms[index], |index| self.directs[index])
    }

    /// Edits or deletes an own message.
    fn change_own(&mut self, rng: &mut StdRng, number: usize, delete: bool) -> (ConversationId, EventKind) {
        let end = self.own_messages.len();
        let first = if rng.random() { end.saturating_sub(RECENT_OWN) } else { 0 };
        let index = rng.random_range(first..end);
        if delete {
            let (conversation, seq) = self.own_messages.remove(index);
            return (conversation, EventKind::Deletion { seq });
        }
        let (conversation, seq) = self.own_messages[index];
        (conversation, EventKind::edit(seq, texts::body(rng, number)))
    }
}

fn message(rng: &mut StdRng, number: usize, answered: Option<Seq>) -> EventKind {
    // The server finds out which thread it is.
    let reply = answered.map(|to| Reply { to, thread: to });
    EventKind::Message { body: texts::body(rng, number), mentions: Vec::new(), reply, participants: Vec::new() }
}

/// Something that concerns the writer alone. A reply begins no thread, so that the server refuses to mute it.
fn setting(rng: &mut StdRng, seq: Seq) -> UserSetting {
    let on = rng.random();
    match rng.random_range(0..6) {
        0 => UserSetting::Muted(on),
        1 => UserSetting::Pinned(on),
        2 => UserSetting::UnreadFrom(seq),
        _ => UserSetting::ThreadMuted { thread: seq, on },
    }
}
