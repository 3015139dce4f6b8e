//! Folds the log once more, in the simplest way, and compares the result with what the server returns and with what
//! readers folded.

use std::collections::BTreeMap;

use teahouse::domain::{ConversationId, Event, EventKind, Mention, Message, Seq, User};

use crate::{
    checker::findings::Findings,
    history::{History, Log},
};

pub(super) fn check(history: &History, log: &Log, findings: &mut Findings) {
    let expected: BTreeMap<ConversationId, BTreeMap<Seq, FoldedMessage>> =
        log.conversations.iter().map(|(conversation, events)| (*conversation, fold(events))).collect();
    let no_messages = BTreeMap::new();
    for (conversation, messages) in &expected {
        let served = history.served.get(conversation).map_or(&[][..], Vec::as_slice);
        compare("the server", *conversation, messages.values(), served, findings);
    }
    for reader in &history.readers {
        for view in &reader.views {
            let messages = expected.get(&view.conversation).unwrap_or(&no_messages);
            let first = if view.starts_at_first_message {
                Seq::ZERO
            } else {
                view.messages.first().map_or(Seq(u64::MAX), |first| first.seq)
            };
            compare(
                &reader.name,
                view.conversation,
                messages.range(first..).map(|(_, message)| message),
                &view.messages,
                findings,
            );
            let last = log
                .conversations
                .get(&view.conversation)
                .and_then(|events| events.last())
                .map_or(Seq::ZERO, |event| event.seq);
            if view.cursor != last {
                findings
                    .lost
                    .add(|| format!("{} reached {} of {last} in {}", reader.name, view.cursor, view.conversation));
            }
        }
    }
}

fn compare<'a>(
    source: &str,
    conversation: ConversationId,
    expected: impl Iterator<Item = &'a FoldedMessage<'a>>,
    actual: &[Message],
    findings: &mut Findings,
) {
    let mut actual: BTreeMap<Seq, &Message> = actual.iter().map(|message| (message.seq, message)).collect();
    for message in expected {
        let actual = actual.remove(&message.event.seq);
        if !actual.is_some_and(|actual| message.matches(actual)) {
            findings.wrong.add(|| format!("{source} in {conversation}: {actual:?} but the log gives {message:?}"));
        }
    }
    for seq in actual.keys() {
        findings.wrong.add(|| format!("{source} in {conversation}: message {seq} is shown but is not in the log"));
    }
}

/// A message after all events that changed it.
#[derive(Debug)]
struct FoldedMessage<'a> {
    /// The event that created the message.
    event: &'a Event,
    text: &'a str,
    mentions: &'a [Mention],
    /// The last event that changed it.
    last: &'a Event,
    edited: Option<&'a Event>,
    is_deleted: bool,
    is_pinned: bool,
    reactions: BTreeMap<&'a str, Vec<&'a User>>,
    /// How many messages are in the thread that it begins.
    replies: u32,
}

fn fold(events: &[Event]) -> BTreeMap<Seq, FoldedMessage<'_>> {
    let mut messages = BTreeMap::new();
    for event in events {
        let text = match &event.kind {
            EventKind::Message { body, .. } => Some(body.as_str()),
            EventKind::Notice(_) | EventKind::Room(_) => Some(""),
            _ => None,
        };
        if let Some(text) = text {
            let (is_deleted, is_pinned, reactions, replies) = (false, false, BTreeMap::new(), 0);
            let (mentions, last, edited) = (event.kind.mentions(), event, None);
            let message =
                FoldedMessage { event, text, mentions, last, edited, is_deleted, is_pinned, reactions, replies };
            messages.insert(event.seq, message);
            if let Some(first) = event.kind.reply().and_then(|reply| messages.get_mut(&reply.thread)) {
                first.last = event;
                first.replies += 1;
            }
        } else if let Some(message) = event.kind.target().and_then(|target| messages.get_mut(&target)) {
            message.apply(event);
        }
    }
    messages
}

impl<'a> FoldedMessage<'a> {
    fn apply(&mut self, event: &'a Event) {
        self.last = event;
        match &event.kind {
            EventKind::Message { .. }
            | EventKind::Notice(_)
            | EventKind::Room(_)
            | EventKind::AccountDeleted
            | EventKind::Other => {}
            EventKind::Edit { body, mentions, .. } => {
                (self.text, self.mentions) = (body.as_str(), mentions);
                self.edited = Some(event);
            }
            EventKind::Deletion { .. } => {
                (self.text, self.mentions) = ("", &[]);
                self.edited = None;
                self.is_deleted = true;
                self.is_pinned = false;
                self.reactions.clear();
            }
            EventKind::Pin { on, .. } => self.is_pinned = *on,
            EventKind::Reaction { emoji, on, .. } => {
                let users = self.reactions.entry(emoji.as_str()).or_default();
                if !on {
                    users.retain(|user| **user != event.author);
                } else if !users.contains(&&event.author) {
                    users.push(&event.author);
                }
                self.reactions.retain(|_, users| !users.is_empty());
            }
        }
    }

    fn matches(&self, actual: &Message) -> bool {
        let reactions =
            actual.reactions.iter().map(|reaction| (reaction.emoji.as_str(), reaction.users.iter().collect()));
        (actual.id, actual.at, &actual.author) == (self.event.id, self.event.at, &self.event.author)
            && (actual.body.as_str(), &actual.mentions[..]) == (self.text, self.mentions)
            && actual.revision == self.last.seq
            && actual.edited_at == self.edited.map(|event| event.at)
            && actual.deleted == self.is_deleted
            && (actual.reply, actual.replies) == (self.event.kind.reply(), self.replies)
            && actual.pinned == self.is_pinned
            && self.event.kind.room_change() == actual.room.as_ref()
            && reactions.eq(self.reactions.iter().map(|(emoji, users)| (*emoji, users.clone())))
    }
}
