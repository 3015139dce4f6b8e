//! Events, messages, reactions and pins.

use tokio_postgres::Error;

use crate::{
    domain::{CommandId, ConversationId, Mention, Message, Seq, Timestamp, UserId},
    server::{
        rules::{EventPosition, MAX_THREAD_AUTHORS, MessageFacts, MessageListener, OldEvent},
        store::{
            history::HistoryWindow,
            postgres::{
                facts::query::{FactsQuery, many},
                questions::{Answer, MessagesAround, MessagesOf, Question},
                reads::{
                    history::{page_from, page_statement, reply_from},
                    rows::json_from,
                },
                statement::Statement,
            },
        },
    },
};

pub(super) const COMMAND: &str = "
    SELECT q.n, c.id, e.seq, e.at
      FROM (SELECT q.n, q.id, u.number AS author
              FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS q (author, id, n)
              JOIN users u ON u.id = q.author
            OFFSET 0) AS q
      JOIN events e ON e.command_id = q.id AND e.author = q.author
      JOIN conversations c ON c.number = e.conversation";

pub(super) fn command(commands: Vec<(UserId, CommandId)>) -> FactsQuery {
    let (authors, ids): (Vec<UserId>, Vec<CommandId>) = commands.iter().copied().unzip();
    let statement = Statement::new(COMMAND).bind(authors).bind(ids);
    FactsQuery::together(commands, statement, (Question::Command, Answer::Command), |answer, row| {
        *answer = Some(EventPosition { conversation: row.try_get(1)?, seq: row.try_get(2)?, at: row.try_get(3)? });
        Ok(())
    })
}

// The view is a left join, which PostgreSQL puts first if it may.
pub(super) const MESSAGE: &str = "
    SELECT q.n, u.id, m.deleted, m.notice IS NOT NULL, m.at, m.reply_to, m.thread, m.mentions, m.sent_mentions, m.participants
      FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS q (conversation, seq, n)
      JOIN conversations c ON c.id = q.conversation
      JOIN LATERAL (SELECT * FROM messages WHERE conversation = c.number AND seq = q.seq OFFSET 0) m ON true
      JOIN users u ON u.number = m.author";

pub(super) fn message(messages: Vec<(ConversationId, Seq)>) -> FactsQuery {
    let (conversations, seqs): (Vec<ConversationId>, Vec<Seq>) = messages.iter().copied().unzip();
    let statement = Statement::new(MESSAGE).bind(conversations).bind(seqs);
    FactsQuery::together(messages, statement, (Question::Message, Answer::Message), |answer, row| {
        let mentions: [Option<Vec<Mention>>; 2] = [json_from(row, 7)?, json_from(row, 8)?];
        *answer = Some(MessageFacts {
            author: row.try_get(1)?,
            at: row.try_get(4)?,
            is_deleted: row.try_get(2)?,
            is_notice: row.try_get(3)?,
            reply: reply_from(row, 5)?,
            mentioned: mentions.iter().flatten().flatten().map(MessageListener::of).collect(),
            participants: json_from(row, 9)?.unwrap_or_default(),
        });
        Ok(())
    })
}

pub(super) fn thread_listeners(threads: Vec<(ConversationId, Seq)>) -> FactsQuery {
    let statement = |(conversation, thread): &(ConversationId, Seq)| {
        Statement::new(
            "SELECT u.id
               FROM (SELECT max(seq) AS seq, author
                       FROM ((SELECT seq, author FROM replies
                               WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                                 AND thread = $2::bigint
                               ORDER BY seq DESC LIMIT $3::bigint)
                             UNION ALL
                             SELECT seq, author FROM events
                              WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                                AND seq = $2::bigint) written
                      GROUP BY author) a
               JOIN users u ON u.number = a.author
              WHERE EXISTS (SELECT 1 FROM members
                             WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                               AND user_number = a.author)
                AND NOT EXISTS (SELECT 1 FROM muted_threads
                                 WHERE user_number = a.author AND thread = $2::bigint
                                   AND conversation = (SELECT number FROM conversations WHERE id = $1::uuid))
              ORDER BY a.seq DESC",
        )
        .bind(*conversation)
        .bind(*thread)
        .bind(i64::from(MAX_THREAD_AUTHORS))
    };
    FactsQuery::one_by_one(threads, statement, (Question::ThreadListeners, Answer::ThreadListeners), many)
}

