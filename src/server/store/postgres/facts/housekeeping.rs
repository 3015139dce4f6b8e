//! Erasures, and the clocks.

use crate::{
    domain::Timestamp,
    server::{
        rules::{Erasure, SavedClock},
        store::postgres::{
            facts::query::FactsQuery,
            questions::{Answer, Question},
            statement::Statement,
        },
    },
};

pub(super) fn next_erasure(all: Vec<()>) -> FactsQuery {
    let statement = |(): &()| {
        Statement::new(
            "SELECT u.id, c.id, e.done, e.last, e.messages FROM erasures e
               JOIN users u ON u.number = e.user_number JOIN conversations c ON c.number = e.conversation
              ORDER BY e.user_number, e.conversation LIMIT 1",
        )
    };
    FactsQuery::one_by_one(all, statement, (Question::NextErasure, Answer::NextErasure), |answer, row| {
        let (user, conversation, done) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        *answer = Some(Erasure { user, conversation, done, last: row.try_get(3)?, messages: row.try_get(4)? });
        Ok(())
    })
}

pub(super) fn saved_clock(all: Vec<()>) -> FactsQuery {
    let statement = |(): &()| {
        Statement::new(
            "SELECT (SELECT ran_at FROM meta),
                    coalesce((SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1), 0)",
        )
    };
    FactsQuery::one_by_one(all, statement, (Question::SavedClock, Answer::SavedClock), |answer, row| {
        *answer = SavedClock { ran_at: row.try_get(0)?, ahead: row.try_get(1)? };
        Ok(())
    })
}

/// While the machine's clock was wrong, the result may be far earlier than `at`. Rows are then kept for longer, never deleted
/// too early.
pub(super) fn machine_cutoff(times: Vec<Timestamp>) -> FactsQuery {
    let statement = |at: &Timestamp| {
        // A number that is larger than any time keeps the sum within PostgreSQL's integers.
        Statement::new(
            "SELECT coalesce(min(greatest(since, least($1::bigint, 1::bigint << 60)) + ahead), 0) FROM clock_offsets
              WHERE since >= (SELECT max(since) FROM clock_offsets WHERE since <= $1::bigint)",
        )
        .bind(*at)
    };
    FactsQuery::one_by_one(times, statement, (Question::MachineCutoff, Answer::MachineCutoff), |answer, row| {
        let earliest: i64 = row.try_get(0)?;
        *answer = Timestamp(u64::try_from(earliest).unwrap_or(0));
        Ok(())
    })
}
