//! Reading messages and events from the reference store.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Mention, Message, MessagesPage, Reaction, Seq, Timestamp, User,
        UserId,
    },
    server::{
        rules::Refusal,
        store::{
            history::{FoundMessage, HistoryWindow, MessageLookup},
            memory::{
                rows::{ConversationRow, EventRow},
                state::State,
            },
        },
    },
};

/// Roughly how many bytes an event takes on the wire, besides its text.
pub(super) const EVENT_BYTES: usize = 40;

/// Roughly how many bytes a reaction of one user takes on the wire: an id, a nickname and the JSON around them.
const REACTION_BYTES: usize = 100;

/// Takes items while they fit, and the first one in any case. Returns whether all fit.
pub(super) fn take_while_fitting<T>(
    items: impl Iterator<Item = T>,
    limit: u32,
    mut bytes: usize,
    size_of: impl Fn(&T) -> usize,
) -> (Vec<T>, bool) {
    let mut taken = Vec::new();
    for item in items {
        let size = size_of(&item);
        if taken.len() == limit as usize || (size > bytes && !taken.is_empty()) {
            return (taken, false);
        }
        bytes = bytes.saturating_sub(size);
        taken.push(item);
    }
    (taken, true)
}

impl State {
    pub(crate) fn messages_page(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let messages = row.messages().map(|(seq, event)| self.full_message(row, seq, event));
        let (messages, is_complete) = match window {
            HistoryWindow::After(after) => {
                take_while_fitting(messages.filter(|message| message.seq > after), limit, bytes, message_size)
            }
            HistoryWindow::Newest | HistoryWindow::Before(_) => {
                let end = if let HistoryWindow::Before(end) = window { end } else { Seq(u64::MAX) };
                let newest_first = messages.rev().filter(|message| message.seq < end);
                let (mut messages, is_complete) = take_while_fitting(newest_first, limit, bytes, message_size);
                messages.reverse();
                (messages, is_complete)
            }
        };
        Ok(MessagesPage { messages, as_of: row.last_seq(), more: !is_complete })
    }

    /// A message as members see it.
    pub(crate) fn full_message(&self, row: &ConversationRow, seq: Seq, event: &EventRow) -> Message {
        let mut message = self.bare_message(row, seq, event);
        message.reactions = self.reactions_of(row, seq);
        message.mentions = row.mentions(seq).to_vec();
        if let Some(noticed) = message.noticed_user_mut() {
            self.hide_former_name(noticed);
        }
        message.mentions.iter_mut().filter_map(Mention::user_mut).for_each(|user| *user = self.known_user(user.id));
        message
    }

    /// A message without its reactions and mentions.
    fn bare_message(&self, row: &ConversationRow, seq: Seq, event: &EventRow) -> Message {
        let state = row.states.get(&seq);
        let (original, notice, room) = match &event.kind {
            EventKind::Message { body, .. } => (body.clone(), None, None),
            EventKind::Notice(notice) => (Body::deleted(), Some(notice.clone()), None),
            EventKind::Room(change) => (Body::deleted(), None, Some(change.clone())),
            _ => (Body::deleted(), None, None),
        };
        Message {
            seq,
            id: event.id,
            at: event.at,
            author: self.known_user(event.author),
            body: state.and_then(|state| state.body.clone()).unwrap_or(original),
            mentions: Vec::new(),
            reply: event.kind.reply(),
            replies: state.map_or(0, |state| state.replies),
            pinned: row.pins.contains_key(&seq),
            revision: state.map_or(seq, |state| state.revision),
            edited_at: state.and_then(|state| state.edited_at),
            deleted: row.is_deleted(seq),
            reactions: Vec::new(),
            notice,
            room,
        }
    }

    fn reactions_of(&self, row: &ConversationRow, message: Seq) -> Vec<Reaction> {
        let mut by_emoji: BTreeMap<&Emoji, Vec<(Seq, User)>> = BTreeMap::new();
        for ((_, emoji, user), added) in row.reactions.iter().filter(|((seq, ..), _)| *seq == message) {
            by_emoji.entry(emoji).or_default().push((*added, self.known_user(*user)));
        }
        let sorted = |(emoji, mut users): (&Emoji, Vec<(Seq, User)>)| {
            users.sort_by_key(|(added, _)| *added);
            Reaction { emoji: emoji.clone(), users: users.into_iter().map(|(_, user)| user).collect() }
        };
        by_emoji.into_iter().map(sorted).collect()
    }

    pub(super) fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Vec<FoundMessage> {
        let found = self.conversations.iter().flat_map(|(id, row)| {
            row.messages().map(|(seq, event)| (*id, event.author, self.bare_message(row, seq, event)))
        });
        let mut found: Vec<(ConversationId, Message)> = match lookup {
            MessageLookup::InConversation(conversation) => {
                found.filter(|(id, ..)| *id == conversation).map(|(id, _, message)| (id, message)).collect()
            }
            MessageLookup::ByAuthor(user) => {
                let own = found.filter(|(id, author, _)| *author == user && self.members.contains_key(&(*id, user)));
                own.map(|(id, _, message)| (id, message)).collect()
            }
        };
        match lookup {
            MessageLookup::InConversation(_) => found.sort_by_key(|(_, message)| Reverse(message.seq)),
            MessageLookup::ByAuthor(_) => found.sort_by_key(|(id, message)| Reverse((message.at, *id, message.seq))),
        }
        let messages = found.into_iter().map(|(conversation, message)| FoundMessage { conversation, message });
        messages.take(limit as usize).collect()
    }

    pub(super) fn events_between(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Vec<Event> {
        let Some(row) = self.conversations.get(&conversation) else { return Vec::new() };
        let events = row.numbered().filter(|(seq, _)| *seq > after && *seq <= up_to);
        let events = events.map(|(seq, event)| self.present_event(conversation, seq, event));
        take_while_fitting(events, limit, bytes, event_size).0
    }

    /// An event with the present names.
    pub(super) fn present_event(&self, conversation: ConversationId, seq: Seq, event: &EventRow) -> Event {
        let mut kind = event.kind.clone();
        if let Some(noticed) = kind.noticed_user_mut() {
            self.hide_former_name(noticed);
        }
        kind.mentioned_users_mut().for_each(|user| *user = self.known_user(user.id));
        Event { conversation, seq, at: event.at, author: self.known_user(event.author), id: event.id, kind }
    }

    pub(super) fn due_for_retention(&self, before: Timestamp, limit: u32) -> Vec<ConversationId> {
        let before = self.machine_time(before);
        let is_due = |row: &ConversationRow| row.event(row.retained.next()).is_some_and(|event| event.at < before);
        let due = self.conversations.iter().filter(|(_, row)| is_due(row)).map(|(id, _)| *id);
        due.take(limit as usize).collect()
    }
}

/// Roughly how many bytes of text a message has, reactions included.
pub(super) fn message_size(message: &Message) -> usize {
    let reactions: usize = message.reactions.iter().map(|reaction| reaction.users.len()).sum();
    message.body.as_str().len() + reactions * REACTION_BYTES
}

/// Roughly how many bytes an event takes on the wire.
pub(super) fn event_size(event: &Event) -> usize {
    let text = if let EventKind::Message { body, .. } | EventKind::Edit { body, .. } = &event.kind {
        body.as_str()
    } else {
        ""
    };
    text.len() + EVENT_BYTES
}
