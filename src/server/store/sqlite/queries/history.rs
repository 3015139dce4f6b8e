//! Messages and events of conversations.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Mention, Message, MessagesPage, Reaction, Reply, Seq, Timestamp,
        User, UserId,
    },
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            history::{FoundMessage, HistoryWindow, MessageLookup},
            sqlite::queries::{
                accounts::any_user,
                clock_offsets::machine_cutoff,
                rows::{CONVERSATION_1, USER_COLUMNS, all_rows, fitting_rows, json_from, user_from},
            },
        },
    },
};

/// Roughly how many bytes an event takes on the wire, besides its text.
pub(super) const EVENT_BYTES: usize = 40;

/// Roughly how many bytes a reaction of one user takes on the wire: an id, a nickname and the JSON around them.
const REACTION_BYTES: usize = 100;

/// The columns that [`message_from`] reads, of the view `messages` under the name `m` and its author under the name `u`.
const MESSAGE_COLUMNS: &str = "m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
    u.id, u.nickname, u.password IS NOT NULL, u.role,
    EXISTS (SELECT 1 FROM pins p WHERE p.conversation = m.conversation AND p.message = m.seq),
    m.mentions, m.reply_to, m.thread, m.replies";

/// The number of reactions to the message `m`.
const REACTION_COUNT: &str =
    "(SELECT count(*) FROM reactions r WHERE r.conversation = m.conversation AND r.message = m.seq)";

/// The columns that [`event_from`] reads, of the table `events` under the name `e`, its author under the name `u`, and its
/// conversation under the name `c`.
pub(super) const EVENT_COLUMNS: &str = "c.id, e.seq, e.at, e.command_id, e.payload,
    u.id, u.nickname, u.password IS NOT NULL, u.role";

/// A page of messages in ascending order: at most `limit`, and at most about `bytes` bytes, but at least one.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) fn messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    window: HistoryWindow,
    limit: u32,
    bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let as_of = newest_event(db, reader, conversation)?;
    let (condition, order, bound) = match window {
        HistoryWindow::Newest => ("<=", "DESC", as_of),
        HistoryWindow::Before(seq) => ("<", "DESC", seq),
        HistoryWindow::After(seq) => (">", "ASC", seq),
    };
    let select = format!(
        "SELECT {MESSAGE_COLUMNS}, {REACTION_COUNT} FROM messages m JOIN users u ON u.number = m.author
          WHERE m.conversation = {CONVERSATION_1} AND m.seq {condition} ?2
          ORDER BY m.seq {order} LIMIT ?3"
    );
    // One row more than asked for tells whether there is more.
    let params = params![conversation, bound, limit.saturating_add(1)];
    let (mut messages, more) = fitting_rows(db, &select, params, (limit, bytes), sized_message_from)?;
    if order == "DESC" {
        messages.reverse();
    }
    add_reactions(db, conversation, &mut messages)?;
    for message in &mut messages {
        name_users(db, message)?;
    }
    Ok(MessagesPage { messages, as_of, more })
}

/// The message or notice at a seq, and its size.
pub(super) fn message_at(
    db: &Connection,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Option<(Message, usize)>, StoreError> {
    let select = format!(
        "SELECT {MESSAGE_COLUMNS}, {REACTION_COUNT} FROM messages m JOIN users u ON u.number = m.author
          WHERE m.conversation = {CONVERSATION_1} AND m.seq = ?2"
    );
    let found = db.prepare_cached(&select)?.query_row(params![conversation, seq], sized_message_from).optional()?;
    let Some((mut message, size)) = found else { return Ok(None) };
    add_reactions(db, conversation, std::slice::from_mut(&mut message))?;
    name_users(db, &mut message)?;
    Ok(Some((message, size)))
}

/// The newest event of a conversation; 0 if there is none.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(super) fn newest_event(db: &Connection, reader: UserId, conversation: ConversationId) -> Result<Seq, StoreError> {
    let newest: Option<Seq> = db
        .prepare_cached(
            "SELECT coalesce((SELECT max(seq) FROM events WHERE conversation = m.conversation), 0) FROM members m
              WHERE m.conversation = (SELECT number FROM conversations WHERE id = ?1)
                AND m.user = (SELECT number FROM users WHERE id = ?2) AND m.listed IS NOT NULL",
        )?
        .query_row(params![conversation, reader], |row| row.get(0))
        .optional()?;
    Ok(newest.ok_or(Refusal::NotMember)?)
}

/// Messages that the operator looks up, the newest first.
pub(crate) fn find_messages(
    db: &Connection,
    lookup: MessageLookup,
    limit: u32,
) -> Result<Vec<FoundMessage>, StoreError> {
    let (condition, order, id) = match lookup {
        MessageLookup::InConversation(id) => ("c.id = ?1", "m.seq", *id.as_uuid()),
        MessageLookup::ByAuthor(id) => (
            "u.id = ?1 AND m.conversation IN (SELECT conversation FROM members WHERE user = u.number)",
            "m.at DESC, c.id DESC, m.seq",
            *id.as_uuid(),
        ),
    };
    let select = format!(
        "SELECT {MESSAGE_COLUMNS}, c.id
           FROM messages m JOIN users u ON u.number = m.author JOIN conversations c ON c.number = m.conversation
          WHERE {condition} ORDER BY {order} DESC LIMIT ?2"
    );
    all_rows(db, &select, params![id.as_bytes().as_slice(), limit], |row| {
        let message = Message { mentions: Vec::new(), ..message_from(row)? };
        Ok(FoundMessage { conversation: row.get(17)?, message })
    })
}

