//! What the log comes to: folded here once more, in the plainest way, and held against what the server gives and what
//! clients made of what they heard.

use std::collections::BTreeMap;

use teahouse::domain::{ConversationId, Event, EventKind, Message, Seq, User};

use crate::{
    checker::findings::Findings,
    history::{History, Log},
};

pub(super) fn check(history: &History, log: &Log, findings: &mut Findings) {
    let folded: BTreeMap<ConversationId, BTreeMap<Seq, Folded>> =
        log.conversations.iter().map(|(conversation, events)| (*conversation, fold(events))).collect();
    let nothing = BTreeMap::new();
    for (conversation, messages) in &folded {
        let served = history.served.get(conversation).map_or(&[][..], Vec::as_slice);
        compare("the server", *conversation, messages.values(), served, findings);
    }
    for reader in &history.readers {
        for view in &reader.views {
            let messages = folded.get(&view.conversation).unwrap_or(&nothing);
            let first =
                if view.is_whole { Seq::ZERO } else { view.messages.first().map_or(Seq(u64::MAX), |first| first.seq) };
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
                    .add(|| format!("{} has come to {} of {last} in {}", reader.name, view.cursor, view.conversation));
            }
        }
    }
}

fn compare<'a>(
    whose: &str,
    conversation: ConversationId,
    folded: impl Iterator<Item = &'a Folded<'a>>,
    shown: &[Message],
    findings: &mut Findings,
) {
    let mut shown: BTreeMap<Seq, &Message> = shown.iter().map(|message| (message.seq, message)).collect();
    for message in folded {
        let shown = shown.remove(&message.event.seq);
        if !shown.is_some_and(|shown| message.is(shown)) {
            findings.wrong.add(|| format!("{whose} in {conversation}: {shown:?} where the log comes to {message:?}"));
        }
    }
    for seq in shown.keys() {
        findings.wrong.add(|| format!("{whose} in {conversation}: message {seq} is shown, and is not in the log"));
    }
}

/// A message after everything that happened to it.
#[derive(Debug)]
struct Folded<'a> {
    /// What wrote it.
    event: &'a Event,
    words: &'a str,
    /// The last event that concerned it.
    last: &'a Event,
    edited: Option<&'a Event>,
    is_deleted: bool,
    reactions: BTreeMap<&'a str, Vec<&'a User>>,
}

fn fold(events: &[Event]) -> BTreeMap<Seq, Folded<'_>> {
    let mut messages = BTreeMap::new();
    for event in events {
        if let EventKind::Message { body } = &event.kind {
            let message = Folded {
                event,
                words: body.as_str(),
                last: event,
                edited: None,
                is_deleted: false,
                reactions: BTreeMap::new(),
            };
            messages.insert(event.seq, message);
        } else if let Some(message) = event.kind.target().and_then(|target| messages.get_mut(&target)) {
            message.take(event);
        }
    }
    messages
}

impl<'a> Folded<'a> {
    fn take(&mut self, event: &'a Event) {
        self.last = event;
        match &event.kind {
            EventKind::Message { .. } | EventKind::Notice(_) | EventKind::AccountDeleted | EventKind::Other => {}
            EventKind::Edit { body, .. } => {
                self.words = body.as_str();
                self.edited = Some(event);
            }
            EventKind::Deletion { .. } => {
                self.words = "";
                self.edited = None;
                self.is_deleted = true;
                self.reactions.clear();
            }
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

    fn is(&self, shown: &Message) -> bool {
        let reactions =
            shown.reactions.iter().map(|reaction| (reaction.emoji.as_str(), reaction.users.iter().collect()));
        (shown.id, shown.at, &shown.author) == (self.event.id, self.event.at, &self.event.author)
            && shown.body.as_str() == self.words
            && shown.revision == self.last.seq
            && shown.edited_at == self.edited.map(|event| event.at)
            && shown.deleted == self.is_deleted
            && reactions.eq(self.reactions.iter().map(|(emoji, users)| (*emoji, users.clone())))
    }
}
