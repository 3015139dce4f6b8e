//! Judges a run. Pure: what it is given is all that it knows, and it uses nothing of the server or of the browser's
//! half but the vocabulary. A mistake in their folding would otherwise agree with itself.

mod commands;
mod log;
mod sights;
mod views;

use std::collections::HashMap;

use teahouse::domain::{CommandId, ConversationId, EventKind, Seq, UserId};

use super::history::{Command, History, Log};

/// How many examples of each kind are kept.
const EXAMPLES: usize = 5;

/// What is wrong with a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Acked, or told to somebody, and not there; or a hole where something must be.
    pub(crate) lost: Kind,
    /// Done twice, or told twice.
    pub(crate) duplicated: Kind,
    pub(crate) out_of_order: Kind,
    /// There, but not what was asked for, or shown to somebody otherwise than it is.
    pub(crate) wrong: Kind,
}

/// Findings of one kind.
#[derive(Debug, Default)]
pub(crate) struct Kind {
    pub(crate) count: u64,
    pub(crate) examples: Vec<String>,
}

impl Kind {
    fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }
}

impl Findings {
    pub(crate) fn kinds(&self) -> [(&'static str, &Kind); 4] {
        [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("out of order", &self.out_of_order),
            ("wrong", &self.wrong),
        ]
    }

    pub(crate) fn are_none(&self) -> bool {
        self.kinds().iter().all(|(_, kind)| kind.count == 0)
    }
}

/// Holds what clients did and saw against what the database holds.
pub(crate) fn check(history: &History, log: &Log) -> Findings {
    let mut findings = Findings::default();
    let asked = Asked::new(&history.commands);
    for surprise in &history.surprises {
        findings.wrong.add(|| surprise.clone());
    }
    log::check(log, &asked, &mut findings);
    commands::check(&history.commands, log, &mut findings);
    let edits = Edits::new(log, &asked);
    for reader in &history.readers {
        sights::check(reader, log, (&asked, &edits), &mut findings);
    }
    views::check(history, log, &mut findings);
    findings
}

/// The commands by author and id: ids of different users may be equal.
struct Asked<'a>(HashMap<(UserId, CommandId), &'a Command>);

impl<'a> Asked<'a> {
    fn new(commands: &'a [Command]) -> Self {
        Self(commands.iter().map(|command| ((command.author, command.id), command)).collect())
    }

    fn of(&self, author: UserId, id: CommandId) -> Option<&'a Command> {
        self.0.get(&(author, id)).copied()
    }
}

/// What the edits in the log said when they were made. Who missed them is told the newest of them in their message's place.
struct Edits<'a>(HashMap<(ConversationId, Seq), Vec<&'a str>>);

impl<'a> Edits<'a> {
    fn new(log: &Log, asked: &Asked<'a>) -> Self {
        let mut edits: HashMap<_, Vec<_>> = HashMap::new();
        for event in log.conversations.values().flatten() {
            let command = asked.of(event.author.id, event.id);
            if let Some(EventKind::Edit { seq, body }) = command.map(|command| &command.kind) {
                edits.entry((event.conversation, *seq)).or_default().push(body.as_str());
            }
        }
        Self(edits)
    }

    /// Whether the message of that place ever said this after an edit.
    fn have_said(&self, conversation: ConversationId, message: Seq, words: &str) -> bool {
        self.0.get(&(conversation, message)).is_some_and(|edits| edits.contains(&words))
    }
}
