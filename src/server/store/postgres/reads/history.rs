//! Messages and events of conversations.

use tokio_postgres::{Error, Row};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Message, MessagesPage, Nickname, Reaction, Role, Seq, Timestamp,
        User, UserId,
    },
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            history::{FoundMessage, HistoryWindow, MessageLookup},
            postgres::{
                pool::Pool,
                reads::{
                    rows::{json_from, optional_user_from, user_from},
                    sql::{
                        conversation_number, event_columns, event_size, fitting, machine_cutoff, user_columns,
                        user_number, users_of,
                    },
                },
                statement::Statement,
            },
        },
    },
};

/// The columns that [`message_from`] reads, of the view `messages` under the name `m` and its author under the name `u`.
macro_rules! message_columns {
    () => {
        concat!(
            "m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice, ",
            user_columns!("u"),
            ", EXISTS (SELECT 1 FROM pins p WHERE p.conversation = m.conversation AND p.message = m.seq)"
        )
    };
}

/// A page of messages in ascending order, as the member `$2` of the conversation `$1` sees them. Without messages, it is one row
/// with nulls, and without such a member, no row.
macro_rules! page {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT ",
            message_columns!(),
            ", ",
            user_columns!("n"),
            ", m.emoji, m.ids, m.nicknames, m.registered, m.roles, m.found, coalesce(newest.seq, 0)
               FROM members me
               LEFT JOIN LATERAL (SELECT max(seq) AS seq FROM events WHERE conversation = me.conversation) newest ON true
               LEFT JOIN LATERAL (",
            fitting!(
                concat!(
                    "SELECT m.*, r.*, octet_length(m.body) + 100 * coalesce(cardinality(r.emoji), 0) AS size
                       FROM messages m LEFT JOIN LATERAL (
                            SELECT array_agg(emoji) AS emoji, array_agg(id) AS ids, array_agg(nickname) AS nicknames,
                                   array_agg(registered) AS registered, array_agg(role) AS roles
                              FROM (SELECT r.emoji, u.id, u.nickname, u.password IS NOT NULL AS registered, u.role
                                      FROM reactions r JOIN users u ON u.number = r.user_number
                                     WHERE r.conversation = m.conversation AND r.message = m.seq
                                     ORDER BY r.emoji, r.seq) sorted
                            ) r ON true
                      WHERE m.conversation = me.conversation AND m.seq ",
                    $condition,
                    " ORDER BY ",
                    $order,
                    " LIMIT $4::bigint + 1"
                ),
                $order,
                "$5"
            ),
            " AND place <= $4::bigint) m ON true",
            users_of!("m", "m.notice"),
            "WHERE me.conversation = ",
            conversation_number!("$1"),
            " AND me.user_number = ",
            user_number!("$2"),
            " AND me.listed IS NOT NULL ORDER BY m.seq"
        )
    };
}

/// Asks for a page of messages as a member sees them.
pub(crate) fn page_statement(
    reader: UserId,
    conversation: ConversationId,
    window: HistoryWindow,
    limit: u32,
    bytes: usize,
) -> Statement {
    let (sql, bound) = match window {
        HistoryWindow::Newest => (page!("< $3::bigint", "seq DESC"), Seq(u64::MAX)),
        HistoryWindow::Before(seq) => (page!("< $3::bigint", "seq DESC"), seq),
        HistoryWindow::After(seq) => (page!("> $3::bigint", "seq"), seq),
    };
    Statement::new(sql).bind(conversation).bind(reader).bind(bound).bind(i64::from(limit)).bind(size(bytes))
}

/// Asks for the pinned messages of a conversation, as a member sees them, in ascending order.
pub(super) fn pinned_statement(reader: UserId, conversation: ConversationId, limit: u32) -> Statement {
    // The third parameter has no meaning here.
    let sql = page!("IN (SELECT message FROM pins WHERE conversation = me.conversation AND $3::bigint = 0)", "seq");
    Statement::new(sql).bind(conversation).bind(reader).bind(Seq::ZERO).bind(i64::from(limit)).bind(i64::MAX)
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Reads the answer to a [`page_statement`]: `None` if the conversation is not in the reader's list.
pub(crate) fn page_from(rows: &[Row]) -> Result<Option<MessagesPage>, Error> {
    let Some(first) = rows.first() else { return Ok(None) };
    let as_of = first.try_get(23)?;
    let Some(found) = first.try_get::<_, Option<i64>>(22)? else {
        return Ok(Some(MessagesPage { messages: Vec::new(), as_of, more: false }));
    };
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let mut message = message_from(row)?;
        message.reactions = reactions_from(row, 17)?;
        if let Some(noticed) = message.noticed_user_mut() {
            anonymize(noticed, optional_user_from(row, 13)?);
        }
        messages.push(message);
    }
    let more = usize::try_from(found).is_ok_and(|found| found > messages.len());
    Ok(Some(MessagesPage { messages, as_of, more }))
}

/// A page of messages in ascending order: at most `limit`, and at most about `bytes` bytes, but at least one.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) async fn messages(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    window: HistoryWindow,
    limit: u32,
    bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let page = pool.read(page_statement(reader, conversation, window, limit, bytes), page_from).await?;
    Ok(page.ok_or(Refusal::NotMember)?)
}

/// A query of messages for the operator. [`message_from`] reads the first thirteen columns, and the conversation's id follows.
macro_rules! found_messages {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT ",
            message_columns!(),
            ", c.id FROM messages m JOIN users u ON u.number = m.author JOIN conversations c ON c.number = m.conversation WHERE ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT $2::bigint"
        )
    };
}

