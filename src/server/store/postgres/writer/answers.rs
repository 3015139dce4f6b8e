//! Sends the queries of several questions together, and reads their answers.

use std::mem;

use tokio_postgres::{Error, Row};

use crate::server::store::postgres::{
    error::in_words,
    facts::FactsQuery,
    questions::{Answer, Question},
    statement::Statement,
    writer::connection::WriteError,
};

/// Reads the answers of several queries that were sent together.
pub(super) struct AnswerReaders(Vec<(FactsQuery, usize)>);

/// Separates the statements of queries from what reads their answers.
pub(super) fn split(queries: Vec<FactsQuery>) -> (Vec<Statement>, AnswerReaders) {
    let mut statements = Vec::new();
    let mut readers = Vec::new();
    for mut query in queries {
        let own = mem::take(&mut query.statements);
        readers.push((query, own.len()));
        statements.extend(own);
    }
    (statements, AnswerReaders(readers))
}

impl AnswerReaders {
    /// Reads the answers from the rows of each statement.
    pub(super) fn read(self, rows: Vec<Vec<Row>>) -> Result<Vec<(Question, Answer)>, WriteError> {
        let mut rows = rows.into_iter();
        let mut answers = Vec::new();
        for (query, count) in self.0 {
            let own = rows.by_ref().take(count).collect();
            answers.extend(query.read(own).map_err(|error| unreadable(&error))?);
        }
        Ok(answers)
    }
}

/// Logs why a value could not be read.
pub(super) fn unreadable(error: &Error) -> WriteError {
    tracing::error!(error = in_words(error), "a value in PostgreSQL makes no sense");
    WriteError::Statement
}
