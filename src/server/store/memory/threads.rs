//! Threads, and what belongs to mentions, in the reference store.

use std::cmp::Reverse;

use async_trait::async_trait;

use crate::{
    domain::{ConversationId, MentionPage, MessagesPage, NicknameKey, Seq, ThreadPage, UserId},
    server::{
        rules::{MessageListener, Refusal},
        store::{
            error::StoreError,
            history::HistoryWindow,
            memory::{
                history::{message_size, take_while_fitting},
                memory_store::MemoryStore,
                state::State,
            },
            threads::{
                CompletionUsers, MAX_MEMBERS_COMPLETED, MAX_TOLD_LOOKED_AT, Threads, ToldSortKey, by_conversation,
                mention_page,
            },
        },
    },
};

impl State {
    fn messages_at(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seqs: &[Seq],
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let asked = row.messages().rev().filter(|(seq, _)| seqs.contains(seq));
        let messages = asked.map(|(seq, event)| self.full_message(row, seq, event));
        let (mut messages, is_complete) = take_while_fitting(messages, limit, bytes, message_size);
        messages.reverse();
        Ok(MessagesPage { messages, as_of: row.last_seq(), more: !is_complete })
    }

    fn thread(
        &self,
        reader: UserId,
        conversation: ConversationId,
        thread: Seq,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<ThreadPage, Refusal> {
        let (row, ..) = self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let first = row.event(thread).filter(|event| event.is_message() && event.kind.reply().is_none());
        let first = self.full_message(row, thread, first.ok_or(Refusal::UnknownMessage)?);
        let replies = row.replies(thread).map(|(seq, event)| self.full_message(row, seq, event));
        let (replies, is_complete) = match window {
            HistoryWindow::After(after) => {
                take_while_fitting(replies.filter(|reply| reply.seq > after), limit, bytes, message_size)
            }
            HistoryWindow::Newest | HistoryWindow::Before(_) => {
                let end = if let HistoryWindow::Before(end) = window { end } else { Seq(u64::MAX) };
                let newest_first = replies.rev().filter(|reply| reply.seq < end);
                let (mut replies, is_complete) = take_while_fitting(newest_first, limit, bytes, message_size);
                replies.reverse();
                (replies, is_complete)
            }
        };
        let messages = [first].into_iter().chain(replies).collect();
        let page = MessagesPage { messages, as_of: row.last_seq(), more: !is_complete };
        Ok(ThreadPage { page, muted: row.muted_threads.contains(&(thread, reader)) })
    }

    fn mentions(&self, reader: UserId, before: Option<ToldSortKey>, limit: u32, bytes: usize) -> MentionPage {
        let listed = self.conversations_of(reader).filter(|(_, member)| member.listed.is_some());
        let told = listed.flat_map(|(conversation, member)| {
            let row = &self.conversations[&conversation];
            row.listeners.iter().filter_map(move |(seq, listeners)| {
                let event = row.event(*seq)?;
                let is_told = listeners.contains(&MessageListener::User(reader))
                    || listeners.contains(&MessageListener::Everyone) && event.at >= member.joined_at;
                let is_by_other = event.author != reader && !self.blocks.contains_key(&(reader, event.author));
                (is_told && is_by_other).then_some(ToldSortKey { at: event.at, conversation, seq: *seq })
            })
        });
        let mut keys: Vec<ToldSortKey> = told.filter(|key| before.is_none_or(|before| *key < before)).collect();
        keys.sort_by_key(|key| Reverse(*key));
        keys.truncate(MAX_TOLD_LOOKED_AT.min(limit.saturating_add(1)) as usize);
        let pages = by_conversation(&keys).into_iter().filter_map(|(conversation, seqs)| {
            Some((conversation, self.messages_at(reader, conversation, &seqs, u32::MAX, bytes).ok()?))
        });
        mention_page(&keys, limit, pages)
    }

    fn completion_users(
        &self,
        reader: UserId,
        conversation: ConversationId,
        prefix: Option<&NicknameKey>,
        limit: u32,
    ) -> Result<CompletionUsers, Refusal> {
        self.listed(reader, conversation).ok_or(Refusal::NotMember)?;
        let is_member = |user: UserId| self.members.contains_key(&(conversation, user));
        let members = self.users.keys().filter(|user| is_member(**user)).take(MAX_MEMBERS_COMPLETED as usize);
        let holders = self.users.iter().filter_map(|(id, row)| Some((row.key.as_ref()?.as_str(), *id)));
        let mut found: Vec<_> = match prefix {
            Some(prefix) => holders.filter(|(key, _)| key.starts_with(prefix.as_str())).collect(),
            None => Vec::new(),
        };
        found.sort_unstable();
        found.truncate(limit as usize);
        Ok(CompletionUsers {
            members: members.map(|user| self.known_user(*user)).collect(),
            others: found.into_iter().map(|(_, user)| self.known_user(user)).collect(),
        })
    }
}

#[async_trait]
impl Threads for MemoryStore {
    async fn messages_at(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seqs: Vec<Seq>,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError> {
        Ok(self.read(|state| state.messages_at(reader, conversation, &seqs, u32::MAX, bytes))??)
    }

    async fn thread(
        &self,
        reader: UserId,
        conversation: ConversationId,
        thread: Seq,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<ThreadPage, StoreError> {
        Ok(self.read(|state| state.thread(reader, conversation, thread, window, limit, bytes))??)
    }

    async fn mentions(
        &self,
        reader: UserId,
        before: Option<ToldSortKey>,
        limit: u32,
        bytes: usize,
    ) -> Result<MentionPage, StoreError> {
        self.read(|state| state.mentions(reader, before, limit, bytes))
    }

    async fn completion_users(
        &self,
        reader: UserId,
        conversation: ConversationId,
        prefix: Option<NicknameKey>,
        limit: u32,
    ) -> Result<CompletionUsers, StoreError> {
        Ok(self.read(|state| state.completion_users(reader, conversation, prefix.as_ref(), limit))??)
    }
}