pub(super) const EMOJI_OF: &str = "
    SELECT DISTINCT q.n, r.emoji
      FROM (SELECT q.n, c.number AS conversation, q.seq
              FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS q (conversation, seq, n)
              JOIN conversations c ON c.id = q.conversation
            OFFSET 0) AS q
      JOIN reactions r ON r.conversation = q.conversation AND r.message = q.seq
     ORDER BY q.n, r.emoji";

pub(super) fn emoji_of(messages: Vec<(ConversationId, Seq)>) -> FactsQuery {
    let (conversations, seqs): (Vec<ConversationId>, Vec<Seq>) = messages.iter().copied().unzip();
    let statement = Statement::new(EMOJI_OF).bind(conversations).bind(seqs);
    FactsQuery::together(messages, statement, (Question::EmojiOf, Answer::EmojiOf), many)
}

pub(super) fn pins_of(conversations: Vec<ConversationId>) -> FactsQuery {
    let statement = |conversation: &ConversationId| {
        Statement::new(
            "SELECT message FROM pins WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
              ORDER BY message",
        )
        .bind(*conversation)
    };
    FactsQuery::one_by_one(conversations, statement, (Question::PinsOf, Answer::PinsOf), many)
}

pub(super) fn messages_of(ranges: Vec<MessagesOf>) -> FactsQuery {
    let statement = |range: &MessagesOf| {
        Statement::new(
            "SELECT seq FROM messages
              WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                AND seq > $2::bigint AND seq <= $3::bigint
                AND author = (SELECT number FROM users WHERE id = $4::uuid) AND NOT deleted AND notice IS NULL
              ORDER BY seq LIMIT $5::bigint",
        )
        .bind(range.conversation)
        .bind(range.after)
        .bind(range.up_to)
        .bind(range.author)
        .bind(i64::from(range.limit))
    };
    FactsQuery::one_by_one(ranges, statement, (Question::MessagesOf, Answer::MessagesOf), many)
}

pub(super) fn old_events(conversations: Vec<(ConversationId, Timestamp, u32)>) -> FactsQuery {
    let statement = |(conversation, before, limit): &(ConversationId, Timestamp, u32)| {
        Statement::new(
            "SELECT e.seq, e.target IS NULL AND e.payload ->> 'kind' = 'message' AND NOT coalesce(s.deleted, false)
                    AND u.password IS NULL
               FROM events e
               JOIN users u ON u.number = e.author
               LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
              WHERE e.conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                AND e.seq > (SELECT retained FROM conversations WHERE id = $1::uuid)
                AND e.at < $2::bigint ORDER BY e.seq LIMIT $3::bigint",
        )
        .bind(*conversation)
        .bind(*before)
        .bind(i64::from(*limit))
    };
    FactsQuery::one_by_one(
        conversations,
        statement,
        (Question::OldEvents, Answer::OldEvents),
        |answer: &mut Vec<_>, row| {
            answer.push(OldEvent { seq: row.try_get(0)?, is_due: row.try_get(1)? });
            Ok(())
        },
    )
}

/// The most bytes of messages that [`messages_around`] reads on each side.
const MAX_BYTES_AROUND: usize = 256 * 1024;

pub(super) fn messages_around(places: Vec<MessagesAround>) -> FactsQuery {
    let statements = places.iter().flat_map(|&MessagesAround { reader, conversation, seq, around }| {
        let page = |window, limit| page_statement(reader, conversation, window, limit, MAX_BYTES_AROUND);
        [page(HistoryWindow::Before(seq.next()), around.saturating_add(1)), page(HistoryWindow::After(seq), around)]
    });
    FactsQuery::new(statements.collect(), move |pages| {
        let mut pages = pages.iter().map(|rows| Ok(page_from(rows)?.map_or_else(Vec::new, |page| page.messages)));
        let mut answers = Vec::new();
        for place in places {
            let mut found: Vec<Message> = pages.by_ref().take(2).collect::<Result<Vec<_>, Error>>()?.concat();
            found.retain(|message| !message.is_notice());
            answers.push((Question::MessagesAround(place), Answer::MessagesAround(found)));
        }
        Ok(answers)
    })
}
