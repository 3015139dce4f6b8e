//! New ids for a job that may be decided several times.

use crate::{
    domain::{CommandId, ConversationId},
    server::rules::Ids,
};

/// Gives a job the same ids each time it is decided.
pub(super) struct RetriedIds {
    source: Box<dyn Ids>,
    commands: Drawn<CommandId>,
    conversations: Drawn<ConversationId>,
}

/// The ids that the present job has drawn, and how many of them in the present attempt.
#[derive(Debug)]
struct Drawn<T> {
    ids: Vec<T>,
    used: usize,
}

impl<T: Copy> Drawn<T> {
    const fn new() -> Self {
        Self { ids: Vec::new(), used: 0 }
    }

    fn next(&mut self, new: impl FnOnce() -> T) -> T {
        if self.used == self.ids.len() {
            self.ids.push(new());
        }
        self.used += 1;
        self.ids[self.used - 1]
    }
}

impl RetriedIds {
    pub(super) fn new(source: Box<dyn Ids>) -> Self {
        Self { source, commands: Drawn::new(), conversations: Drawn::new() }
    }

    /// Another job begins.
    pub(super) fn begin_job(&mut self) {
        self.commands = Drawn::new();
        self.conversations = Drawn::new();
    }

    /// The present job is decided once more.
    pub(super) fn begin_attempt(&mut self) {
        self.commands.used = 0;
        self.conversations.used = 0;
    }
}

impl Ids for RetriedIds {
    fn command(&mut self) -> CommandId {
        self.commands.next(|| self.source.command())
    }

    fn conversation(&mut self) -> ConversationId {
        self.conversations.next(|| self.source.conversation())
    }
}
