//! The longer statements of single mutations.
//!
//! A number that isn't found is NULL: in an update or delete it finds nothing, in an insert it fails.

/// The number of the user whose id is this parameter.
macro_rules! user {
    ($parameter:literal) => {
        concat!("(SELECT number FROM users WHERE id = ", $parameter, ")")
    };
}

/// The number of the conversation whose id is this parameter.
macro_rules! conversation {
    ($parameter:literal) => {
        concat!("(SELECT number FROM conversations WHERE id = ", $parameter, ")")
    };
}

/// The value of `scope` for the room whose id is this parameter, or, with NULL, for the whole server.
macro_rules! scope {
    ($parameter:literal) => {
        concat!("CASE WHEN ", $parameter, " IS NULL THEN 0 ELSE ", conversation!($parameter), " END")
    };
}

pub(super) const SET_TEXT: &str = concat!(
    "INSERT INTO states (conversation, seq, revision, body, edited_at, mentions) VALUES (",
    conversation!("$1"),
    ", $2, $3, $4, $5, $6)
         ON CONFLICT (conversation, seq) DO UPDATE
        SET revision = excluded.revision, body = excluded.body, edited_at = excluded.edited_at,
            mentions = excluded.mentions"
);

pub(super) const REMOVE_LISTENERS: &str =
    concat!("DELETE FROM listeners WHERE conversation = ", conversation!("$1"), " AND seq = $2");

pub(super) const REMOVE_MEMBER_LISTENERS: &str =
    concat!("DELETE FROM listeners WHERE conversation = ", conversation!("$1"), " AND user_number = ", user!("$2"));

pub(super) const REMOVE_USER_LISTENERS: &str = concat!("DELETE FROM listeners WHERE user_number = ", user!("$1"));

// A user without an id is everyone.
pub(super) const ADD_LISTENERS: &str = concat!(
    "INSERT INTO listeners (user_number, conversation, seq, at)
     SELECT CASE WHEN l.id IS NULL THEN 0 ELSE u.number END, ",
    conversation!("$1"),
    ", $2, $3 FROM unnest($4::uuid[]) AS l (id) LEFT JOIN users u ON u.id = l.id"
);

pub(super) const ADD_REPLY: &str = concat!(
    "INSERT INTO replies (conversation, thread, seq, author) VALUES (",
    conversation!("$1"),
    ", $2, $3, ",
    user!("$4"),
    ")"
);

pub(super) const COUNT_REPLY: &str = concat!(
    "INSERT INTO states (conversation, seq, revision, replies) VALUES (",
    conversation!("$1"),
    ", $2, $3, 1)
         ON CONFLICT (conversation, seq) DO UPDATE SET revision = excluded.revision, replies = states.replies + 1"
);

pub(super) const MUTE_THREAD: &str = concat!(
    "INSERT INTO muted_threads (user_number, conversation, thread) VALUES (",
    user!("$1"),
    ", ",
    conversation!("$2"),
    ", $3) ON CONFLICT DO NOTHING"
);

pub(super) const UNMUTE_THREAD: &str = concat!(
    "DELETE FROM muted_threads WHERE user_number = ",
    user!("$1"),
    " AND conversation = ",
    conversation!("$2"),
    " AND thread = $3"
);

pub(super) const REMOVE_MEMBER_MUTES: &str =
    concat!("DELETE FROM muted_threads WHERE conversation = ", conversation!("$1"), " AND user_number = ", user!("$2"));

pub(super) const REMOVE_USER_MUTES: &str = concat!("DELETE FROM muted_threads WHERE user_number = ", user!("$1"));

pub(super) const SET_REVISION: &str = concat!(
    "INSERT INTO states (conversation, seq, revision) VALUES (",
    conversation!("$1"),
    ", $2, $3) ON CONFLICT (conversation, seq) DO UPDATE SET revision = excluded.revision"
);

pub(super) const ERASE_TEXT: &str = concat!(
    r#"UPDATE events SET payload = jsonb_set(payload - 'mentions', '{body}', '""', false) WHERE conversation = "#,
    conversation!("$1"),
    " AND seq = $2 AND seq < $3 AND payload ->> 'body' <> ''"
);

// The sum keeps the planner from reading all events before $3. In a small table it may still read all of the conversation, so
// this is planned each time.
pub(super) const ERASE_EDITS: &str = concat!(
    r#"UPDATE events SET payload = jsonb_set(payload - 'mentions', '{body}', '""', false) WHERE conversation = "#,
    conversation!("$1"),
    " AND target = $2 AND seq + 0 < $3 AND payload ->> 'body' <> ''"
);

pub(super) const ADD_REACTION: &str = concat!(
    "INSERT INTO reactions (conversation, message, emoji, user_number, seq) VALUES (",
    conversation!("$1"),
    ", $2, $3, ",
    user!("$4"),
    ", $5) ON CONFLICT DO NOTHING"
);

pub(super) const REMOVE_REACTION: &str = concat!(
    "DELETE FROM reactions WHERE conversation = ",
    conversation!("$1"),
    " AND message = $2 AND emoji = $3 AND user_number = ",
    user!("$4")
);

