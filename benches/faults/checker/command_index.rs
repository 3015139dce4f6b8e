//! Commands, indexed for the checks.

use std::collections::HashMap;

use teahouse::domain::{CommandId, UserId};

use crate::history::Command;

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
