//! Threads, single messages, what a user was told of, and whose nickname somebody may be typing.

use crate::{
    domain::{ConversationId, MentionPage, MessagesPage, NicknameKey, Seq, ThreadPage, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            history::HistoryWindow,
            postgres::{
                pool::Pool,
                reads::{
                    history::{mentioned_in, messages_at_statement, name_users, page_from, thread_statement},
                    rows::user_from,
                    sql::{conversation_number, user_columns, user_number},
                },
                statement::Statement,
            },
            threads::{
                CompletionUsers, MAX_MEMBERS_COMPLETED, MAX_TOLD_LOOKED_AT, ToldSortKey, by_conversation, mention_page,
            },
        },
    },
};

/// The messages at these seqs, in ascending order.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) async fn messages_at(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    seqs: Vec<Seq>,
    bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let page = pool.read(messages_at_statement(reader, conversation, seqs, bytes), page_from).await?;
    let mut page = page.ok_or(Refusal::NotMember)?;
    name_users(pool, mentioned_in(&mut page.messages)).await?;
    Ok(page)
}

/// The first message of a thread, and some replies.
///
/// # Errors
/// [`Refusal::NotMember`] and [`Refusal::UnknownMessage`].
pub(crate) async fn thread(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    thread: Seq,
    window: HistoryWindow,
    limit: u32,
    bytes: usize,
) -> Result<ThreadPage, StoreError> {
    let muted = Statement::new(concat!(
        "SELECT 1 FROM muted_threads WHERE user_number = ",
        user_number!("$1"),
        " AND conversation = ",
        conversation_number!("$2"),
        " AND thread = $3::bigint"
    ))
    .bind(reader)
    .bind(conversation)
    .bind(thread);
    let statements = [
        messages_at_statement(reader, conversation, vec![thread], bytes),
        thread_statement(reader, conversation, (thread, window), limit, bytes),
        muted,
    ];
    let found = pool
        .snapshot(statements, |[first, replies, muted]| Ok((page_from(first)?, page_from(replies)?, !muted.is_empty())))
        .await?;
    let (Some(first), Some(mut page), muted) = found else { return Err(Refusal::NotMember.into()) };
    let first = first.messages.into_iter().next();
    let first = first.filter(|message| !message.is_notice() && message.reply.is_none());
    page.messages.insert(0, first.ok_or(Refusal::UnknownMessage)?);
    name_users(pool, mentioned_in(&mut page.messages)).await?;
    Ok(ThreadPage { page, muted })
}

const TOLD: &str = concat!(
    "WITH me AS (SELECT ",
    user_number!("$1"),
    " AS number)
    SELECT t.at, c.id, t.seq
      FROM ((SELECT conversation, seq, at FROM listeners
              WHERE user_number = (SELECT number FROM me) AND at <= $2::bigint
              ORDER BY at DESC LIMIT $6::bigint)
            UNION
            (SELECT l.conversation, l.seq, l.at FROM members m
               JOIN listeners l ON l.user_number = 0 AND l.conversation = m.conversation
              WHERE m.user_number = (SELECT number FROM me) AND l.at >= m.joined_at AND l.at <= $2::bigint
              ORDER BY l.at DESC LIMIT $6::bigint)) t
      JOIN conversations c ON c.number = t.conversation
      JOIN members m ON m.conversation = t.conversation AND m.user_number = (SELECT number FROM me)
                    AND m.listed IS NOT NULL
      JOIN LATERAL (SELECT author FROM events WHERE conversation = t.conversation AND seq = t.seq LIMIT 1) e ON true
     WHERE e.author <> (SELECT number FROM me)
       AND e.author NOT IN (SELECT blocked FROM blocks WHERE user_number = (SELECT number FROM me))
       AND ($3::uuid IS NULL OR (t.at, c.id, t.seq) < ($2::bigint, $3::uuid, $4::bigint))
     ORDER BY t.at DESC, c.id DESC, t.seq DESC LIMIT $5::bigint"
);

/// Messages that the reader was told of, the newest first.
pub(crate) async fn mentions(
    pool: &Pool,
    reader: UserId,
    before: Option<ToldSortKey>,
    limit: u32,
    bytes: usize,
) -> Result<MentionPage, StoreError> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (at, conversation, seq) =
        before.map_or((i64::MAX, None, 0), |key| (signed(key.at.0), Some(key.conversation), signed(key.seq.0)));
    let statement = Statement::new(TOLD)
        .bind(reader)
        .bind(at)
        .bind(conversation)
        .bind(seq)
        .bind(i64::from(limit) + 1)
        .bind(i64::from(MAX_TOLD_LOOKED_AT));
    let keys = pool
        .all(statement, |row| {
            Ok(ToldSortKey { at: row.try_get(0)?, conversation: row.try_get(1)?, seq: row.try_get(2)? })
        })
        .await?;
    let mut pages = Vec::new();
    for (conversation, seqs) in by_conversation(&keys) {
        match messages_at(pool, reader, conversation, seqs, bytes).await {
            Ok(page) => pages.push((conversation, page)),
            // The reader has left meanwhile.
            Err(StoreError::Refused(Refusal::NotMember)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(mention_page(&keys, limit, pages))
}

/// The members of a conversation, and the users whose nickname key begins with `prefix`.
///
/// # Errors
/// [`Refusal::NotMember`] if the conversation is not in the reader's list.
pub(crate) async fn completion_users(
    pool: &Pool,
    reader: UserId,
    conversation: ConversationId,
    prefix: Option<NicknameKey>,
    limit: u32,
) -> Result<CompletionUsers, StoreError> {
    let is_member = Statement::new(concat!(
        "SELECT 1 FROM members WHERE listed IS NOT NULL AND user_number = ",
        user_number!("$1"),
        " AND conversation = ",
        conversation_number!("$2")
    ))
    .bind(reader)
    .bind(conversation);
    let members = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM (SELECT user_number FROM members WHERE conversation = ",
        conversation_number!("$1"),
        " ORDER BY user_number LIMIT $2::bigint) m JOIN users u ON u.number = m.user_number ORDER BY m.user_number"
    ))
    .bind(conversation)
    .bind(i64::from(MAX_MEMBERS_COMPLETED));
    // No key has the last code point there is. Without a prefix, nothing is between the two.
    let (start, end) = match &prefix {
        Some(prefix) => (prefix.as_str().to_owned(), format!("{}{}", prefix.as_str(), char::MAX)),
        None => (String::new(), String::new()),
    };
    let others = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM users u WHERE u.nickname_key >= $1::text AND u.nickname_key < $2::text
           ORDER BY u.nickname_key LIMIT $3::bigint"
    ))
    .bind(start)
    .bind(end)
    .bind(i64::from(limit));
    let found = pool
        .snapshot([is_member, members, others], |[is_member, members, others]| {
            if is_member.is_empty() {
                return Ok(None);
            }
            let members = members.iter().map(|row| user_from(row, 0)).collect::<Result<_, _>>()?;
            let others = others.iter().map(|row| user_from(row, 0)).collect::<Result<_, _>>()?;
            Ok(Some(CompletionUsers { members, others }))
        })
        .await?;
    Ok(found.ok_or(Refusal::NotMember)?)
}
