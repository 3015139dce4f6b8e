//! The commit log: appending to it, and what is delivered of its entries.

use rusqlite::params;
use serde::Serialize;

use crate::{
    domain::{Event, EventKind, Seq, Timestamp},
    server::{
        rules::{Entry, Mutation, Refusal},
        store::{
            commit_log::{Change, CommitEntry},
            error::StoreError,
            feed::Delivery,
            sqlite::{queries, tables::Tables},
            stored_event::stored_event,
        },
    },
};

impl Tables<'_> {
    pub(super) fn append_event(&mut self, event: &Event) -> rusqlite::Result<()> {
        let position = self.cache.next_position(self.db)?;
        let (conversation, author) =
            (self.conversation_number(event.conversation)?, self.user_number(event.author.id)?);
        // The view `messages` takes every event without a target for a message. The end of an account is none and changes
        // none in particular, so it targets 0, the seq of no event.
        let target = if event.kind == EventKind::AccountDeleted { Some(Seq::ZERO) } else { event.kind.target() };
        self.run(
            "INSERT INTO events (position, conversation, seq, at, author, command_id, target, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                position,
                conversation,
                event.seq,
                event.at,
                author,
                event.id,
                target,
                to_json(&stored_event(&event.kind))?
            ],
        )
    }

    pub(super) fn append_entry(&mut self, entry: &Entry, at: Timestamp) -> rusqlite::Result<()> {
        let position = self.cache.next_position(self.db)?;
        let insert = "INSERT INTO entries (position, at, entry) VALUES (?1, ?2, ?3)";
        self.run(insert, params![position, at, to_json(entry)?])
    }

    /// What there is to deliver of a mutation that was just applied, once it is committed: its entry of the commit log, if
    /// it has one.
    pub(super) fn delivery(&mut self, mutation: Mutation, now: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let position = self.cache.head(self.db)?;
        match mutation {
            Mutation::AppendEvent(event) => {
                let conversation = self.cache.facts(self.db, event.conversation)?;
                let direct = conversation.is_some_and(|found| found.room().is_none());
                let entry = CommitEntry { position, at: event.at, change: Change::Event { event, direct } };
                Ok(Some(Delivery::Entry(entry)))
            }
            Mutation::Log(change) => {
                let entry = CommitEntry { position, at: now, change: Change::Entry(change.clone()) };
                let Entry::Listed { user, conversation } = change else { return Ok(Some(Delivery::Entry(entry))) };
                self.cache.save_marks(self.db)?;
                match queries::conversations::conversation_of(self.db, user, conversation) {
                    Ok(view) => Ok(Some(Delivery::Listed(entry, Box::new(view)))),
                    // It is not in the list any more.
                    Err(StoreError::Refused(Refusal::NotMember)) => Ok(Some(Delivery::Entry(entry))),
                    Err(error) => Err(error),
                }
            }
            _ => Ok(None),
        }
    }
}

/// Writes a value for a column that holds JSON.
pub(super) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
