//! Conversations and their members.

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::{
        rules::{ConversationFacts, ConversationFactsKind, Membership, OtherMember, RoomFacts},
        store::{
            commit_log::Position,
            postgres::{
                facts::query::{FactsQuery, any, many, one},
                questions::{Answer, Question, UserPair},
                statement::Statement,
            },
        },
    },
};

pub(super) const CONVERSATION: &str = "
    SELECT q.n, c.created_at, coalesce(e.seq, 0), coalesce(e.at, 0), r.visibility, r.posting, r.archived
      FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n) JOIN conversations c ON c.id = q.id
      LEFT JOIN LATERAL (SELECT * FROM rooms WHERE conversation = c.number OFFSET 0) r ON true
      LEFT JOIN LATERAL (SELECT seq, at FROM events WHERE conversation = c.number ORDER BY seq DESC LIMIT 1) e ON true";

pub(super) fn conversation(ids: Vec<ConversationId>) -> FactsQuery {
    let statement = Statement::new(CONVERSATION).bind(ids.clone());
    FactsQuery::together(ids, statement, (Question::Conversation, Answer::Conversation), |answer, row| {
        let kind = match row.try_get(4)? {
            Some(visibility) => ConversationFactsKind::Room(RoomFacts {
                visibility,
                posting: row.try_get(5)?,
                is_archived: row.try_get(6)?,
            }),
            None => ConversationFactsKind::Direct,
        };
        let newest = (row.try_get(2)?, row.try_get(3)?);
        *answer = Some(ConversationFacts { kind, created_at: row.try_get(1)?, newest });
        Ok(())
    })
}

pub(super) fn rooms(all: Vec<()>) -> FactsQuery {
    let statement = |(): &()| Statement::new("SELECT id FROM conversations WHERE kind = 'room' ORDER BY number");
    FactsQuery::one_by_one(all, statement, (Question::Rooms, Answer::Rooms), many)
}

pub(super) const DIRECT_OF: &str = "
    SELECT q.n, c.id
      FROM (SELECT q.n, least(a.number, b.number) AS low, greatest(a.number, b.number) AS high
              FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS q (one, other, n)
              JOIN users a ON a.id = q.one
              JOIN users b ON b.id = q.other
            OFFSET 0) AS q
      JOIN conversations c ON c.direct_low = q.low AND c.direct_high = q.high";

pub(super) fn direct_of(pairs: Vec<UserPair>) -> FactsQuery {
    let (ones, others): (Vec<UserId>, Vec<UserId>) = pairs.iter().map(|pair| (pair.one, pair.other)).unzip();
    let statement = Statement::new(DIRECT_OF).bind(ones).bind(others);
    FactsQuery::together(pairs, statement, (Question::DirectOf, Answer::DirectOf), one)
}

pub(super) fn directs_of(users: Vec<UserId>) -> FactsQuery {
    let statement = Statement::new(
        "SELECT q.n, c.id FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n)
           JOIN users u ON u.id = q.id
           JOIN members m ON m.user_number = u.number
           JOIN conversations c ON c.number = m.conversation AND c.kind = 'direct'
           JOIN members o ON o.conversation = c.number AND o.user_number <> m.user_number
          ORDER BY o.listed DESC NULLS LAST, c.number",
    )
    .bind(users.clone());
    FactsQuery::together(users, statement, (Question::DirectsOf, Answer::DirectsOf), many)
}

pub(super) fn rooms_of(users: Vec<UserId>) -> FactsQuery {
    let statement = Statement::new(
        "SELECT q.n, c.id FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n)
           JOIN users u ON u.id = q.id
           JOIN members m ON m.user_number = u.number
           JOIN conversations c ON c.number = m.conversation AND c.kind = 'room'
          ORDER BY c.number",
    )
    .bind(users.clone());
    FactsQuery::together(users, statement, (Question::RoomsOf, Answer::RoomsOf), many)
}

pub(super) fn has_messages_besides(conversations: Vec<(ConversationId, Vec<Seq>)>) -> FactsQuery {
    let statement = |(conversation, deleted): &(ConversationId, Vec<Seq>)| {
        Statement::new(
            "SELECT 1 FROM messages
              WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                AND NOT deleted AND seq <> ALL ($2::bigint[]) LIMIT 1",
        )
        .bind(*conversation)
        .bind(deleted.clone())
    };
    FactsQuery::one_by_one(conversations, statement, (Question::HasMessagesBesides, Answer::HasMessagesBesides), any)
}

pub(super) const MEMBERSHIP: &str = "
    SELECT q.n, m.joined_at, m.read_seq, m.listed, o.id, om.listed, o.nickname_key IS NULL,
           EXISTS (SELECT 1 FROM blocks WHERE user_number = q.other AND blocked = q.member),
           EXISTS (SELECT 1 FROM blocks WHERE user_number = q.member AND blocked = q.other), r.role, m.set_back_at
      FROM (SELECT q.n, c.number AS conversation, u.number AS member,
                   CASE c.direct_low WHEN u.number THEN c.direct_high ELSE c.direct_low END AS other
              FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS q (conversation, member, n)
              JOIN conversations c ON c.id = q.conversation
              JOIN users u ON u.id = q.member
            OFFSET 0) AS q
      JOIN members m ON m.conversation = q.conversation AND m.user_number = q.member
      LEFT JOIN LATERAL (SELECT role FROM room_roles WHERE conversation = q.conversation AND user_number = q.member
                         OFFSET 0) r ON true
      LEFT JOIN users o ON o.number = q.other
      LEFT JOIN members om ON om.conversation = q.conversation AND om.user_number = q.other";

pub(super) fn membership(members: Vec<(ConversationId, UserId)>) -> FactsQuery {
    let (conversations, users): (Vec<ConversationId>, Vec<UserId>) = members.iter().copied().unzip();
    let statement = Statement::new(MEMBERSHIP).bind(conversations).bind(users);
    FactsQuery::together(members, statement, (Question::Membership, Answer::Membership), |answer, row| {
        let other = match row.try_get(4)? {
            None => None,
            Some(id) => Some(OtherMember {
                id,
                listed: row.try_get(5)?,
                is_gone: row.try_get(6)?,
                has_blocked_me: row.try_get(7)?,
                is_blocked: row.try_get(8)?,
            }),
        };
        let (joined_at, read_seq, listed) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let role = row.try_get::<_, Option<_>>(9)?.unwrap_or_default();
        let set_back_at = row.try_get::<_, Position>(10)?.0;
        *answer = Some(Membership { joined_at, read_seq, set_back_at, listed, role, other });
        Ok(())
    })
}

pub(super) fn users_of_direct(directs: Vec<ConversationId>) -> FactsQuery {
    let statement = Statement::new(
        "SELECT q.n, l.id, h.id FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n)
           JOIN conversations c ON c.id = q.id
           JOIN users l ON l.number = c.direct_low JOIN users h ON h.number = c.direct_high",
    )
    .bind(directs.clone());
    FactsQuery::together(directs, statement, (Question::UsersOfDirect, Answer::UsersOfDirect), |answer, row| {
        *answer = Some([row.try_get(1)?, row.try_get(2)?]);
        Ok(())
    })
}
