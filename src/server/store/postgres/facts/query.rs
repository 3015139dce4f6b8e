//! Statements that answer questions, and how their rows are read.

use tokio_postgres::{Error, Row, types::FromSqlOwned};

use crate::server::store::postgres::{
    questions::{Answer, Question},
    statement::Statement,
};

/// A kind of questions: its [`Question`] and its [`Answer`].
type Kind<K, A> = (fn(K) -> Question, fn(A) -> Answer);

type Read = Box<dyn FnOnce(Vec<Vec<Row>>) -> Result<Vec<(Question, Answer)>, Error> + Send>;

/// Statements that answer some questions.
pub(in crate::server::store::postgres) struct FactsQuery {
    pub(in crate::server::store::postgres) statements: Vec<Statement>,
    read: Read,
}

impl FactsQuery {
    /// `read` gets the rows of each statement.
    pub(super) fn new(
        statements: Vec<Statement>,
        read: impl FnOnce(Vec<Vec<Row>>) -> Result<Vec<(Question, Answer)>, Error> + Send + 'static,
    ) -> Self {
        Self { statements, read: Box::new(read) }
    }

    /// One statement for all questions of a kind. Its first column is the number of the question, from 1; `read` adds a row
    /// to the answer.
    pub(super) fn together<K: Send + 'static, A: Default + 'static>(
        keys: Vec<K>,
        statement: Statement,
        (question, answer): Kind<K, A>,
        read: fn(&mut A, &Row) -> Result<(), Error>,
    ) -> Self {
        Self::new(vec![statement], move |rows| {
            let mut answers: Vec<A> = keys.iter().map(|_| A::default()).collect();
            for row in rows.iter().flatten() {
                let number: i64 = row.try_get(0)?;
                let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
                if let Some(answer) = answers.get_mut(index) {
                    read(answer, row)?;
                }
            }
            Ok(keys.into_iter().map(question).zip(answers.into_iter().map(answer)).collect())
        })
    }

    /// A statement for each question. `read` adds a row to the answer.
    pub(super) fn one_by_one<K: Send + 'static, A: Default + 'static>(
        keys: Vec<K>,
        statement: fn(&K) -> Statement,
        (question, answer): Kind<K, A>,
        read: fn(&mut A, &Row) -> Result<(), Error>,
    ) -> Self {
        Self::new(keys.iter().map(statement).collect(), move |rows| {
            let answers = rows.iter().map(|rows| {
                let mut found = A::default();
                rows.iter().try_for_each(|row| read(&mut found, row))?;
                Ok(answer(found))
            });
            keys.into_iter().map(question).zip(answers).map(|(question, answer)| Ok((question, answer?))).collect()
        })
    }

    /// Reads the answers from the rows of each statement.
    ///
    /// # Errors
    /// If a column holds something that no value of the domain is.
    pub(in crate::server::store::postgres) fn read(
        self,
        rows: Vec<Vec<Row>>,
    ) -> Result<Vec<(Question, Answer)>, Error> {
        (self.read)(rows)
    }
}

/// Reads an answer of one value, in the last column.
pub(super) fn one<T: FromSqlOwned>(answer: &mut Option<T>, row: &Row) -> Result<(), Error> {
    *answer = Some(last_column(row)?);
    Ok(())
}

/// Reads an answer of many values, in the last column.
pub(super) fn many<T: FromSqlOwned>(answer: &mut Vec<T>, row: &Row) -> Result<(), Error> {
    answer.push(last_column(row)?);
    Ok(())
}

/// Reads whether there is any row.
#[expect(clippy::unnecessary_wraps, reason = "it reads a row as the others do")]
pub(super) fn any(answer: &mut bool, _: &Row) -> Result<(), Error> {
    *answer = true;
    Ok(())
}

/// Reads a result of `count(*)`, in the last column.
pub(super) fn count(answer: &mut u32, row: &Row) -> Result<(), Error> {
    let count: i64 = last_column(row)?;
    *answer = u32::try_from(count).unwrap_or(u32::MAX);
    Ok(())
}

fn last_column<T: FromSqlOwned>(row: &Row) -> Result<T, Error> {
    row.try_get(row.len().saturating_sub(1))
}