pub(super) const ADD_PIN: &str = concat!(
    "INSERT INTO pins (conversation, message, seq) VALUES (",
    conversation!("$1"),
    ", $2, $3) ON CONFLICT DO NOTHING"
);

pub(super) const REMOVE_PIN: &str =
    concat!("DELETE FROM pins WHERE conversation = ", conversation!("$1"), " AND message = $2");

// Notices contain the nickname that the user had then.
pub(super) const ERASE_NAME_IN_NOTICES: &str = concat!(
    r#"UPDATE events SET payload = jsonb_set(payload, '{user,nickname}', '""') WHERE conversation = "#,
    conversation!("$1"),
    " AND seq > $2 AND seq <= $3 AND target IS NULL
      AND payload ->> 'kind' IN ('notice', 'room') AND payload -> 'user' ->> 'id' = $4"
);

pub(super) const ADD_MEMBER: &str = concat!(
    "WITH added AS (
        INSERT INTO members (conversation, user_number, read_seq, joined_at, listed) VALUES (",
    conversation!("$1"),
    ", ",
    user!("$2"),
    ", $3, $4, $5) RETURNING conversation
     )
     UPDATE conversations SET member_count = member_count + 1
      WHERE number = (SELECT conversation FROM added) AND kind = 'room'"
);

pub(super) const REMOVE_MEMBER: &str = concat!(
    "WITH removed AS (DELETE FROM members WHERE conversation = ",
    conversation!("$1"),
    " AND user_number = ",
    user!("$2"),
    " RETURNING conversation)
     UPDATE conversations SET member_count = member_count - 1
      WHERE number = (SELECT conversation FROM removed) AND kind = 'room'"
);

/// A statement that changes a member, who is `$1` and `$2`.
macro_rules! update_member {
    ($set:literal) => {
        concat!(
            "UPDATE members SET ",
            $set,
            " WHERE conversation = ",
            conversation!("$1"),
            " AND user_number = ",
            user!("$2")
        )
    };
}

pub(super) const SET_READ_MARK: &str = update_member!("read_seq = $3, set_back_at = $4");

pub(super) const SET_MUTED: &str = update_member!("muted = $3");

pub(super) const SET_PINNED: &str = update_member!("pinned = $3");

pub(super) const CREATE_DIRECT: &str = concat!(
    "INSERT INTO conversations (id, kind, direct_low, direct_high, created_at) VALUES ($1, 'direct', least(",
    user!("$2"),
    ", ",
    user!("$3"),
    "), greatest(",
    user!("$2"),
    ", ",
    user!("$3"),
    "), $4)"
);

pub(super) const CREATE_ROOM: &str = "WITH created AS (
        INSERT INTO conversations (id, kind, name, created_at) VALUES ($1, 'room', $2, $3) RETURNING number
     )
     INSERT INTO rooms (conversation, name_key, topic, visibility) SELECT number, $4, $5, $6 FROM created";

pub(super) const SET_ROOM_NAME: &str = "UPDATE conversations SET name = $2 WHERE id = $1";

pub(super) const SET_ROOM_NAME_KEY: &str =
    concat!("UPDATE rooms SET name_key = $2 WHERE conversation = ", conversation!("$1"));

pub(super) const SET_ROOM_TOPIC: &str =
    concat!("UPDATE rooms SET topic = $2 WHERE conversation = ", conversation!("$1"));

pub(super) const SET_ROOM_VISIBILITY: &str =
    concat!("UPDATE rooms SET visibility = $2 WHERE conversation = ", conversation!("$1"));

pub(super) const SET_ROOM_POSTING: &str =
    concat!("UPDATE rooms SET posting = $2 WHERE conversation = ", conversation!("$1"));

pub(super) const SET_ROOM_ARCHIVED: &str =
    concat!("UPDATE rooms SET archived = $2 WHERE conversation = ", conversation!("$1"));

pub(super) const SET_ROOM_ROLE: &str = concat!(
    "INSERT INTO room_roles (conversation, user_number, role) VALUES (",
    conversation!("$1"),
    ", ",
    user!("$2"),
    ", $3) ON CONFLICT (conversation, user_number) DO UPDATE SET role = excluded.role"
);

pub(super) const REMOVE_ROOM_ROLE: &str =
    concat!("DELETE FROM room_roles WHERE conversation = ", conversation!("$1"), " AND user_number = ", user!("$2"));

pub(super) const ADD_BLOCK: &str = concat!(
    "INSERT INTO blocks (user_number, blocked, at) VALUES (",
    user!("$1"),
    ", ",
    user!("$2"),
    ", $3) ON CONFLICT DO NOTHING"
);

pub(super) const REMOVE_BLOCK: &str =
    concat!("DELETE FROM blocks WHERE user_number = ", user!("$1"), " AND blocked = ", user!("$2"));

pub(super) const CREATE_USER: &str = "INSERT INTO users (id, nickname, nickname_key, created_at, address, invited)
     VALUES ($1, $2, $3, $4, $5, $6)";

