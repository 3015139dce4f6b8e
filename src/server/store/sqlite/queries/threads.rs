//! Threads, single messages, what a user was told of, and whose nickname somebody may be typing.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, MentionPage, Message, MessagesPage, NicknameKey, Seq, ThreadPage, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            history::HistoryWindow,
            sqlite::queries::{
                history::{message_at, newest_event},
                rows::{CONVERSATION_1, USER_COLUMNS, all_rows, user_from},
            },
            threads::{
                CompletionUsers, MAX_MEMBERS_COMPLETED, MAX_TOLD_LOOKED_AT, ToldSortKey, by_conversation, mention_page,
            },
        },
    },
};

/// Reads messages one by one while they fit: at most `limit`, and at most about `bytes` bytes, but at least one. Returns whether
/// there are more.
fn read_fitting(
    db: &Connection,
    conversation: ConversationId,
    seqs: &[Seq],
    (limit, mut bytes): (u32, usize),
) -> Result<(Vec<Message>, bool), StoreError> {
    let mut messages = Vec::new();
    for seq in seqs {
        let Some((message, size)) = message_at(db, conversation, *seq)? else { continue };
        if messages.len() == limit as usize || (size > bytes && !messages.is_empty()) {
            return Ok((messages, true));
        }
        bytes = bytes.saturating_sub(size);
        messages.push(message);
    }
    Ok((messages, false))
}

/// The messages at these seqs, in ascending order.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) fn messages_at(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    mut seqs: Vec<Seq>,
    bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let as_of = newest_event(db, reader, conversation)?;
    seqs.sort_unstable_by(|one, other| other.cmp(one));
    seqs.dedup();
    let (mut messages, more) = read_fitting(db, conversation, &seqs, (u32::MAX, bytes))?;
    messages.reverse();
    Ok(MessagesPage { messages, as_of, more })
}

/// The first message of a thread, and some replies.
///
/// # Errors
/// [`Refusal::NotMember`] and [`Refusal::UnknownMessage`].
pub(crate) fn thread(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    thread: Seq,
    window: HistoryWindow,
    limit: u32,
    bytes: usize,
) -> Result<ThreadPage, StoreError> {
    let as_of = newest_event(db, reader, conversation)?;
    let first = message_at(db, conversation, thread)?.map(|(message, _)| message);
    let first = first.filter(|message| !message.is_notice() && message.reply.is_none());
    let first = first.ok_or(Refusal::UnknownMessage)?;
    let (condition, order, bound) = match window {
        HistoryWindow::Newest => ("<=", "DESC", as_of),
        HistoryWindow::Before(seq) => ("<", "DESC", seq),
        HistoryWindow::After(seq) => (">", "ASC", seq),
    };
    let select = format!(
        "SELECT seq FROM replies WHERE conversation = {CONVERSATION_1} AND thread = ?2 AND seq {condition} ?3
          ORDER BY seq {order} LIMIT ?4"
    );
    let seqs = all_rows(db, &select, params![conversation, thread, bound, limit.saturating_add(1)], |row| row.get(0))?;
    let (mut replies, more) = read_fitting(db, conversation, &seqs, (limit, bytes))?;
    if order == "DESC" {
        replies.reverse();
    }
    let muted = format!(
        "SELECT 1 FROM muted_threads WHERE user = (SELECT number FROM users WHERE id = ?3)
            AND conversation = {CONVERSATION_1} AND thread = ?2"
    );
    let muted = db.prepare_cached(&muted)?.exists(params![conversation, thread, reader])?;
    let messages = [first].into_iter().chain(replies).collect();
    Ok(ThreadPage { page: MessagesPage { messages, as_of, more }, muted })
}

/// Messages that the reader was told of, the newest first.
pub(crate) fn mentions(
    db: &Connection,
    reader: UserId,
    before: Option<ToldSortKey>,
    limit: u32,
    bytes: usize,
) -> Result<MentionPage, StoreError> {
    let Some(number) = db
        .prepare_cached("SELECT number FROM users WHERE id = ?1")?
        .query_row([reader], |row| row.get::<_, i64>(0))
        .optional()?
    else {
        return Ok(MentionPage { mentions: Vec::new(), older: None });
    };
    let select = "
        SELECT t.at, c.id, t.seq
          FROM (SELECT * FROM (SELECT conversation, seq, at FROM listeners WHERE user = ?1 AND at <= ?2
                                ORDER BY at DESC LIMIT ?6)
                UNION
                SELECT * FROM (SELECT l.conversation, l.seq, l.at FROM members m
                                 JOIN listeners l ON l.user = 0 AND l.conversation = m.conversation
                                WHERE m.user = ?1 AND l.at >= m.joined_at AND l.at <= ?2
                                ORDER BY l.at DESC LIMIT ?6)) t
          JOIN conversations c ON c.number = t.conversation
          JOIN members m ON m.conversation = t.conversation AND m.user = ?1 AND m.listed IS NOT NULL
          JOIN events e ON e.conversation = t.conversation AND e.seq = t.seq
         WHERE e.author <> ?1 AND e.author NOT IN (SELECT blocked FROM blocks WHERE user = ?1)
           AND (?3 IS NULL OR (t.at, c.id, t.seq) < (?2, ?3, ?4))
         ORDER BY t.at DESC, c.id DESC, t.seq DESC LIMIT ?5";
    let (at, conversation, seq) =
        before.map_or((i64::MAX, None, 0), |key| (signed(key.at.0), Some(key.conversation), signed(key.seq.0)));
    let params = params![number, at, conversation, seq, limit.saturating_add(1), MAX_TOLD_LOOKED_AT];
    let keys = all_rows(db, select, params, |row| {
        Ok(ToldSortKey { at: row.get(0)?, conversation: row.get(1)?, seq: row.get(2)? })
    })?;
    let pages = by_conversation(&keys)
        .into_iter()
        .map(|(conversation, seqs)| Ok((conversation, messages_at(db, reader, conversation, seqs, bytes)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok(mention_page(&keys, limit, pages))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The members of a conversation, and the users whose nickname key begins with `prefix`.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) fn completion_users(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    prefix: Option<NicknameKey>,
    limit: u32,
) -> Result<CompletionUsers, StoreError> {
    newest_event(db, reader, conversation)?;
    let members = format!(
        "SELECT {USER_COLUMNS} FROM members m JOIN users u ON u.number = m.user
          WHERE m.conversation = {CONVERSATION_1} ORDER BY m.user LIMIT ?2"
    );
    let members = all_rows(db, &members, params![conversation, MAX_MEMBERS_COMPLETED], |row| user_from(row, 0))?;
    let Some(prefix) = prefix else { return Ok(CompletionUsers { members, others: Vec::new() }) };
    let others = format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.nickname_key >= ?1 AND u.nickname_key < ?2
          ORDER BY u.nickname_key LIMIT ?3"
    );
    // No key has the last code point there is.
    let end = format!("{}{}", prefix.as_str(), char::MAX);
    let others = all_rows(db, &others, params![prefix.as_str(), end, limit], |row| user_from(row, 0))?;
    Ok(CompletionUsers { members, others })
}
