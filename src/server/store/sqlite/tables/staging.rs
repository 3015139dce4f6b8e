//! Messages that are durable, but not in the tables yet.
//!
//! A message in a talk of two changes pages of the database that no other message of its commit changes, and each page
//! is written to the disk as a whole. When many such come at once, a commit adds them to the journal, a table where they
//! lie one behind the other. The tables that are read follow talk by talk, so that a page is written once for many.
//!
//! What is here is what the table `journal` holds, but for those messages of its rows that are in the other tables, too.
//! After a failure it is read from there again.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rusqlite::{Connection, params};

use crate::{
    domain::{CommandId, ConversationId, Seq, Timestamp, UserId},
    server::store::{
        error::StoreError,
        events::EventPosition,
        sqlite::{
            commands::PendingMessage,
            tables::{read_marks::save_mark, staging_rows},
        },
    },
};

#[derive(Debug, Default)]
pub(crate) struct Staging {
    talks: HashMap<ConversationId, VecDeque<StagedRow>>,
    /// Of each talk's oldest message: the order in which talks are served.
    turns: BTreeMap<u64, ConversationId>,
    commands: HashMap<(UserId, CommandId), EventPosition>,
    /// Of all messages that there ever were.
    last_number: u64,
    /// What this commit adds.
    row: Vec<u8>,
    /// Of all rows that there ever were.
    last_row: i64,
    /// Rows before this one are deleted.
    first_row: i64,
}

#[derive(Debug)]
struct StagedRow {
    number: u64,
    /// Where it is in the table.
    row: i64,
    post: PendingMessage,
}

impl Staging {
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut journal = Self::default();
        let mut select = db.prepare_cached("SELECT id, posts FROM journal ORDER BY id")?;
        let mut rows = select.query([])?;
        let mut in_tables = db.prepare_cached("SELECT 1 FROM events WHERE conversation = ?1 AND seq = ?2")?;
        while let Some(row) = rows.next()? {
            journal.last_row = row.get(0)?;
            let Some(posts) = staging_rows::read(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) else {
                tracing::error!(row = journal.last_row, "a row of the journal cannot be read");
                return Err(StoreError::Unavailable);
            };
            for post in posts {
                if !in_tables.exists(params![post.place.conversation, post.place.seq])? {
                    journal.note(journal.last_row, post);
                }
            }
        }
        Ok(journal)
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Where the command's message is that waits here.
    pub(crate) fn find(&self, author: UserId, id: CommandId) -> Option<EventPosition> {
        self.commands.get(&(author, id)).copied()
    }

    /// The place and the time of the newest that waits.
    pub(crate) fn end(&self, conversation: ConversationId) -> Option<(Seq, Timestamp)> {
        let EventPosition { seq, at, .. } = self.talks.get(&conversation)?.back()?.post.place;
        Some((seq, at))
    }

    /// The greatest command id of those that wait.
    pub(crate) fn greatest_command(&self) -> Option<CommandId> {
        self.commands.keys().map(|(_, id)| *id).max()
    }

    /// Adds a message; [`Self::save`] must follow in the same transaction.
    pub(crate) fn add(&mut self, post: PendingMessage) {
        staging_rows::put(&mut self.row, &post);
        self.note(self.last_row + 1, post);
    }

    /// Writes down what was added, unless it was moved to the tables since.
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

    /// Moves a talk's messages to the tables.
    pub(crate) fn settle(&mut self, db: &Connection, conversation: ConversationId) -> Result<(), StoreError> {
        let Some(first) = self.talks.get(&conversation).and_then(|entries| entries.front()) else { return Ok(()) };
        let number = first.number;
        self.serve(db, number, conversation, usize::MAX).map(drop)
    }

    /// Moves so many to the tables, or some fewer if there are no more, the longest waiting talk first.
    pub(crate) fn settle_some(&mut self, db: &Connection, mut most: usize) -> Result<(), StoreError> {
        while let Some((&number, &conversation)) = self.turns.first_key_value().filter(|_| most > 0) {
            most -= self.serve(db, number, conversation, most)?;
        }
        self.trim(db)
    }

    /// Moves all to the tables.
    pub(crate) fn settle_all(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.settle_some(db, usize::MAX)
    }

    fn note(&mut self, row: i64, post: PendingMessage) {
        self.last_number += 1;
        let number = self.last_number;
        self.commands.insert((post.author, post.id), post.place);
        let conversation = post.place.conversation;
        let entries = self.talks.entry(conversation).or_default();
        if entries.is_empty() {
            self.turns.insert(number, conversation);
        }
        entries.push_back(StagedRow { number, row, post });
    }

    /// Moves messages of the talk whose oldest has that number; gives how many.
    fn serve(
        &mut self,
        db: &Connection,
        number: u64,
        conversation: ConversationId,
        most: usize,
    ) -> Result<usize, StoreError> {
        self.turns.remove(&number);
        let mut entries = self.talks.remove(&conversation).unwrap_or_default();
        let count = entries.len().min(most);
        // Whoever writes has seen what is above.
        let mut seen: Vec<(UserId, Seq)> = Vec::new();
        for StagedRow { post, .. } in entries.drain(..count) {
            if !post.enter(db)? {
                // Never seen: it was looked for when it came, and again when this was loaded.
                tracing::error!(place = ?post.place, id = %post.id, "a message was acknowledged under the id of another one");
            }
            self.commands.remove(&(post.author, post.id));
            match seen.iter_mut().find(|(author, _)| *author == post.author) {
                Some((_, seq)) => *seq = post.place.seq,
                None => seen.push((post.author, post.place.seq)),
            }
        }
        for (author, seq) in seen {
            save_mark(db, conversation, author, seq)?;
        }
        if let Some(next) = entries.front() {
            self.turns.insert(next.number, conversation);
            self.talks.insert(conversation, entries);
        }
        Ok(count)
    }

    /// Deletes the rows in front of the first that is still needed.
    fn trim(&mut self, db: &Connection) -> Result<(), StoreError> {
        let first = self.turns.first_key_value().and_then(|(_, talk)| self.talks.get(talk)?.front());
        let first = first.map_or(self.last_row + 1, |entry| entry.row);
        if first > self.first_row {
            db.prepare_cached("DELETE FROM journal WHERE id < ?1")?.execute([first])?;
            self.first_row = first;
        }
        Ok(())
    }
}
