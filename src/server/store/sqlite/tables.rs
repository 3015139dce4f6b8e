//! The tables as the writer sees them within a transaction: the database, and the cache of what it knows without a query.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use crate::{
    domain::{ConversationId, UserId},
    server::{
        rules::SanctionScope,
        store::sqlite::{
            cache::WriterCache,
            numbers::{ConversationNumber, UserNumber},
        },
    },
};

/// The number in the column `scope` for the whole server.
const SERVER_SCOPE: ConversationNumber = ConversationNumber(0);

/// The tables within a transaction.
pub(super) struct Tables<'a> {
    pub(super) db: &'a Connection,
    pub(super) cache: &'a mut WriterCache,
}

impl Tables<'_> {
    /// The number of a user. `None`, which finds nothing in a query, if there is no such user.
    pub(super) fn user_number(&mut self, id: UserId) -> rusqlite::Result<Option<UserNumber>> {
        self.cache.user(self.db, id)
    }

    /// The number of a conversation. `None`, which finds nothing in a query, if there is no such conversation.
    pub(super) fn conversation_number(&mut self, id: ConversationId) -> rusqlite::Result<Option<ConversationNumber>> {
        self.cache.number(self.db, id)
    }

    /// The number of a scope, as in the column `scope`.
    pub(super) fn scope_number(&mut self, scope: SanctionScope) -> rusqlite::Result<Option<ConversationNumber>> {
        scope.0.map_or(Ok(Some(SERVER_SCOPE)), |room| self.conversation_number(room))
    }

    /// Runs a statement. It may change nothing.
    pub(super) fn run(&self, statement: &str, params: impl Params) -> rusqlite::Result<()> {
        self.db.prepare_cached(statement)?.execute(params).map(drop)
    }

    pub(super) fn exists(&self, select: &str, params: impl Params) -> rusqlite::Result<bool> {
        self.db.prepare_cached(select)?.exists(params)
    }

    /// The first row of a query.
    pub(super) fn one<T>(
        &self,
        select: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        self.db.prepare_cached(select)?.query_row(params, read).optional()
    }

    /// All rows of a query.
    pub(super) fn all<T>(
        &self,
        select: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.db.prepare_cached(select)?.query_map(params, read)?.collect()
    }
}
