//! Reading threads, single messages, what a user was told of, and whose nickname somebody may be typing.

use std::{collections::HashMap, fmt, str::FromStr};

use async_trait::async_trait;

use crate::{
    domain::{
        ConversationId, MentionPage, Message, MessagesPage, NicknameKey, Seq, ThreadPage, Timestamp, ToldMessage, User,
        UserId,
    },
    server::store::{error::StoreError, history::HistoryWindow},
};

/// How many of the messages that a user was told of are looked at for a page. The blocks of the user leave some of them out.
pub(super) const MAX_TOLD_LOOKED_AT: u32 = 2_000;

/// How many members are looked at for a completion.
pub(super) const MAX_MEMBERS_COMPLETED: u32 = 5_000;

/// The sort key of a message in the list of what a user was told of. The next page starts behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToldSortKey {
    pub at: Timestamp,
    pub conversation: ConversationId,
    pub seq: Seq,
}

impl fmt::Display for ToldSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.0, self.conversation, self.seq)
    }
}

impl FromStr for ToldSortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // SQL's integers end at 2^63 - 1.
        let number = |text: &str| text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok()).ok_or(());
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(());
        let (at, conversation, seq) = (part()?, part()?, part()?);
        Ok(Self {
            at: Timestamp(number(at)?),
            conversation: conversation.parse().map_err(drop)?,
            seq: Seq(number(seq)?),
        })
    }
}

/// The messages that a page is made of, by conversation, so that each conversation is read once.
pub(super) fn by_conversation(keys: &[ToldSortKey]) -> Vec<(ConversationId, Vec<Seq>)> {
    let mut groups: Vec<(ConversationId, Vec<Seq>)> = Vec::new();
    for key in keys {
        match groups.iter_mut().find(|(conversation, _)| *conversation == key.conversation) {
            Some((_, seqs)) => seqs.push(key.seq),
            None => groups.push((key.conversation, vec![key.seq])),
        }
    }
    groups
}

/// A page of what a user was told of, from one key more than asked for, and the messages. It ends before a message that did not
/// fit into the page of its conversation.
pub(super) fn mention_page(
    keys: &[ToldSortKey],
    limit: u32,
    pages: impl IntoIterator<Item = (ConversationId, MessagesPage)>,
) -> MentionPage {
    let mut messages: HashMap<(ConversationId, Seq), Message> = HashMap::new();
    let mut cut = Vec::new();
    for (conversation, page) in pages {
        if page.more {
            cut.push(conversation);
        }
        messages.extend(page.messages.into_iter().map(|message| ((conversation, message.seq), message)));
    }
    let mut mentions = Vec::new();
    let mut last: Option<&ToldSortKey> = None;
    for (key, count) in keys.iter().zip(0..) {
        let message = messages.remove(&(key.conversation, key.seq));
        let is_behind = count >= limit || message.is_none() && cut.contains(&key.conversation);
        if is_behind && last.is_some() {
            return MentionPage { mentions, older: last.map(ToString::to_string) };
        }
        last = Some(key);
        mentions.extend(message.map(|message| ToldMessage { conversation: key.conversation, message }));
    }
    MentionPage { mentions, older: None }
}

/// Users among whom a completion looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompletionUsers {
    /// Members of the conversation, by age of their accounts: at most [`MAX_MEMBERS_COMPLETED`].
    pub members: Vec<User>,
    /// Users whose nickname key begins as asked for, by that key.
    pub others: Vec<User>,
}

/// Reading threads, and what belongs to mentions.
#[async_trait]
pub(crate) trait Threads: Send + Sync {
    /// The messages at these seqs, in ascending order; at most about `bytes` bytes, but at least one: `more` says whether some
    /// were left out, the oldest ones.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the conversation is not in the reader's list.
    async fn messages_at(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seqs: Vec<Seq>,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError>;

    /// The first message of a thread, and at most `limit` of its replies.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the conversation is not in the reader's list, and
    /// [`Refusal::UnknownMessage`](crate::server::rules::Refusal::UnknownMessage) if no message there begins a thread.
    async fn thread(
        &self,
        reader: UserId,
        conversation: ConversationId,
        thread: Seq,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<ThreadPage, StoreError>;

    /// At most `limit` messages that the reader was told of, the newest first, in conversations that are in the reader's list.
    async fn mentions(
        &self,
        reader: UserId,
        before: Option<ToldSortKey>,
        limit: u32,
        bytes: usize,
    ) -> Result<MentionPage, StoreError>;

    /// The members of a conversation, and at most `limit` users who hold a nickname whose key begins with `prefix`.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the conversation is not in the reader's list.
    async fn completion_users(
        &self,
        reader: UserId,
        conversation: ConversationId,
        prefix: Option<NicknameKey>,
        limit: u32,
    ) -> Result<CompletionUsers, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let key = ToldSortKey { at: Timestamp(7), conversation: ConversationId::generate(), seq: Seq(42) };
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "..", "1.2.3", "-1.00000000-0000-0000-0000-000000000000.1"] {
            assert_eq!(text.parse::<ToldSortKey>(), Err(()), "{text}");
        }
    }
}
