//! Reading what became of messages from the reference store: pins, earlier texts, changes.

use std::cmp::Reverse;

use async_trait::async_trait;

use crate::{
    domain::{ChangesPage, ConversationId, EventKind, MessageHistory, PinnedMessages, Seq, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            memory::{
                history::{event_size, take_while_fitting},
                memory_store::MemoryStore,
                state::State,
            },
            message_changes::{MAX_VERSIONS, MessageChanges, is_change_of, version_of},
        },
    },
};

impl State {
    fn pinned_messages(&self, reader: UserId, conversation: ConversationId) -> Result<PinnedMessages, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let mut pins: Vec<(Seq, Seq)> = row.pins.iter().map(|(seq, pinned_by)| (*seq, *pinned_by)).collect();
        pins.sort_by_key(|(_, pinned_by)| Reverse(*pinned_by));
        let messages = pins.iter().filter_map(|(seq, _)| Some(self.full_message(row, *seq, row.event(*seq)?)));
        Ok(PinnedMessages { messages: messages.collect(), as_of: row.last_seq() })
    }

    fn message_history(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<MessageHistory, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let is_readable = row.event(seq).is_some_and(|event| event.is_message() && !row.is_deleted(seq));
        if !is_readable {
            return Err(Refusal::UnknownMessage);
        }
        let events = row.numbered().filter(|(other, event)| {
            *other == seq || matches!(event.kind, EventKind::Edit { seq: edited, .. } if edited == seq)
        });
        let events = events.rev().take(MAX_VERSIONS as usize);
        let mut versions: Vec<_> =
            events.filter_map(|(seq, event)| version_of(self.present_event(conversation, seq, event))).collect();
        versions.reverse();
        Ok(MessageHistory { versions })
    }

    fn changes(
        &self,
        reader: UserId,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<ChangesPage, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let events = row.numbered().filter(|(seq, event)| *seq > after && is_change_of(&event.kind, after));
        let events = events.map(|(seq, event)| self.present_event(conversation, seq, event));
        let (events, is_complete) = take_while_fitting(events, limit, bytes, event_size);
        Ok(ChangesPage { events, as_of: row.last_seq(), more: !is_complete })
    }
}

#[async_trait]
impl MessageChanges for MemoryStore {
    async fn pinned_messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
    ) -> Result<PinnedMessages, StoreError> {
        Ok(self.read(|state| state.pinned_messages(reader, conversation))??)
    }

    async fn message_history(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<MessageHistory, StoreError> {
        Ok(self.read(|state| state.message_history(reader, conversation, seq))??)
    }

    async fn changes(
        &self,
        reader: UserId,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<ChangesPage, StoreError> {
        Ok(self.read(|state| state.changes(reader, conversation, after, limit, bytes))??)
    }
}
