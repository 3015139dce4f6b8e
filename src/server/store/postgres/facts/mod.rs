//! What rules ask, answered from the tables.
//!
//! Whatever is found by two columns is found by both: the numbers of a question are in a subquery that PostgreSQL plans by
//! itself (`OFFSET 0`). Left to join as it likes, and with tables that it has not analysed yet, it reads all members of a room
//! for each of those who write, or all events of an author for each command.

mod conversations;
mod housekeeping;
mod messages;
mod moderation;
mod query;
mod rooms;
mod sessions;
mod users;

pub(super) use query::FactsQuery;

use crate::server::store::postgres::questions::{Question, QuestionsByKind};

/// The statements to prepare in advance: they answer the questions of frequent commands.
pub(super) const HOT: &[&str] = &[
    users::USER,
    users::USER_WITH_NICKNAME,
    users::GUESTS_FROM,
    sessions::SESSION_BY_KEY,
    sessions::SESSIONS_OF,
    conversations::CONVERSATION,
    conversations::DIRECT_OF,
    conversations::MEMBERSHIP,
    messages::COMMAND,
    messages::MESSAGE,
    messages::EMOJI_OF,
    moderation::SANCTIONS_OF,
    moderation::MARKED_SANCTIONS,
    moderation::BANNED_NETWORKS,
    moderation::HAS_BLOCKED,
    moderation::INVITE_BY_KEY,
];

/// Finds the statements that answer these questions, each of which is asked once. Frequent kinds take one statement for all
/// questions of the kind.
pub(super) fn plan(questions: Vec<Question>) -> Vec<FactsQuery> {
    let kinds: QuestionsByKind = questions.into_iter().collect();
    let plan = [
        query_of(kinds.user, users::user),
        query_of(kinds.user_with_nickname, users::user_with_nickname),
        query_of(kinds.has_owner_besides, users::has_owner_besides),
        query_of(kinds.addresses_of, users::addresses_of),
        query_of(kinds.guests_from, users::guests_from),
        query_of(kinds.guests_from_network, users::guests_from_network),
        query_of(kinds.guests, users::guests),
        query_of(kinds.expired_guests, users::expired_guests),
        query_of(kinds.session_by_key, sessions::session_by_key),
        query_of(kinds.sessions_of, sessions::sessions_of),
        query_of(kinds.expired_sessions, sessions::expired_sessions),
        query_of(kinds.sessions_seen_before, sessions::sessions_seen_before),
        query_of(kinds.conversation, conversations::conversation),
        query_of(kinds.room_name, rooms::room_name),
        query_of(kinds.public_room_with_name, rooms::public_room_with_name),
        query_of(kinds.has_room_owner_besides, rooms::has_room_owner_besides),
        query_of(kinds.room_heir, rooms::room_heir),
        query_of(kinds.rooms, conversations::rooms),
        query_of(kinds.direct_of, conversations::direct_of),
        query_of(kinds.directs_of, conversations::directs_of),
        query_of(kinds.rooms_of, conversations::rooms_of),
        query_of(kinds.has_messages_besides, conversations::has_messages_besides),
        query_of(kinds.membership, conversations::membership),
        query_of(kinds.users_of_direct, conversations::users_of_direct),
        query_of(kinds.command, messages::command),
        query_of(kinds.message, messages::message),
        query_of(kinds.emoji_of, messages::emoji_of),
        query_of(kinds.thread_listeners, messages::thread_listeners),
        query_of(kinds.pins_of, messages::pins_of),
        query_of(kinds.messages_of, messages::messages_of),
        query_of(kinds.messages_around, messages::messages_around),
        query_of(kinds.old_events, messages::old_events),
        query_of(kinds.sanctions_of, moderation::sanctions_of),
        query_of(kinds.marked_sanctions, moderation::marked_sanctions),
        query_of(kinds.banned_networks, moderation::banned_networks),
        query_of(kinds.has_blocked, moderation::has_blocked),
        query_of(kinds.blocked_count, moderation::blocked_count),
        query_of(kinds.invite_by_key, moderation::invite_by_key),
        query_of(kinds.invite, moderation::invite),
        query_of(kinds.report, moderation::report),
        query_of(kinds.has_reported, moderation::has_reported),
        query_of(kinds.open_reports_of, moderation::open_reports_of),
        query_of(kinds.next_erasure, housekeeping::next_erasure),
        query_of(kinds.saved_clock, housekeeping::saved_clock),
        query_of(kinds.machine_cutoff, housekeeping::machine_cutoff),
    ];
    plan.into_iter().flatten().collect()
}

/// The query of a kind, if there are questions of it.
fn query_of<K>(keys: Vec<K>, query: fn(Vec<K>) -> FactsQuery) -> Option<FactsQuery> {
    (!keys.is_empty()).then(|| query(keys))
}
