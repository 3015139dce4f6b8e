//! Checks whom texts mention: those whom they name, as far as they were members when the message was sent, and in an edit nobody
//! whom the message did not mention before. Finds the names by a rule of its own, which suffices for the texts of the writers.

use std::collections::BTreeMap;

use teahouse::domain::{ConversationId, Event, EventKind, Mention, Mentioned, Seq, User};

use crate::{
    checker::{command_index::CommandIndex, findings::Findings, members::Members},
    history::Log,
};

/// What stands for everyone in a room.
const EVERYONE: [&str; 3] = ["room", "everyone", "所有人"];

/// Who may be mentioned in a text, by name. `None` stands for everyone.
type Names<'a> = Vec<(&'a str, Option<&'a User>)>;

/// Knows whom each text should mention.
pub(super) struct MentionRules<'a> {
    members: &'a Members<'a>,
    commands: &'a CommandIndex<'a>,
    /// The messages of each conversation.
    messages: BTreeMap<(ConversationId, Seq), &'a Event>,
}

impl<'a> MentionRules<'a> {
    pub(super) fn new(members: &'a Members<'a>, commands: &'a CommandIndex<'a>, log: &'a Log) -> Self {
        let events = log.conversations.values().flatten();
        let messages = events.filter(|event| matches!(event.kind, EventKind::Message { .. }));
        Self { members, commands, messages: messages.map(|event| ((event.conversation, event.seq), event)).collect() }
    }

    /// Checks an event as the log or a reader has it.
    pub(super) fn check(&self, event: &Event, source: impl Fn() -> String, findings: &mut Findings) {
        let expected = match &event.kind {
            EventKind::Message { body, .. } => mentions(body.as_str(), || self.names_in(event)),
            EventKind::Edit { seq, body, .. } => {
                let first = self.messages.get(&(event.conversation, *seq));
                let before = || first.map(|first| self.mentioned_by(first)).unwrap_or_default();
                mentions(body.as_str(), || self.names_of(&before()))
            }
            _ => return,
        };
        if expected != event.kind.mentions() {
            findings.wrong.add(|| format!("{}: {event:?} should mention {expected:?}", source()));
        }
    }

    /// Whom a message mentioned when it was sent, also if its text is removed. `None` stands for everyone.
    pub(super) fn mentioned_by(&self, message: &Event) -> Vec<Option<&'a User>> {
        let command = self.commands.get(message.author.id, message.id);
        let Some(EventKind::Message { body, .. }) = command.and_then(|command| command.kind.event()) else {
            return Vec::new();
        };
        let found = found(body.as_str(), || self.names_in(message));
        found.into_iter().map(|(_, _, whom)| whom).collect()
    }

    /// The names of the members when a message was sent, and of everyone if its author might.
    fn names_in(&self, message: &Event) -> Names<'a> {
        let (conversation, seq) = (message.conversation, message.seq);
        let members = self.members.at(conversation, seq).map(|user| (user.nickname.as_str(), Some(user)));
        let may_name_everyone = self.members.is_moderator(conversation, message.author.id, seq);
        members.chain(EVERYONE.into_iter().filter(|_| may_name_everyone).map(|name| (name, None))).collect()
    }

    fn names_of(&self, whom: &[Option<&User>]) -> Names<'a> {
        let users = self.members.everybody().map(|user| (user.nickname.as_str(), Some(user)));
        let names = users.chain(EVERYONE.map(|name| (name, None)));
        names.filter(|(_, named)| whom.contains(named)).collect()
    }
}

fn mentions<'a>(text: &str, names: impl FnOnce() -> Names<'a>) -> Vec<Mention> {
    let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let whom = |user: Option<&User>| user.cloned().map_or(Mentioned::Everyone, Mentioned::User);
    let found = found(text, names).into_iter();
    found.map(|(start, end, user)| Mention { start: place(start), end: place(end), whom: whom(user) }).collect()
}

/// Where a text names somebody: from the `@` to the end of the longest name.
fn found<'a>(text: &str, names: impl FnOnce() -> Names<'a>) -> Vec<(usize, usize, Option<&'a User>)> {
    let mut found = Vec::new();
    if !text.contains('@') {
        return found;
    }
    let names = names();
    for (start, _) in text.match_indices('@') {
        let before = text[..start].chars().next_back();
        // An address of a mail, or code.
        if before.is_some_and(|before| before.is_ascii_alphanumeric() || before == '`') {
            continue;
        }
        let rest = &text[start + 1..];
        let is_here = |name: &str| {
            rest.get(..name.len()).is_some_and(|named| named.eq_ignore_ascii_case(name))
                && !rest[name.len()..].starts_with(char::is_alphanumeric)
        };
        let longest = names.iter().filter(|(name, _)| is_here(name)).max_by_key(|(name, _)| name.len());
        found.extend(longest.map(|(name, whom)| (start, start + 1 + name.len(), *whom)));
    }
    found
}