pub(super) const CLEAR_USER: &str =
    "UPDATE users SET nickname = '', nickname_key = NULL, password = NULL, role = 'member', address = NULL
      WHERE id = $1";

pub(super) const BEGIN_SESSION: &str = concat!(
    "INSERT INTO sessions (token_hash, id, user_number, created_at, seen_at, agent, used, address) VALUES ($1, $2, ",
    user!("$3"),
    ", $4, $4, $5, $6, $7)"
);

pub(super) const KEEP_END_REASON: &str = concat!(
    "INSERT INTO ended_sessions (token_hash, user_number, reason, at) VALUES ($1, ",
    user!("$2"),
    ", $3, $4)
         ON CONFLICT (token_hash) DO UPDATE
        SET user_number = excluded.user_number, reason = excluded.reason, at = excluded.at"
);

pub(super) const SET_SANCTION: &str = concat!(
    "INSERT INTO sanctions (user_number, scope, kind, until, origin) VALUES (",
    user!("$1"),
    ", ",
    scope!("$2"),
    ", $3, $4, ",
    user!("$5"),
    ")
         ON CONFLICT (user_number, scope, kind) DO UPDATE SET until = excluded.until, origin = excluded.origin"
);

pub(super) const LIFT_SANCTION: &str = concat!(
    "DELETE FROM sanctions WHERE (user_number = ",
    user!("$1"),
    " OR origin = ",
    user!("$1"),
    ") AND scope = ",
    scope!("$2"),
    " AND kind = $3"
);

pub(super) const ADD_MARK: &str = concat!(
    "INSERT INTO guest_marks (mark, user_number, scope, kind, until, since) VALUES ($1, ",
    user!("$2"),
    ", ",
    scope!("$3"),
    ", $4, $5, $6)
         ON CONFLICT (mark, user_number, scope, kind) DO UPDATE SET until = excluded.until, since = excluded.since"
);

pub(super) const REMOVE_MARKS: &str = concat!(
    "DELETE FROM guest_marks WHERE user_number = ",
    user!("$1"),
    " AND scope = ",
    scope!("$2"),
    " AND kind = $3"
);

pub(super) const CREATE_INVITE: &str = concat!(
    "INSERT INTO invites (id, token_hash, created_at, created_by, expires_at, max_uses) VALUES ($1, $2, $3, ",
    user!("$4"),
    ", $5, $6)"
);

pub(super) const ADD_REPORT: &str = concat!(
    "INSERT INTO reports (at, reporter, conversation, seq, author, reason, messages) VALUES ($1, ",
    user!("$2"),
    ", ",
    conversation!("$3"),
    ", $4, ",
    user!("$5"),
    ", $6, $7)"
);

pub(super) const CLOSE_REPORTS: &str = concat!(
    "DELETE FROM reports WHERE author = ",
    user!("$1"),
    " AND conversation = ",
    conversation!("$2"),
    " AND seq = $3 AND id <= $4"
);

pub(super) const ADD_AUDIT_ROW: &str = concat!(
    "INSERT INTO audit (at, actor, action, subject, conversation, until, detail) VALUES ($1, ",
    user!("$2"),
    ", $3, ",
    user!("$4"),
    ", ",
    conversation!("$5"),
    ", $6, $7)"
);

pub(super) const ADD_ERASURE: &str = concat!(
    "INSERT INTO erasures (user_number, conversation, done, last, messages) VALUES (",
    user!("$1"),
    ", ",
    conversation!("$2"),
    ", 0, $3, $4)"
);

pub(super) const ADVANCE_ERASURE: &str = concat!(
    "UPDATE erasures SET done = $3 WHERE user_number = ",
    user!("$1"),
    " AND conversation = ",
    conversation!("$2")
);

pub(super) const FINISH_ERASURE: &str =
    concat!("DELETE FROM erasures WHERE user_number = ", user!("$1"), " AND conversation = ", conversation!("$2"));

pub(super) const REMOVE_REACTIONS: &str =
    concat!("DELETE FROM reactions WHERE conversation = ", conversation!("$1"), " AND message = $2");

pub(super) const MARK_DELETED: &str = concat!(
    "INSERT INTO states (conversation, seq, revision, body, deleted) VALUES (",
    conversation!("$1"),
    ", $2, $3, '', true)
         ON CONFLICT (conversation, seq) DO UPDATE
        SET revision = excluded.revision, body = '', edited_at = NULL, deleted = true, mentions = NULL"
);

pub(super) const REMOVE_MEMBERS: &str = concat!("DELETE FROM members WHERE conversation = ", conversation!("$1"));

pub(super) const REMOVE_BLOCKS: &str = concat!("DELETE FROM blocks WHERE user_number = ", user!("$1"));

pub(super) const CLEAR_LISTS: &str = concat!(
    "UPDATE members SET read_seq = 0, set_back_at = $2, listed = NULL, muted = false, pinned = false WHERE user_number = ",
    user!("$1")
);
