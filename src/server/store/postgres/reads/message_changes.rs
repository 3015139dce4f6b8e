//! What became of messages: pins, earlier texts, changes.

use tokio_postgres::Error;

use crate::{
    domain::{ChangesPage, ConversationId, Event, MAX_PINS, MessageHistory, PinnedMessages, Seq, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            message_changes::{MAX_VERSIONS, version_of},
            postgres::{
                pool::Pool,
                reads::{
                    history::{event_from, mentioned_in, name_users, page_from, pinned_statement},
                    sql::{
                        conversation_number, event_columns, event_size, fitting, user_columns, user_number, users_of,
                    },
                },
                statement::Statement,
            },
        },
    },
};

/// The newest event of the conversation `$1`; no row if it is not in the list of the reader `$2`.
const NEWEST_EVENT: &str = concat!(
    "SELECT coalesce((SELECT max(seq) FROM events WHERE conversation = m.conversation), 0) FROM members m
      WHERE m.conversation = ",
    conversation_number!("$1"),
    " AND m.user_number = ",
    user_number!("$2"),
    " AND m.listed IS NOT NULL"
);

/// Rows of `events` in this order, while they fit: at most about `$4` bytes. The last column is how many there are.
macro_rules! events_of {
    ($rows:expr, $order:literal) => {
        concat!(
            "SELECT ",
            event_columns!(),
            ", e.found FROM (",
            fitting!(concat!("SELECT e.*, ", event_size!(), " FROM (", $rows, ") e"), $order, "$4"),
            ") e JOIN conversations c ON c.number = e.conversation",
            users_of!("e", "CASE WHEN e.payload ->> 'kind' IN ('notice', 'room') THEN e.payload END"),
            "ORDER BY e.",
            $order
        )
    };
}

/// The newest `$3` texts of the message `$2` of the conversation `$1`.
const VERSIONS: &str = events_of!(
    concat!(
        "SELECT * FROM ((SELECT * FROM events WHERE conversation = ",
        conversation_number!("$1"),
        " AND seq = $2::bigint) UNION ALL (SELECT * FROM events WHERE conversation = ",
        conversation_number!("$1"),
        " AND target = $2::bigint AND payload ->> 'kind' = 'edit')) versions ORDER BY seq DESC LIMIT $3::bigint"
    ),
    "seq"
);

/// The first `$3` events after `$2` of the conversation `$1` that change a message up to there.
const CHANGES: &str = events_of!(
    concat!(
        "SELECT * FROM events WHERE conversation = ",
        conversation_number!("$1"),
        " AND seq > $2::bigint AND target BETWEEN 1 AND $2::bigint ORDER BY seq LIMIT $3::bigint"
    ),
    "seq"
);

fn newest_event_statement(reader: UserId, conversation: ConversationId) -> Statement {
    Statement::new(NEWEST_EVENT).bind(conversation).bind(reader)
}

/// Reads the answer to a [`newest_event_statement`].
fn newest_event_from(rows: &[tokio_postgres::Row]) -> Result<Option<Seq>, Error> {
    rows.first().map(|row| row.try_get(0)).transpose()
}

/// The pinned messages of a conversation, the newest pin first.
pub(crate) async fn pinned_messages(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
) -> Result<PinnedMessages, StoreError> {
    let order = Statement::new(concat!(
        "SELECT message FROM pins WHERE conversation = ",
        conversation_number!("$1"),
        " ORDER BY seq DESC"
    ))
    .bind(conversation);
    let limit = u32::try_from(MAX_PINS).unwrap_or(u32::MAX);
    let pinned = pool
        .snapshot([pinned_statement(reader, conversation, limit), order], |[page, order]| {
            let Some(mut page) = page_from(page)? else { return Ok(None) };
            let order: Vec<Seq> = order.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            page.messages.sort_by_key(|message| order.iter().position(|seq| *seq == message.seq));
            Ok(Some(PinnedMessages { messages: page.messages, as_of: page.as_of }))
        })
        .await?;
    let mut pinned = pinned.ok_or(Refusal::NotMember)?;
    name_users(pool, mentioned_in(&mut pinned.messages)).await?;
    Ok(pinned)
}

/// The newest texts of a message, the oldest first.
pub(crate) async fn message_history(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    seq: Seq,
) -> Result<MessageHistory, StoreError> {
    let message = Statement::new(concat!(
        "SELECT NOT deleted AND notice IS NULL FROM messages WHERE conversation = ",
        conversation_number!("$1"),
        " AND seq = $2::bigint"
    ))
    .bind(conversation)
    .bind(seq);
    let versions = Statement::new(VERSIONS).bind(conversation).bind(seq).bind(i64::from(MAX_VERSIONS)).bind(i64::MAX);
    let statements = [newest_event_statement(reader, conversation), message, versions];
    let found = pool.snapshot(statements, |[newest, message, versions]| {
        if newest_event_from(newest)?.is_none() {
            return Ok(Err(Refusal::NotMember));
        }
        if message.first().map(|row| row.try_get(0)).transpose()? != Some(true) {
            return Ok(Err(Refusal::UnknownMessage));
        }
        let events: Vec<Event> = versions.iter().map(|row| event_from(row, 0)).collect::<Result<_, _>>()?;
        Ok(Ok(events))
    });
    let mut events: Vec<Event> = found.await??;
    name_users(pool, events.iter_mut().flat_map(|event| event.kind.mentioned_users_mut())).await?;
    Ok(MessageHistory { versions: events.into_iter().filter_map(version_of).collect() })
}

/// The events after `after` that change a message up to `after`, ascending: at most `limit`, and at most about `bytes` bytes, but
/// at least one.
pub(crate) async fn changes(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    after: Seq,
    limit: u32,
    bytes: usize,
) -> Result<ChangesPage, StoreError> {
    // One row more than asked for tells whether there is more.
    let rows = i64::from(limit) + 1;
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let changes = Statement::new(CHANGES).bind(conversation).bind(after).bind(rows).bind(bytes);
    let statements = [newest_event_statement(reader, conversation), changes];
    let page = pool.snapshot(statements, |[newest, rows]| {
        let Some(as_of) = newest_event_from(newest)? else { return Ok(None) };
        let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get(row.len() - 1))?;
        let mut events: Vec<Event> = rows.iter().map(|row| event_from(row, 0)).collect::<Result<_, _>>()?;
        events.truncate(limit as usize);
        let more = usize::try_from(found).is_ok_and(|found| found > events.len());
        Ok(Some(ChangesPage { events, as_of, more }))
    });
    let mut page = page.await?.ok_or(Refusal::NotMember)?;
    name_users(pool, page.events.iter_mut().flat_map(|event| event.kind.mentioned_users_mut())).await?;
    Ok(page)
}
