//! Messages and events of conversations.

use tokio_postgres::{Error, Row};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Mention, Message, MessagesPage, Nickname, Reaction, Reply, Role,
        Seq, Timestamp, User, UserId,
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
            ", EXISTS (SELECT 1 FROM pins p WHERE p.conversation = m.conversation AND p.message = m.seq),
               m.mentions, m.reply_to, m.thread, m.replies"
        )
    };
}

/// A page of messages in ascending order, as the member `$2` of the conversation `$1` sees them. Without messages, it is one row
/// with nulls, and without such a member, no row.
macro_rules! page {
    ($condition:expr, $order:literal) => {
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
                      WHERE m.conversation = me.conversation AND ",
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
        HistoryWindow::Newest => (page!("m.seq < $3::bigint", "seq DESC"), Seq(u64::MAX)),
        HistoryWindow::Before(seq) => (page!("m.seq < $3::bigint", "seq DESC"), seq),
        HistoryWindow::After(seq) => (page!("m.seq > $3::bigint", "seq"), seq),
    };
    Statement::new(sql).bind(conversation).bind(reader).bind(bound).bind(i64::from(limit)).bind(size(bytes))
}

/// Asks for the messages at these seqs, the newest ones first if not all fit, as a member sees them.
pub(super) fn messages_at_statement(
    reader: UserId,
    conversation: ConversationId,
    seqs: Vec<Seq>,
    bytes: usize,
) -> Statement {
    let limit = i64::try_from(seqs.len()).unwrap_or(i64::MAX);
    Statement::new(page!("m.seq = ANY($3::bigint[])", "seq DESC"))
        .bind(conversation)
        .bind(reader)
        .bind(seqs)
        .bind(limit)
        .bind(size(bytes))
}

/// A condition for the replies of the thread `$6` at one side of `$3`, in the order in which they are needed.
macro_rules! replies {
    ($compare:literal, $order:literal) => {
        page!(
            concat!(
                "m.seq IN (SELECT seq FROM replies WHERE conversation = me.conversation AND thread = $6::bigint AND seq ",
                $compare,
                " $3::bigint ORDER BY ",
                $order,
                " LIMIT $4::bigint + 1)"
            ),
            $order
        )
    };
}

/// Asks for a page of the replies in a thread, as a member sees them.
pub(super) fn thread_statement(
    reader: UserId,
    conversation: ConversationId,
    (thread, window): (Seq, HistoryWindow),
    limit: u32,
    bytes: usize,
) -> Statement {
    let (sql, bound) = match window {
        HistoryWindow::Newest => (replies!("<", "seq DESC"), Seq(u64::MAX)),
        HistoryWindow::Before(seq) => (replies!("<", "seq DESC"), seq),
        HistoryWindow::After(seq) => (replies!(">", "seq"), seq),
    };
    Statement::new(sql)
        .bind(conversation)
        .bind(reader)
        .bind(bound)
        .bind(i64::from(limit))
        .bind(size(bytes))
        .bind(thread)
}

/// Asks for the pinned messages of a conversation, as a member sees them, in ascending order.
pub(super) fn pinned_statement(reader: UserId, conversation: ConversationId, limit: u32) -> Statement {
    // The third parameter has no meaning here.
    let sql =
        page!("m.seq IN (SELECT message FROM pins WHERE conversation = me.conversation AND $3::bigint = 0)", "seq");
    Statement::new(sql).bind(conversation).bind(reader).bind(Seq::ZERO).bind(i64::from(limit)).bind(i64::MAX)
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Reads the answer to a [`page_statement`]: `None` if the conversation is not in the reader's list.
pub(crate) fn page_from(rows: &[Row]) -> Result<Option<MessagesPage>, Error> {
    let Some(first) = rows.first() else { return Ok(None) };
    let as_of = first.try_get(27)?;
    let Some(found) = first.try_get::<_, Option<i64>>(26)? else {
        return Ok(Some(MessagesPage { messages: Vec::new(), as_of, more: false }));
    };
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let mut message = message_from(row)?;
        message.reactions = reactions_from(row, 21)?;
        if let Some(noticed) = message.noticed_user_mut() {
            anonymize(noticed, optional_user_from(row, 17)?);
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
    let mut page = page.ok_or(Refusal::NotMember)?;
    name_users(pool, mentioned_in(&mut page.messages)).await?;
    Ok(page)
}

/// A query of messages for the operator. [`message_from`] reads the first thirteen columns, and the conversation's id follows.
macro_rules! found_messages {
    ($condition:expr, $order:literal) => {
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
        let message = Message { mentions: Vec::new(), ..message_from(row)? };
        Ok(FoundMessage { conversation: row.try_get(17)?, message })
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
    let mut events = pool.all(statement, |row| event_from(row, 0)).await?;
    name_users(pool, events.iter_mut().flat_map(|event| event.kind.mentioned_users_mut())).await?;
    Ok(events)
}

/// Reads the first thirteen columns of a query of messages.
fn message_from(row: &Row) -> Result<Message, Error> {
    let (notice, room) = match json_from(row, 7)? {
        Some(EventKind::Notice(notice)) => (Some(notice), None),
        Some(EventKind::Room(change)) => (None, Some(change)),
        _ => (None, None),
    };
    let replies: Option<i32> = row.try_get(16)?;
    Ok(Message {
        seq: row.try_get(0)?,
        id: row.try_get(1)?,
        at: row.try_get(2)?,
        author: user_from(row, 8)?,
        body: row.try_get(3)?,
        mentions: json_from(row, 13)?.unwrap_or_default(),
        reply: reply_from(row, 14)?,
        replies: replies.unwrap_or_default().try_into().unwrap_or_default(),
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

/// Reads what makes a message a reply, from two columns.
pub(crate) fn reply_from(row: &Row, first: usize) -> Result<Option<Reply>, Error> {
    let (to, thread): (Option<Seq>, Option<Seq>) = (row.try_get(first)?, row.try_get(first + 1)?);
    Ok(to.zip(thread).map(|(to, thread)| Reply { to, thread }))
}

/// Replaces users who were stored without names by the present ones.
pub(super) async fn name_users<'a>(
    pool: &Pool,
    users: impl Iterator<Item = &'a mut User> + Send,
) -> Result<(), StoreError> {
    let users: Vec<&mut User> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let select = concat!("SELECT ", user_columns!("u"), " FROM users u WHERE u.id = ANY($1::uuid[])");
    let present = pool.all(Statement::new(select).bind(ids), |row| user_from(row, 0)).await?;
    for user in users {
        if let Some(found) = present.iter().find(|found| found.id == user.id) {
            *user = found.clone();
        }
    }
    Ok(())
}

/// The users whom messages mention.
pub(super) fn mentioned_in(messages: &mut [Message]) -> impl Iterator<Item = &mut User> {
    messages.iter_mut().flat_map(|message| &mut message.mentions).filter_map(Mention::user_mut)
}

/// Hides the nickname of a user who has deleted the account. A notice keeps the nickname as it was at the time.
fn anonymize(user: &mut User, present: Option<User>) {
    if let Some(former) = present.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
}
