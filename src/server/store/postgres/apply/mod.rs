//! Turning mutations into statements. Nothing is decided here: the rules have computed every value.

mod bulks;
mod single;
mod sql;
#[cfg(test)]
mod tests;

use std::mem;

use crate::{
    domain::Timestamp,
    server::{
        rules::Mutation,
        store::{
            commit_log::Position,
            postgres::{
                apply::bulks::{Entries, Events, ListKeys, ReadMarkRows, Touches},
                statement::Statement,
            },
        },
    },
};

/// The statements that are in nearly every batch. All of them have one good plan only, whatever the tables grow to.
pub(super) const HOT: &[&str] = &[
    bulks::INSERT_EVENTS,
    bulks::INSERT_ENTRIES,
    bulks::ADVANCE_READ_MARKS,
    bulks::SET_LIST_KEYS,
    bulks::TOUCH_SESSIONS,
    sql::CREATE_USER,
    sql::BEGIN_SESSION,
    sql::ADD_MEMBER,
    sql::SET_TEXT,
    sql::ERASE_TEXT,
    sql::ADD_REACTION,
    sql::REMOVE_REACTION,
    sql::SET_REVISION,
];

/// The statements that apply mutations, in an order that gives the same result as one mutation after the other.
///
/// The mutations that come in large numbers are gathered: one statement applies all of a kind. It comes later than the
/// statements of the mutations behind it, so a mutation that it doesn't commute with closes it first.
#[derive(Debug, Default)]
pub(super) struct Script {
    statements: Vec<Statement>,
    events: Events,
    entries: Entries,
    read_marks: ReadMarkRows,
    list_keys: ListKeys,
    touches: Touches,
}

impl Script {
    /// Adds a mutation. `position` is what it gets if it is an entry of the commit log. `at`, by the machine's clock, dates
    /// entries that are no events.
    pub(super) fn apply(&mut self, mutation: &Mutation, position: Position, at: Timestamp) {
        use Mutation as M;
        match mutation {
            M::AppendEvent(event) => self.events.add(event, position),
            // Nothing else touches the table, so this is never closed before the end.
            M::Log(entry) => self.entries.add(entry, position, at),
            M::AdvanceReadMark { conversation, user, seq } => self.read_marks.add(*conversation, *user, *seq),
            M::SetListed { conversation, user, listed } => self.list_keys.add(*conversation, *user, *listed),
            // Ids of sessions are never used again, and nothing else changes these columns, so the order doesn't matter.
            M::TouchSession { session, at } => self.touches.add(*session, *at),
            _ => {
                self.close_before(mutation);
                self.statements.extend(single::statements(mutation, position));
            }
        }
    }

    /// Returns the statements of everything that was applied since the last call.
    pub(super) fn take(&mut self) -> Vec<Statement> {
        self.close_events();
        self.statements.extend(mem::take(&mut self.entries).statement());
        self.close_members();
        self.statements.extend(mem::take(&mut self.touches).statement());
        mem::take(&mut self.statements)
    }

    /// Closes what must be applied before this mutation.
    fn close_before(&mut self, mutation: &Mutation) {
        use Mutation as M;
        match mutation {
            M::EraseTexts { conversation, seq, before } if self.events.has_text(*conversation, *seq, *before) => {
                self.close_events();
            }
            M::EraseNameInNotices { .. } => self.close_events(),
            M::AddMember { conversation, user, .. } | M::RemoveMember { conversation, user }
                if self.read_marks.has(*conversation, *user) || self.list_keys.has(*conversation, *user) =>
            {
                self.close_members();
            }
            M::SetReadMark { conversation, user, .. } if self.read_marks.has(*conversation, *user) => {
                self.close_members();
            }
            M::ClearAccount(_) => self.close_members(),
            M::DeleteDirect(_) => {
                self.close_events();
                self.close_members();
            }
            _ => {}
        }
    }

    fn close_events(&mut self) {
        self.statements.extend(mem::take(&mut self.events).statement());
    }

    fn close_members(&mut self) {
        self.statements.extend(mem::take(&mut self.read_marks).statement());
        self.statements.extend(mem::take(&mut self.list_keys).statement());
    }
}
