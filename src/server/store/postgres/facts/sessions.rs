//! Sessions.

use tokio_postgres::{Error, Row};

use crate::{
    domain::{Timestamp, UserId},
    server::{
        rules::{SessionFacts, SessionKey},
        store::postgres::{
            facts::query::{FactsQuery, many},
            questions::{Answer, Question, SessionCutoffs},
            statement::Statement,
        },
    },
};

/// Reads a session from the columns at `first`: the hash of its token, its id, and its user's id.
fn session_from(row: &Row, first: usize) -> Result<SessionFacts, Error> {
    Ok(SessionFacts { key: row.try_get(first)?, id: row.try_get(first + 1)?, user: row.try_get(first + 2)? })
}

pub(super) const SESSION_BY_KEY: &str = "
    SELECT q.n, s.token_hash, s.id, u.id FROM unnest($1::bytea[]) WITH ORDINALITY AS q (key, n)
      JOIN sessions s ON s.token_hash = q.key JOIN users u ON u.number = s.user_number";

pub(super) fn session_by_key(keys: Vec<SessionKey>) -> FactsQuery {
    let statement = Statement::new(SESSION_BY_KEY).bind(keys.clone());
    FactsQuery::together(keys, statement, (Question::SessionByKey, Answer::SessionByKey), |answer, row| {
        *answer = Some(session_from(row, 1)?);
        Ok(())
    })
}

pub(super) const SESSIONS_OF: &str = "
    SELECT q.n, s.token_hash, s.id, u.id FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n)
      JOIN users u ON u.id = q.id JOIN sessions s ON s.user_number = u.number
     ORDER BY s.token_hash";

pub(super) fn sessions_of(users: Vec<UserId>) -> FactsQuery {
    let statement = Statement::new(SESSIONS_OF).bind(users.clone());
    FactsQuery::together(users, statement, (Question::SessionsOf, Answer::SessionsOf), |answer: &mut Vec<_>, row| {
        answer.push(session_from(row, 1)?);
        Ok(())
    })
}

pub(super) fn expired_sessions(cutoffs: Vec<SessionCutoffs>) -> FactsQuery {
    let statement = |cutoffs: &SessionCutoffs| {
        Statement::new(
            "SELECT s.token_hash, s.id, u.id FROM sessions s JOIN users u ON u.number = s.user_number
              WHERE (s.created_at < $1::bigint OR s.seen_at < $2::bigint) AND u.password IS NOT NULL
              ORDER BY s.token_hash",
        )
        .bind(cutoffs.begun_before)
        .bind(cutoffs.seen_before)
    };
    FactsQuery::one_by_one(
        cutoffs,
        statement,
        (Question::ExpiredSessions, Answer::ExpiredSessions),
        |answer: &mut Vec<_>, row| {
            answer.push(session_from(row, 0)?);
            Ok(())
        },
    )
}

pub(super) fn sessions_seen_before(times: Vec<Timestamp>) -> FactsQuery {
    let statement = |before: &Timestamp| {
        Statement::new("SELECT id FROM sessions WHERE seen_at < $1::bigint ORDER BY token_hash").bind(*before)
    };
    FactsQuery::one_by_one(times, statement, (Question::SessionsSeenBefore, Answer::SessionsSeenBefore), many)
}
