//! Copies the logs of all conversations into one, in the order of time.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, Seq, Timestamp},
    server::store::{
        commit_log::Position,
        sqlite::{error::OpenError, upgrade::progress::UpgradeProgress},
    },
};

/// The next event of a conversation. The one that comes first in the order is copied first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NextEvent {
    at: Timestamp,
    /// The conversation's number.
    number: i64,
    seq: Seq,
    conversation: ConversationId,
}

/// Copies all events, which get positions from `first` on. Of each conversation only the next event is in memory, so seqs
/// keep their order whatever the times say.
pub(super) fn copy_events(db: &Connection, first: Position, progress: &UpgradeProgress) -> Result<(), OpenError> {
    let indexes = drop_indexes(db)?;
    copy_rows(db, first, progress)?;
    progress.begin("the indexes of events");
    Ok(db.execute_batch(&indexes)?)
}

fn copy_rows(db: &Connection, first: Position, progress: &UpgradeProgress) -> Result<(), OpenError> {
    let mut select =
        db.prepare_cached("SELECT seq, at FROM old.events WHERE conversation = ?1 AND seq > ?2 ORDER BY seq LIMIT 1")?;
    let mut heap = BinaryHeap::new();
    {
        let mut conversations = db.prepare("SELECT number, id FROM main.conversations")?;
        let mut rows = conversations.query([])?;
        while let Some(row) = rows.next()? {
            let (number, conversation) = (row.get(0)?, row.get(1)?);
            if let Some((seq, at)) = event_after(&mut select, conversation, Seq::ZERO)? {
                heap.push(Reverse(NextEvent { at, number, seq, conversation }));
            }
        }
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO main.events (position, conversation, seq, at, author, command_id, target, payload)
         SELECT ?1, ?2, seq, at, (SELECT number FROM main.users WHERE id = e.author), command_id, target, payload
           FROM old.events e WHERE conversation = ?3 AND seq = ?4",
    )?;
    let mut position = first;
    while let Some(mut next) = heap.peek_mut() {
        let Reverse(event) = &mut *next;
        insert.execute(params![position, event.number, event.conversation, event.seq])?;
        position = position.next();
        progress.add(1);
        match event_after(&mut select, event.conversation, event.seq)? {
            Some((seq, at)) => (event.seq, event.at) = (seq, at),
            None => drop(PeekMut::pop(next)),
        }
    }
    Ok(())
}

fn event_after(
    select: &mut CachedStatement<'_>,
    conversation: ConversationId,
    after: Seq,
) -> Result<Option<(Seq, Timestamp)>, rusqlite::Error> {
    select.query_row(params![conversation, after], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Drops the indexes of the table, and returns the statements that create them again: that is faster at the end, when all
/// rows are there, and makes them smaller.
fn drop_indexes(db: &Connection) -> Result<String, OpenError> {
    let mut select = db.prepare(
        "SELECT name, sql FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL",
    )?;
    let indexes: Vec<(String, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (index, _) in &indexes {
        db.execute_batch(&format!("DROP INDEX main.{index}"))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql + ";").collect())
}
