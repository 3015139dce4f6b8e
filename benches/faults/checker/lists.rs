//! Checks the lists of conversations in the last welcomes: read marks, counts and settings, counted by hand from the log.

use std::collections::BTreeMap;

use teahouse::domain::{Conversation, ConversationId, Event, EventKind, MAX_UNREAD, Seq, UserId};

use crate::{
    checker::{findings::Findings, members::Members},
    history::{History, Log, UserSetting},
};

pub(super) fn check(history: &History, log: &Log, members: &Members, findings: &mut Findings) {
    let messages: BTreeMap<ConversationId, Vec<PresentMessage>> =
        log.conversations.iter().map(|(conversation, events)| (*conversation, present_messages(events))).collect();
    for (user, list) in &history.last_lists {
        let mut expected = expected_states(*user, log, members);
        for listed in list {
            let events = log.conversations.get(&listed.id).map_or(&[][..], Vec::as_slice);
            let Some(mut state) = expected.remove(&listed.id) else {
                findings.wrong.add(|| format!("{user} is no member of {listed:?}"));
                continue;
            };
            state.count(*user, messages.get(&listed.id).map_or(&[][..], Vec::as_slice));
            let last_seq = events.last().map_or(Seq::ZERO, |event| event.seq);
            if (ListedState::of(listed), listed.last_seq) != (state, last_seq) {
                findings.wrong.add(|| format!("the list of {user} has {listed:?}, and should have {state:?}"));
            }
        }
        // A direct without a message is in no list.
        for conversation in expected.keys().filter(|conversation| log.conversations.contains_key(conversation)) {
            findings.lost.add(|| format!("{conversation} is not in the list of {user}"));
        }
    }
}

/// What a user's list says of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ListedState {
    muted: bool,
    pinned: bool,
    read_seq: Seq,
    unread: u32,
    mentions: u32,
}

/// What a message is at the end, unless it was deleted.
struct PresentMessage<'a> {
    event: &'a Event,
    /// The event with its present text.
    text: &'a Event,
}

impl ListedState {
    fn of(listed: &Conversation) -> Self {
        let Conversation { muted, pinned, read_seq, unread, mentions, .. } = *listed;
        Self { muted, pinned, read_seq, unread, mentions }
    }

    fn count(&mut self, user: UserId, messages: &[PresentMessage]) {
        let unread =
            messages.iter().filter(|message| message.event.seq > self.read_seq && message.event.author.id != user);
        let told = unread.clone().filter(|message| message.tells(user));
        let counted = |count: usize| u32::try_from(count).unwrap_or(MAX_UNREAD).min(MAX_UNREAD);
        (self.unread, self.mentions) = (counted(unread.count()), counted(told.count()));
    }
}

impl PresentMessage<'_> {
    fn tells(&self, user: UserId) -> bool {
        let mut mentions = self.text.kind.mentions().iter();
        mentions.any(|mention| mention.user().is_none_or(|mentioned| mentioned.id == user))
            || self.event.kind.participants().contains(&user)
    }
}

fn present_messages(events: &[Event]) -> Vec<PresentMessage<'_>> {
    let mut messages: BTreeMap<Seq, PresentMessage> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::Message { .. } => {
                messages.insert(event.seq, PresentMessage { event, text: event });
            }
            EventKind::Edit { seq, .. } => {
                messages.get_mut(seq).into_iter().for_each(|message| message.text = event);
            }
            EventKind::Deletion { seq } => {
                messages.remove(seq);
            }
            _ => {}
        }
    }
    messages.into_values().collect()
}

/// The conversations of a user without their counts. The read mark begins at the event that made the user a member; an own
/// message moves it there, and the user may set it back.
fn expected_states(user: UserId, log: &Log, members: &Members) -> BTreeMap<ConversationId, ListedState> {
    let begun: BTreeMap<ConversationId, Seq> = members.conversations_of(user).collect();
    let mut states: BTreeMap<ConversationId, ListedState> = begun
        .iter()
        .map(|(conversation, first)| (*conversation, ListedState { read_seq: *first, ..ListedState::default() }))
        .collect();
    let mut newest: BTreeMap<ConversationId, Seq> = BTreeMap::new();
    for (position, entry) in &log.entries {
        if let Some((conversation, seq)) = *entry {
            newest.insert(conversation, seq);
            let events = log.conversations.get(&conversation).map_or(&[][..], Vec::as_slice);
            let is_own_message = events.binary_search_by_key(&seq, |event| event.seq).is_ok_and(|index| {
                events[index].author.id == user && matches!(events[index].kind, EventKind::Message { .. })
            });
            if let Some(state) = states.get_mut(&conversation).filter(|_| is_own_message) {
                state.read_seq = state.read_seq.max(seq);
            }
        }
        let Some(logged) = log.settings.get(position).filter(|logged| logged.user == user) else { continue };
        let Some(state) = states.get_mut(&logged.conversation) else { continue };
        match logged.setting {
            UserSetting::Muted(on) => state.muted = on,
            UserSetting::Pinned(on) => state.pinned = on,
            UserSetting::UnreadFrom(seq) => {
                let newest = newest.get(&logged.conversation).copied().unwrap_or(Seq::ZERO);
                state.read_seq = Seq(seq.0.saturating_sub(1)).min(newest);
            }
            UserSetting::ThreadMuted { .. } => {}
        }
    }
    states
}
