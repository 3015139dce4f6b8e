//! Who is told of which message, and the replies of threads, as the events of a conversation say.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::{
    domain::{ConversationId, Mention, UserId},
    server::{rules::MessageListener, store::sqlite::verify::findings::Findings},
};

/// Who is told of one message.
struct ToldUsers {
    at: i64,
    author: UserId,
    participants: Vec<UserId>,
    listeners: BTreeSet<MessageListener>,
}

/// What becomes of the events of one conversation.
#[derive(Default)]
pub(super) struct ListenerFold {
    /// By the seq of the message.
    told: BTreeMap<i64, ToldUsers>,
    /// By thread and seq: the author's number.
    replies: BTreeMap<(i64, i64), i64>,
}

impl ListenerFold {
    pub(super) fn add_message(
        &mut self,
        (seq, at): (i64, i64),
        author: UserId,
        mentions: &[Mention],
        participants: Vec<UserId>,
    ) {
        if !mentions.is_empty() || !participants.is_empty() {
            self.told.insert(seq, ToldUsers { at, author, participants, listeners: BTreeSet::new() });
            self.set_mentions(seq, mentions);
        }
    }

    pub(super) fn add_reply(&mut self, thread: i64, seq: i64, author: i64) {
        self.replies.insert((thread, seq), author);
    }

    pub(super) fn set_mentions(&mut self, message: i64, mentions: &[Mention]) {
        if let Some(told) = self.told.get_mut(&message) {
            let participants = told.participants.iter().copied().map(MessageListener::User);
            let author = MessageListener::User(told.author);
            told.listeners = mentions
                .iter()
                .map(MessageListener::of)
                .chain(participants)
                .filter(|listener| *listener != author)
                .collect();
        }
    }

    pub(super) fn delete(&mut self, message: i64) {
        self.told.remove(&message);
    }

    /// Whoever left has been told of nothing since; whoever is in the conversation since before a message must be told of it.
    /// The log may have lost who was mentioned before an edit, so that only the present mentions count.
    pub(super) fn compare(
        mut self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare_cached(
            "SELECT l.seq, u.id FROM listeners l LEFT JOIN users u ON u.number = l.user WHERE l.conversation = ?1",
        )?;
        let mut rows = select.query([number])?;
        while let Some(row) = rows.next()? {
            let (seq, user): (i64, Option<UserId>) = (row.get(0)?, row.get(1)?);
            let listener = user.map_or(MessageListener::Everyone, MessageListener::User);
            if !self.told.get_mut(&seq).is_some_and(|told| told.listeners.remove(&listener)) {
                findings.add("listener", format_args!("conversation {id}: {listener:?} is told of message {seq}"));
            }
        }
        let mut select = db.prepare_cached(
            "SELECT 1 FROM members m JOIN users u ON u.number = m.user
              WHERE m.conversation = ?1 AND u.id = ?2 AND m.joined_at < ?3 AND u.nickname <> ''",
        )?;
        for (seq, told) in &self.told {
            for listener in &told.listeners {
                let is_missing = match listener {
                    MessageListener::Everyone => true,
                    MessageListener::User(user) => select.exists(rusqlite::params![number, user, told.at])?,
                };
                if is_missing {
                    let problem = format_args!("conversation {id}: {listener:?} is not told of message {seq}");
                    findings.add("listener", problem);
                }
            }
        }
        self.compare_replies(db, number, id, findings)
    }

    fn compare_replies(
        &mut self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare_cached("SELECT thread, seq, author FROM replies WHERE conversation = ?1")?;
        let mut rows = select.query([number])?;
        while let Some(row) = rows.next()? {
            let (thread, seq, author): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if self.replies.remove(&(thread, seq)) != Some(author) {
                findings.add("reply", format_args!("conversation {id}: reply {seq} differs from the log"));
            }
        }
        for (thread, seq) in self.replies.keys() {
            findings.add("reply", format_args!("conversation {id}: reply {seq} in thread {thread} is missing"));
        }
        Ok(())
    }
}
