//! Commands and edits, indexed for the checks.

use std::collections::HashMap;

use teahouse::domain::{CommandId, ConversationId, EventKind, Seq, UserId};

use crate::history::{Command, Log};

/// Commands by author and id. Ids of different users may be equal.
pub(super) struct CommandIndex<'a>(HashMap<(UserId, CommandId), &'a Command>);

impl<'a> CommandIndex<'a> {
    pub(super) fn new(commands: &'a [Command]) -> Self {
        Self(commands.iter().map(|command| ((command.author, command.id), command)).collect())
    }

    pub(super) fn get(&self, author: UserId, id: CommandId) -> Option<&'a Command> {
        self.0.get(&(author, id)).copied()
    }
}

/// The texts of all edits in the log, by message. A client that missed an edit receives the newest text in place of the
/// message's.
pub(super) struct Edits<'a>(HashMap<(ConversationId, Seq), Vec<&'a str>>);

impl<'a> Edits<'a> {
    pub(super) fn new(log: &Log, commands: &CommandIndex<'a>) -> Self {
        let mut edits: HashMap<_, Vec<_>> = HashMap::new();
        for event in log.conversations.values().flatten() {
            let command = commands.get(event.author.id, event.id);
            if let Some(EventKind::Edit { seq, body, .. }) = command.map(|command| &command.kind) {
                edits.entry((event.conversation, *seq)).or_default().push(body.as_str());
            }
        }
        Self(edits)
    }

    /// Whether an edit ever gave the message this text.
    pub(super) fn contains(&self, conversation: ConversationId, message: Seq, text: &str) -> bool {
        self.0.get(&(conversation, message)).is_some_and(|edits| edits.contains(&text))
    }
}
