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

use crate::domain::{CommandId, ConversationId, Millis, Seq, UserId};

use super::{
    super::{Appended, StoreError},
    reads::save_mark,
    writes::Post,
};

#[derive(Debug, Default)]
pub(super) struct Journal {
    talks: HashMap<ConversationId, VecDeque<Entry>>,
    /// Where each talk's oldest row is: the order in which they are served.
    turns: BTreeMap<i64, ConversationId>,
    commands: HashMap<(UserId, CommandId), Appended>,
    /// Of all rows that there ever were.
    last_row: i64,
    /// Rows before this one are deleted.
    first_row: i64,
}

#[derive(Debug)]
struct Entry {
    row: i64,
    post: Post,
}

impl Journal {
    pub(super) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut journal = Self::default();
        let mut select = db.prepare_cached(
            "SELECT id, conversation, seq, at, author, command_id, body FROM journal j
              WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.conversation = j.conversation AND e.seq = j.seq)
              ORDER BY id",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let place = Appended { conversation: row.get(1)?, seq: row.get(2)?, at: row.get(3)? };
            let post = Post { place, author: row.get(4)?, id: row.get(5)?, body: row.get(6)? };
            journal.note(row.get(0)?, post);
        }
        journal.last_row = db.query_row("SELECT coalesce(max(id), 0) FROM journal", [], |row| row.get(0))?;
        Ok(journal)
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.commands.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Where the command's message is that waits here.
    pub(super) fn find(&self, author: UserId, id: CommandId) -> Option<Appended> {
        self.commands.get(&(author, id)).copied()
    }

    /// The place and the time of the newest that waits.
    pub(super) fn end(&self, conversation: ConversationId) -> Option<(Seq, Millis)> {
        let Appended { seq, at, .. } = self.talks.get(&conversation)?.back()?.post.place;
        Some((seq, at))
    }

    pub(super) fn add(&mut self, db: &Connection, post: Post) -> Result<(), StoreError> {
        let row = self.last_row + 1;
        let Appended { conversation, seq, at } = post.place;
        db.prepare_cached(
            "INSERT INTO journal (id, conversation, seq, at, author, command_id, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![row, conversation, seq, at, post.author, post.id, post.body])?;
        self.note(row, post);
        Ok(())
    }

    /// Moves a talk's messages to the tables.
    pub(super) fn settle(&mut self, db: &Connection, conversation: ConversationId) -> Result<(), StoreError> {
        let Some(first) = self.talks.get(&conversation).and_then(|entries| entries.front()) else { return Ok(()) };
        let row = first.row;
        self.serve(db, row, conversation, usize::MAX).map(drop)
    }

    /// Moves so many to the tables, or some fewer if there are no more, the longest waiting talk first.
    pub(super) fn settle_some(&mut self, db: &Connection, mut most: usize) -> Result<(), StoreError> {
        while let Some((&row, &conversation)) = self.turns.first_key_value().filter(|_| most > 0) {
            most -= self.serve(db, row, conversation, most)?;
        }
        self.trim(db)
    }

    /// Moves all to the tables.
    pub(super) fn settle_all(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.settle_some(db, usize::MAX)
    }

    fn note(&mut self, row: i64, post: Post) {
        self.last_row = row;
        self.commands.insert((post.author, post.id), post.place);
        let conversation = post.place.conversation;
        let entries = self.talks.entry(conversation).or_default();
        if entries.is_empty() {
            self.turns.insert(row, conversation);
        }
        entries.push_back(Entry { row, post });
    }

    /// Moves messages of the talk whose oldest is in that row; gives how many.
    fn serve(
        &mut self,
        db: &Connection,
        row: i64,
        conversation: ConversationId,
        most: usize,
    ) -> Result<usize, StoreError> {
        self.turns.remove(&row);
        let mut entries = self.talks.remove(&conversation).unwrap_or_default();
        let count = entries.len().min(most);
        // Whoever writes has seen what is above.
        let mut seen: Vec<(UserId, Seq)> = Vec::new();
        for Entry { post, .. } in entries.drain(..count) {
            post.enter(db)?;
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
            self.turns.insert(next.row, conversation);
            self.talks.insert(conversation, entries);
        }
        Ok(count)
    }

    /// Deletes the rows in front of the first that is still needed.
    fn trim(&mut self, db: &Connection) -> Result<(), StoreError> {
        let first = self.turns.first_key_value().map_or(self.last_row + 1, |(row, _)| *row);
        if first > self.first_row {
            db.prepare_cached("DELETE FROM journal WHERE id < ?1")?.execute([first])?;
            self.first_row = first;
        }
        Ok(())
    }
}
