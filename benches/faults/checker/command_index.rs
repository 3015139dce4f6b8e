//! Commands and edits, by what they are looked up with.

use std::collections::HashMap;

use teahouse::domain::{CommandId, ConversationId, EventKind, Seq, UserId};

use crate::history::{Command, Log};

/// The commands by author and id: ids of different users may be equal.
pub(super) struct CommandIndex<'a>(HashMap<(UserId, CommandId), &'a Command>);

impl<'a> CommandIndex<'a> {
    pub(super) fn new(commands: &'a [Command]) -> Self {
        Self(commands.iter().map(|command| ((command.author, command.id), command)).collect())
    }

    pub(super) fn get(&self, author: UserId, id: CommandId) -> Option<&'a Command> {
        self.0.get(&(author, id)).copied()
    }
}

/// What the edits in the log said when they were made. Who missed them is told the newest of them in their message's place.
pub(super) struct Edits<'a>(HashMap<(ConversationId, Seq), Vec<&'a str>>);

impl<'a> Edits<'a> {
    pub(super) fn new(log: &Log, commands: &CommandIndex<'a>) -> Self {
        let mut edits: HashMap<_, Vec<_>> = HashMap::new();
        for event in log.conversations.values().flatten() {
            let command = commands.get(event.author.id, event.id);
            if let Some(EventKind::Edit { seq, body }) = command.map(|command| &command.kind) {
                edits.entry((event.conversation, *seq)).or_default().push(body.as_str());
            }
        }
        Self(edits)
    }

    /// Whether the message of that place ever said this after an edit.
    pub(super) fn contains(&self, conversation: ConversationId, message: Seq, text: &str) -> bool {
        self.0.get(&(conversation, message)).is_some_and(|edits| edits.contains(&text))
    }
}
