//! A statement with its parameters, and sending several at once.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use tokio_postgres::{
    Client, Error, Row,
    types::{ToSql, Type},
};

use crate::server::store::postgres::columns::Column;

/// A statement with its parameters, to be sent with others in one go.
#[derive(Debug)]
pub(super) struct Statement {
    sql: &'static str,
    params: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Statement {
    pub(super) const fn new(sql: &'static str) -> Self {
        Self { sql, params: Vec::new() }
    }

    /// Adds the next parameter: `$1`, `$2` and so on.
    pub(super) fn bind(mut self, value: impl Column) -> Self {
        let of_type = value.column_type();
        self.params.push((Box::new(value), of_type));
        self
    }

    pub(super) const fn sql(&self) -> &'static str {
        self.sql
    }

    /// The types of the parameters.
    pub(super) fn types(&self) -> Vec<Type> {
        self.params.iter().map(|(_, of_type)| of_type.clone()).collect()
    }

    /// The values of the parameters.
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|(value, _)| &**value as _).collect()
    }
}

/// Statements that are prepared in advance on one connection, because they are in almost every batch. All others are planned
/// each time, which needs no answer before they are sent.
#[derive(Debug, Default)]
pub(super) struct Prepared(HashMap<&'static str, tokio_postgres::Statement>);

impl Prepared {
    /// Prepares these on a new connection.
    pub(super) async fn prepare(client: &Client, statements: &[&'static str]) -> Result<Self, Error> {
        let prepared = in_order(statements.iter().map(async |sql| Ok((*sql, client.prepare(sql).await?)))).await;
        prepared.into_iter().collect::<Result<_, Error>>().map(Self)
    }

    /// Sends one statement and returns its rows.
    async fn query(&self, client: &Client, statement: &Statement) -> Result<Vec<Row>, Error> {
        if let Some(prepared) = self.0.get(statement.sql) {
            return client.query(prepared, &statement.values()).await;
        }
        let params: Vec<(&(dyn ToSql + Sync), Type)> =
            statement.params.iter().map(|(value, of_type)| (&**value as _, of_type.clone())).collect();
        client.query_typed(statement.sql, &params).await
    }

    /// Sends all statements, in this order, before the first answer has come, and returns the rows of each.
    ///
    /// # Errors
    /// The first error. In a transaction, PostgreSQL refuses all statements behind it.
    pub(super) async fn pipeline(&self, client: &Client, statements: &[Statement]) -> Result<Vec<Vec<Row>>, Error> {
        in_order(statements.iter().map(|statement| self.query(client, statement))).await.into_iter().collect()
    }
}

/// Waits for all futures. Each is polled for the first time in this order: a request of `tokio_postgres` is sent by that.
pub(super) async fn in_order<T, F: Future<Output = T>>(futures: impl IntoIterator<Item = F>) -> Vec<T> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    // Answers come in the order of the requests, so only the first that is open need be polled, once all are sent.
    let (mut first, mut sent) = (0, false);
    poll_fn(|context| {
        let end = if sent { (first + 1).min(waiting.len()) } else { waiting.len() };
        for index in first..end {
            if let Poll::Ready(output) = waiting[index].as_mut().poll(context) {
                done[index] = Some(output);
            }
        }
        sent = true;
        loop {
            match done.get(first) {
                None => return Poll::Ready(()),
                Some(Some(_)) => first += 1,
                Some(None) => match waiting[first].as_mut().poll(context) {
                    Poll::Ready(output) => done[first] = Some(output),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
