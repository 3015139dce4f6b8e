//! Staging: messages that are durable and not in their tables yet.
//!
//! A message in a direct changes pages of the database that no other message of its commit changes, and each page is written
//! to the disk as a whole. When many directs are busy at once, a commit writes all its messages into one row of the staging
//! table (`journal` in SQL) instead. They are moved to their tables later, one conversation after the other, so that each
//! page is written once for many messages.
//!
//! [`Staging`] is the copy in memory of the rows in that table, without the messages that have been moved already. After
//! a failed transaction it is dropped and loaded again.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rusqlite::{Connection, params};

use crate::{
    domain::{CommandId, ConversationId, Seq, Timestamp, UserId},
    server::store::{
        error::StoreError,
        events::EventPosition,
        sqlite::tables::{
            events::PendingMessage,
            read_marks::save_author_mark,
            staging_rows::{decode_row, encode_message},
        },
    },
};

#[derive(Debug, Default)]
pub(crate) struct Staging {
    /// The staged messages of each conversation, the oldest first. No queue is empty.
    conversations: HashMap<ConversationId, VecDeque<StagedMessage>>,
    /// The conversations by the number of their oldest staged message: the order in which they are flushed.
    flush_order: BTreeMap<u64, ConversationId>,
    /// The command of each staged message, to recognise it when it is sent again.
    commands: HashMap<(UserId, CommandId), EventPosition>,
    /// The number of the message that was staged last. Counts since this value was loaded.
    last_number: u64,
    /// The encoded messages of the current commit, which become one row.
    row: Vec<u8>,
    /// The id of the newest row of the table.
    last_row: i64,
    /// Rows before this one have been deleted.
    first_row: i64,
}

#[derive(Debug)]
struct StagedMessage {
    /// Numbers the messages in the order in which they were staged.
    number: u64,
    /// The id of the row of the table that holds it.
    row: i64,
    message: PendingMessage,
}

impl Staging {
    /// Reads the staging table.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if a row cannot be decoded; the log names it.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut staging = Self::default();
        let mut select = db.prepare_cached("SELECT id, posts FROM journal ORDER BY id")?;
        let mut rows = select.query([])?;
        let mut is_flushed = db.prepare_cached("SELECT 1 FROM events WHERE conversation = ?1 AND seq = ?2")?;
        while let Some(row) = rows.next()? {
            staging.last_row = row.get(0)?;
            let Some(messages) = decode_row(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) else {
                tracing::error!(row = staging.last_row, "a row of the staging table cannot be decoded");
                return Err(StoreError::Unavailable);
            };
            for message in messages {
                if !is_flushed.exists(params![message.position.conversation, message.position.seq])? {
                    staging.enqueue(staging.last_row, message);
                }
            }
        }
        Ok(staging)
    }

    /// The number of staged messages.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// The position of the staged message that this command sent.
    pub(crate) fn find_command(&self, author: UserId, id: CommandId) -> Option<EventPosition> {
        self.commands.get(&(author, id)).copied()
    }

    /// The `seq` and the time of the newest staged message of a conversation.
    pub(crate) fn newest_event(&self, conversation: ConversationId) -> Option<(Seq, Timestamp)> {
        let EventPosition { seq, at, .. } = self.conversations.get(&conversation)?.back()?.message.position;
        Some((seq, at))
    }

    /// The greatest command id among the staged messages.
    pub(crate) fn greatest_command(&self) -> Option<CommandId> {
        self.commands.keys().map(|(_, id)| *id).max()
    }

    /// Stages a message. [`Self::save`] must follow in the same transaction.
    pub(crate) fn add(&mut self, message: PendingMessage) {
        encode_message(&mut self.row, &message);
        self.enqueue(self.last_row + 1, message);
    }

    /// Writes the messages of this commit to the staging table, unless they have all been flushed since.
    pub(crate) fn save(&mut self, db: &Connection) -> Result<(), StoreError> {
        if !self.row.is_empty() {
            self.last_row += 1;
            if !self.is_empty() {
                db.prepare_cached("INSERT INTO journal (id, posts) VALUES (?1, ?2)")?
                    .execute(params![self.last_row, self.row])?;
            }
            self.row.clear();
        }
        Ok(())
    }

    /// Moves all staged messages of a conversation to their tables.
    pub(crate) fn flush_conversation(
        &mut self,
        db: &Connection,
        conversation: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(first) = self.conversations.get(&conversation).and_then(VecDeque::front) else { return Ok(()) };
        let number = first.number;
        self.flush_messages(db, number, conversation, usize::MAX).map(drop)
    }

    /// Moves up to `limit` messages to their tables, the conversation that has waited longest first, and deletes the rows
    /// that are no longer needed.
    pub(crate) fn flush_some(&mut self, db: &Connection, mut limit: usize) -> Result<(), StoreError> {
        while let Some((&number, &conversation)) = self.flush_order.first_key_value().filter(|_| limit > 0) {
            limit -= self.flush_messages(db, number, conversation, limit)?;
        }
        self.delete_flushed_rows(db)
    }

    /// Moves all staged messages to their tables.
    pub(crate) fn flush_all(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.flush_some(db, usize::MAX)
    }

    fn enqueue(&mut self, row: i64, message: PendingMessage) {
        self.last_number += 1;
        let number = self.last_number;
        self.commands.insert((message.author, message.id), message.position);
        let conversation = message.position.conversation;
        let queue = self.conversations.entry(conversation).or_default();
        if queue.is_empty() {
            self.flush_order.insert(number, conversation);
        }
        queue.push_back(StagedMessage { number, row, message });
    }

    /// Moves up to `limit` messages of a conversation to their tables; `number` is that of its oldest staged message.
    /// Returns how many it moved.
    fn flush_messages(
        &mut self,
        db: &Connection,
        number: u64,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.flush_order.remove(&number);
        let mut queue = self.conversations.remove(&conversation).unwrap_or_default();
        let count = queue.len().min(limit);
        // Authors have read everything before their own messages.
        let mut author_marks: Vec<(UserId, Seq)> = Vec::new();
        for StagedMessage { message, .. } in queue.drain(..count) {
            if !message.insert(db)? {
                // Cannot happen: the command was looked for when it came, and again by `load`.
                tracing::error!(
                    position = ?message.position,
                    id = %message.id,
                    "a staged message has the command id of another message; it is lost"
                );
            }
            self.commands.remove(&(message.author, message.id));
            match author_marks.iter_mut().find(|(author, _)| *author == message.author) {
                Some((_, seq)) => *seq = message.position.seq,
                None => author_marks.push((message.author, message.position.seq)),
            }
        }
        for (author, seq) in author_marks {
            save_author_mark(db, conversation, author, seq)?;
        }
        if let Some(next) = queue.front() {
            self.flush_order.insert(next.number, conversation);
            self.conversations.insert(conversation, queue);
        }
        Ok(count)
    }

    /// Deletes the rows before the first one that still holds a staged message.
    fn delete_flushed_rows(&mut self, db: &Connection) -> Result<(), StoreError> {
        let first = self.flush_order.first_key_value();
        let first = first.and_then(|(_, conversation)| self.conversations.get(conversation)?.front());
        let first = first.map_or(self.last_row + 1, |staged| staged.row);
        if first > self.first_row {
            db.prepare_cached("DELETE FROM journal WHERE id < ?1")?.execute([first])?;
            self.first_row = first;
        }
        Ok(())
    }
}
