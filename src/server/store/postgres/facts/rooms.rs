//! What is set of rooms, and who owns them or would.

use crate::{
    domain::{ConversationId, NicknameKey, UserId},
    server::store::postgres::{
        facts::query::{FactsQuery, any, one},
        questions::{Answer, Question},
        statement::Statement,
    },
};

pub(super) fn room_name(rooms: Vec<ConversationId>) -> FactsQuery {
    let statement = |room: &ConversationId| {
        Statement::new("SELECT name FROM conversations WHERE id = $1::uuid AND kind = 'room'").bind(*room)
    };
    FactsQuery::one_by_one(rooms, statement, (Question::RoomName, Answer::RoomName), one)
}

pub(super) fn public_room_with_name(keys: Vec<NicknameKey>) -> FactsQuery {
    let statement = |key: &NicknameKey| {
        Statement::new(
            "SELECT c.id FROM rooms r JOIN conversations c ON c.number = r.conversation
              WHERE r.name_key = $1::text AND r.visibility = 'public' AND NOT r.archived",
        )
        .bind(key.clone())
    };
    FactsQuery::one_by_one(keys, statement, (Question::PublicRoomWithName, Answer::PublicRoomWithName), one)
}

pub(super) fn has_room_owner_besides(rooms: Vec<(ConversationId, UserId)>) -> FactsQuery {
    let statement = |(room, except): &(ConversationId, UserId)| {
        Statement::new(
            "SELECT 1 FROM room_roles
              WHERE conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                AND user_number <> (SELECT number FROM users WHERE id = $2::uuid) AND role = 'owner' LIMIT 1",
        )
        .bind(*room)
        .bind(*except)
    };
    FactsQuery::one_by_one(rooms, statement, (Question::HasRoomOwnerBesides, Answer::HasRoomOwnerBesides), any)
}

pub(super) fn room_heir(rooms: Vec<(ConversationId, UserId)>) -> FactsQuery {
    let statement = |(room, except): &(ConversationId, UserId)| {
        Statement::new(
            "SELECT u.id FROM members m JOIN users u ON u.number = m.user_number
               LEFT JOIN room_roles r ON r.conversation = m.conversation AND r.user_number = m.user_number
              WHERE m.conversation = (SELECT number FROM conversations WHERE id = $1::uuid)
                AND u.id <> $2::uuid AND u.password IS NOT NULL
              ORDER BY CASE r.role WHEN 'owner' THEN 0 WHEN 'moderator' THEN 1 ELSE 2 END, m.joined_at, m.user_number
              LIMIT 1",
        )
        .bind(*room)
        .bind(*except)
    };
    FactsQuery::one_by_one(rooms, statement, (Question::RoomHeir, Answer::RoomHeir), one)
}