/// Messages that the operator looks up, the newest first.
pub(crate) async fn find_messages(
    pool: &Pool,
    lookup: MessageLookup,
    limit: u32,
) -> Result<Vec<FoundMessage>, StoreError> {
    let statement = match lookup {
        MessageLookup::InConversation(id) => Statement::new(found_messages!(
            "m.conversation = (SELECT number FROM conversations WHERE id = $1::uuid)",
            "m.seq DESC"
        ))
        .bind(id),
        MessageLookup::ByAuthor(id) => Statement::new(found_messages!(
            "u.id = $1::uuid AND m.conversation IN (SELECT conversation FROM members WHERE user_number = u.number)",
            "m.at DESC, c.id DESC, m.seq DESC"
        ))
        .bind(id),
    };
    pool.all(statement.bind(i64::from(limit)), |row| {
        Ok(FoundMessage { conversation: row.try_get(13)?, message: message_from(row)? })
    })
    .await
}

/// At most `limit` conversations with events from before `before` that retention has not processed yet.
pub(crate) async fn due_for_retention(
    pool: &Pool,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT id FROM conversations c
          WHERE EXISTS (SELECT 1 FROM events WHERE conversation = c.number AND seq = c.retained + 1 AND at < ",
        machine_cutoff!("$1"),
        ") ORDER BY number LIMIT $2::bigint"
    ));
    pool.all(statement.bind(before).bind(i64::from(limit)), |row| row.try_get(0)).await
}

/// Events after `after` up to `up_to`, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
pub(crate) async fn events(
    pool: &Pool,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
    bytes: usize,
) -> Result<Vec<Event>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        event_columns!(),
        " FROM (",
        fitting!(
            concat!(
                "SELECT e.*, ",
                event_size!(),
                " FROM events e WHERE e.conversation = ",
                conversation_number!("$1"),
                " AND e.seq > $2::bigint AND e.seq <= $3::bigint ORDER BY e.seq LIMIT $4::bigint"
            ),
            "seq",
            "$5"
        ),
        ") e JOIN conversations c ON c.number = e.conversation",
        users_of!("e", "CASE WHEN e.payload ->> 'kind' IN ('notice', 'room') THEN e.payload END"),
        "ORDER BY e.seq"
    ));
    let statement = statement.bind(conversation).bind(after).bind(up_to).bind(i64::from(limit)).bind(size(bytes));
    pool.all(statement, |row| event_from(row, 0)).await
}

/// Reads the first thirteen columns of a query of messages.
fn message_from(row: &Row) -> Result<Message, Error> {
    let (notice, room) = match json_from(row, 7)? {
        Some(EventKind::Notice(notice)) => (Some(notice), None),
        Some(EventKind::Room(change)) => (None, Some(change)),
        _ => (None, None),
    };
    Ok(Message {
        seq: row.try_get(0)?,
        id: row.try_get(1)?,
        at: row.try_get(2)?,
        author: user_from(row, 8)?,
        body: row.try_get(3)?,
        mentions: Vec::new(),
        reply: None,
        replies: 0,
        pinned: row.try_get(12)?,
        revision: row.try_get(4)?,
        edited_at: row.try_get(5)?,
        deleted: row.try_get(6)?,
        reactions: Vec::new(),
        notice,
        room,
    })
}

/// Reads the reactions to a message from five columns of arrays, which are null if there are none. They are sorted by emoji.
fn reactions_from(row: &Row, first: usize) -> Result<Vec<Reaction>, Error> {
    let mut reactions: Vec<Reaction> = Vec::new();
    let Some(emoji) = row.try_get::<_, Option<Vec<Emoji>>>(first)? else { return Ok(reactions) };
    let (ids, nicknames): (Vec<UserId>, Vec<Nickname>) = (row.try_get(first + 1)?, row.try_get(first + 2)?);
    let (registered, roles): (Vec<bool>, Vec<Role>) = (row.try_get(first + 3)?, row.try_get(first + 4)?);
    let users = ids.into_iter().zip(nicknames).zip(registered).zip(roles);
    for (emoji, (((id, nickname), registered), role)) in emoji.into_iter().zip(users) {
        let user = User { id, nickname, registered, role };
        match reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(reactions)
}

/// Reads an event from the `event_columns!` at `first`. A message or edit carries its own text, which is empty if the message was
/// deleted.
pub(super) fn event_from(row: &Row, first: usize) -> Result<Event, Error> {
    // The column is never null.
    let mut kind = json_from(row, first + 4)?.unwrap_or(EventKind::Other);
    match &mut kind {
        EventKind::Message { body, .. } | EventKind::Edit { body, .. } => {
            *body = Body::from_stored(body.as_str().to_owned());
        }
        other => {
            if let Some(noticed) = other.noticed_user_mut() {
                anonymize(noticed, optional_user_from(row, first + 9)?);
            }
        }
    }
    Ok(Event {
        conversation: row.try_get(first)?,
        seq: row.try_get(first + 1)?,
        at: row.try_get(first + 2)?,
        author: user_from(row, first + 5)?,
        id: row.try_get(first + 3)?,
        kind,
    })
}

/// Hides the nickname of a user who has deleted the account. A notice keeps the nickname as it was at the time.
fn anonymize(user: &mut User, present: Option<User>) {
    if let Some(former) = present.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
}