/// At most `limit` conversations with events from before `before` that retention has not processed yet.
pub(crate) fn due_for_retention(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let select = "SELECT id FROM conversations c
          WHERE EXISTS (SELECT 1 FROM events WHERE conversation = c.number AND seq = c.retained + 1 AND at < ?1) LIMIT ?2";
    all_rows(db, select, params![machine_cutoff(db, before)?, limit], |row| row.get(0))
}

/// Events after `after` up to `up_to`, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
pub(crate) fn events(
    db: &Connection,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
    bytes: usize,
) -> Result<Vec<Event>, StoreError> {
    let select = format!(
        "SELECT {EVENT_COLUMNS}
           FROM events e JOIN conversations c ON c.number = e.conversation JOIN users u ON u.number = e.author
          WHERE e.conversation = {CONVERSATION_1} AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4"
    );
    let params = params![conversation, after, up_to, limit];
    let (mut events, _) = fitting_rows(db, &select, params, (limit, bytes), |row| event_from(row, 0))?;
    for event in &mut events {
        name_event_users(db, event)?;
    }
    Ok(events)
}

/// Names the users whom a message mentions, and hides the name of the user of a notice who has deleted the account.
fn name_users(db: &Connection, message: &mut Message) -> Result<(), StoreError> {
    message.mentions.iter_mut().filter_map(Mention::user_mut).try_for_each(|user| name_user(db, user))?;
    message.noticed_user_mut().map_or(Ok(()), |noticed| anonymize_if_deleted(db, noticed))
}

/// Reads the [`MESSAGE_COLUMNS`]. Mentioned users have no nicknames.
fn message_from(row: &Row<'_>) -> rusqlite::Result<Message> {
    let (notice, room) = match json_from(row, 7)? {
        Some(EventKind::Notice(notice)) => (Some(notice), None),
        Some(EventKind::Room(change)) => (None, Some(change)),
        _ => (None, None),
    };
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        author: user_from(row, 8)?,
        body: row.get(3)?,
        mentions: json_from(row, 13)?.unwrap_or_default(),
        reply: reply_from(row, 14)?,
        replies: row.get(16)?,
        pinned: row.get(12)?,
        revision: row.get(4)?,
        edited_at: row.get(5)?,
        deleted: row.get(6)?,
        reactions: Vec::new(),
        notice,
        room,
    })
}

/// Reads the [`MESSAGE_COLUMNS`] and the [`REACTION_COUNT`]. Returns the message and its size.
fn sized_message_from(row: &Row<'_>) -> rusqlite::Result<(Message, usize)> {
    let (message, reactions) = (message_from(row)?, row.get::<_, u32>(17)?);
    let size = message.body.as_str().len() + reactions as usize * REACTION_BYTES;
    Ok((message, size))
}

/// Adds the reactions to messages that are in ascending order.
fn add_reactions(db: &Connection, conversation: ConversationId, messages: &mut [Message]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let mut select = db.prepare_cached(&format!(
        "SELECT r.message, r.emoji, {USER_COLUMNS} FROM reactions r JOIN users u ON u.number = r.user
          WHERE r.conversation = {CONVERSATION_1} AND r.message BETWEEN ?2 AND ?3
          ORDER BY r.message, r.emoji, r.seq"
    ))?;
    let mut rows = select.query(params![conversation, first.seq, last.seq])?;
    while let Some(row) = rows.next()? {
        let (seq, emoji, user): (Seq, Emoji, User) = (row.get(0)?, row.get(1)?, user_from(row, 2)?);
        let Ok(index) = messages.binary_search_by_key(&seq, |message| message.seq) else { continue };
        match messages[index].reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => messages[index].reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(())
}

/// Reads an event from the [`EVENT_COLUMNS`] at `first`, and returns its size. A message or edit carries its own text, which is
/// empty if the message was deleted.
pub(super) fn event_from(row: &Row<'_>, first: usize) -> rusqlite::Result<(Event, usize)> {
    // The column is never null.
    let mut kind = json_from(row, first + 4)?.unwrap_or(EventKind::Other);
    let mut size = EVENT_BYTES;
    if let EventKind::Message { body, .. } | EventKind::Edit { body, .. } = &mut kind {
        *body = Body::from_stored(body.as_str().to_owned());
        size += body.as_str().len();
    }
    let (conversation, seq, at, id) = (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?, row.get(first + 3)?);
    Ok((Event { conversation, seq, at, author: user_from(row, first + 5)?, id, kind }, size))
}

/// Names the users whom an event mentions, and hides the name of the user of a notice who has deleted the account.
pub(super) fn name_event_users(db: &Connection, event: &mut Event) -> Result<(), StoreError> {
    event.kind.mentioned_users_mut().try_for_each(|user| name_user(db, user))?;
    event.kind.noticed_user_mut().map_or(Ok(()), |noticed| anonymize_if_deleted(db, noticed))
}

/// Replaces a user who was stored without a name by the present one.
fn name_user(db: &Connection, user: &mut User) -> Result<(), StoreError> {
    if let Some(present) = any_user(db, user.id)? {
        *user = present;
    }
    Ok(())
}

/// Reads what makes a message a reply, from two columns.
pub(in crate::server::store::sqlite) fn reply_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Reply>> {
    let (to, thread): (Option<Seq>, Option<Seq>) = (row.get(first)?, row.get(first + 1)?);
    Ok(to.zip(thread).map(|(to, thread)| Reply { to, thread }))
}

/// Hides the nickname of a user who has deleted the account. A notice keeps the nickname as it was at the time.
fn anonymize_if_deleted(db: &Connection, user: &mut User) -> Result<(), StoreError> {
    if let Some(former) = any_user(db, user.id)?.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
    Ok(())
}
