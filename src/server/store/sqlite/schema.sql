-- The tables of a new store (version 26). Stores of earlier versions are copied into these tables; see `upgrade`.
--
-- Users and conversations have a UUID, which everybody else knows, and a small number, which the other tables refer to.
-- Times are milliseconds since the Unix epoch; those of the server's clock are marked, see server/clock.rs.

CREATE TABLE users (
    number       INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    nickname     TEXT NOT NULL,
    -- Must be unique; NULL after the nickname was released.
    nickname_key TEXT UNIQUE,
    -- Server's clock.
    created_at   INTEGER NOT NULL,
    -- Argon2id as a PHC string; NULL for a guest.
    password     TEXT,
    role         TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'owner')),
    -- A guest's address, so that a ban can keep the next guest from there out; NULL for others, and after a while.
    address      TEXT,
    -- Whether the user came by an invite.
    invited      INTEGER NOT NULL DEFAULT 0 CHECK (invited IN (0, 1))
) STRICT;

CREATE INDEX users_with_address ON users (created_at) WHERE address IS NOT NULL;
CREATE INDEX guests_by_address ON users (address) WHERE address IS NOT NULL AND nickname_key IS NOT NULL;

CREATE TABLE sessions (
    -- SHA-256 of the token, so that a reader of this table can't sign in.
    token_hash BLOB PRIMARY KEY,
    -- Identifies a session to its user, who must not see the token.
    id         BLOB NOT NULL UNIQUE,
    user       INTEGER NOT NULL REFERENCES users (number),
    -- When the password was last shown, and the last use, to the hour. Server's clock.
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    -- The user agent at sign-in.
    agent      TEXT NOT NULL,
    -- Whether the token was ever used.
    used       INTEGER NOT NULL CHECK (used IN (0, 1)),
    -- The address at which it began.
    address    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user);

-- Why a session ended, for its browser, which may return much later; see EndReason.
CREATE TABLE ended_sessions (
    token_hash BLOB PRIMARY KEY,
    user       INTEGER NOT NULL REFERENCES users (number),
    reason     TEXT NOT NULL,
    -- Server's clock.
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_age ON ended_sessions (at);

-- `member_count`: how many members a room has; 0 for a direct. It is written as a migration adds it, so that an upgraded store has
-- the same tables.
CREATE TABLE conversations (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    kind        TEXT NOT NULL CHECK (kind IN ('room', 'direct')),
    name        TEXT CHECK ((name IS NOT NULL) = (kind = 'room')),
    -- The two users of a direct, the smaller number first, so that each pair has one direct.
    direct_low  INTEGER REFERENCES users (number) CHECK ((direct_low IS NOT NULL) = (kind = 'direct')),
    direct_high INTEGER REFERENCES users (number) CHECK ((direct_high IS NOT NULL) = (kind = 'direct')),
    created_at  INTEGER NOT NULL,
    -- Retention has processed the events up to this seq.
    retained    INTEGER NOT NULL DEFAULT 0, member_count INTEGER NOT NULL DEFAULT 0,
    UNIQUE (direct_low, direct_high),
    CHECK (direct_low < direct_high)
) STRICT;

-- `set_back_at`: the position of the commit log at which the member last set the read mark back. Own messages after the mark are
-- from before it. It is written as a migration adds it.
CREATE TABLE members (
    conversation INTEGER NOT NULL REFERENCES conversations (number),
    user         INTEGER NOT NULL REFERENCES users (number),
    read_seq     INTEGER NOT NULL,
    joined_at    INTEGER NOT NULL,
    -- The sort key in the member's list, see ListKey; NULL while the conversation is not in the list.
    listed       INTEGER, set_back_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user);
-- A list is read from its end, as far as requested.
CREATE INDEX members_in_list ON members (user, listed, conversation) WHERE listed IS NOT NULL;

-- What members have set of a conversation for themselves; a member without a row has set nothing.
CREATE TABLE member_settings (
    conversation INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    muted        INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1)),
    -- Kept at the top of the list.
    pinned       INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES members (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_settings_by_user ON member_settings (user);

-- What is set of the rooms. Their names are in `conversations`.
CREATE TABLE rooms (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (number),
    -- The name, so that names that look alike are equal.
    name_key     TEXT NOT NULL,
    topic        TEXT NOT NULL DEFAULT '',
    visibility   TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    posting      TEXT NOT NULL DEFAULT 'everyone' CHECK (posting IN ('everyone', 'moderators')),
    archived     INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX public_rooms ON rooms (name_key) WHERE visibility = 'public' AND archived = 0;

-- The roles of a room's members; whoever is not here is a member.
CREATE TABLE room_roles (
    conversation INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('moderator', 'owner')),
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES members (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    user    INTEGER NOT NULL REFERENCES users (number),
    -- The blocked user.
    blocked INTEGER NOT NULL REFERENCES users (number),
    at      INTEGER NOT NULL,
    PRIMARY KEY (user, blocked)
) STRICT, WITHOUT ROWID;

-- The commit log, first part: the events of all conversations. Positions of this table and of `entries` together are
-- 1, 2, 3 … without gaps, in commit order.
CREATE TABLE events (
    position     INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (number),
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    author       INTEGER NOT NULL REFERENCES users (number),
    command_id   BLOB NOT NULL,
    -- The message that the event changes; NULL for a message or notice, 0 for the end of an account.
    target       INTEGER,
    -- JSON, as in an event frame's "event".
    payload      TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_seq ON events (conversation, seq);
-- Makes repeating a command harmless, for ever. Growing ids, such as the page's, are adjacent, whoever made them.
CREATE UNIQUE INDEX commands ON events (command_id, author);
-- Finds all texts that a message ever had, so that deleting the message deletes them, too.
CREATE INDEX changes ON events (conversation, target) WHERE target IS NOT NULL;
-- Finds what has changed since an event, without the messages.
CREATE INDEX changes_by_seq ON events (conversation, seq, target) WHERE target IS NOT NULL;
-- What is neither a message nor changes one. Unread messages are all events that are not here, in `changes_by_seq`, or in
-- `deleted_messages`.
CREATE INDEX notices ON events (conversation, seq) WHERE target IS NULL AND payload ->> '$.kind' <> 'message';

-- The commit log, second part: everything that is not an event of a conversation; see rules::Entry.
CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    -- JSON.
    entry    TEXT NOT NULL
) STRICT;

-- How far each consumer has processed the commit log.
CREATE TABLE consumers (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that later events have changed. `mentions`: those in `body`: JSON, as in an event frame, without nicknames; NULL:
-- none. `replies`: how many messages are in the thread that the message begins. Both are written as a migration adds them, so
-- that an upgraded store has the same tables.
CREATE TABLE states (
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    -- The newest event that is folded in.
    revision     INTEGER NOT NULL,
    -- The present text; NULL: the original one.
    body         TEXT,
    edited_at    INTEGER,
    deleted      INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)), mentions TEXT, replies INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX deleted_messages ON states (conversation, seq) WHERE deleted;

CREATE TABLE reactions (
    conversation INTEGER NOT NULL,
    message      INTEGER NOT NULL,
    emoji        TEXT NOT NULL,
    user         INTEGER NOT NULL REFERENCES users (number),
    -- The event that added it; users are sorted by it.
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, message, emoji, user),
    FOREIGN KEY (conversation, message) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Who is told of which message: those whom its present text mentions, and the participants of its thread. Nobody is told of
-- a deleted message.
CREATE TABLE listeners (
    -- 0: everyone in the room.
    user         INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    -- The time of the message.
    at           INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX listeners_by_time ON listeners (user, at);
CREATE INDEX listeners_of_message ON listeners (conversation, seq);

-- The replies of each thread.
CREATE TABLE replies (
    conversation INTEGER NOT NULL,
    -- The first message of the thread.
    thread       INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    author       INTEGER NOT NULL REFERENCES users (number),
    PRIMARY KEY (conversation, thread, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Who wants to hear nothing of which thread without being mentioned.
CREATE TABLE muted_threads (
    user         INTEGER NOT NULL REFERENCES users (number),
    conversation INTEGER NOT NULL,
    thread       INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, thread)
) STRICT, WITHOUT ROWID;

-- Pinned messages.
CREATE TABLE pins (
    conversation INTEGER NOT NULL,
    message      INTEGER NOT NULL,
    -- The event that pinned it; the newest pin comes first.
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, message),
    FOREIGN KEY (conversation, message) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Messages in their present state: the folded log.
CREATE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> '$.body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, 0) AS deleted,
       -- JSON, as in an event frame's "event": of a moderation notice, or of a change of the room.
       iif(e.payload ->> '$.kind' IN ('notice', 'room'), e.payload, NULL) AS notice,
       -- JSON, as in an event frame, without nicknames: the mentions in the present text, and in the original one.
       iif(s.body IS NULL, e.payload -> '$.mentions', s.mentions) AS mentions,
       e.payload -> '$.mentions' AS sent_mentions,
       e.payload ->> '$.reply_to' AS reply_to, e.payload ->> '$.thread' AS thread,
       coalesce(s.replies, 0) AS replies
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;

-- Mutes and bans. Ends are of the server's clock; NULL: until it is lifted.
CREATE TABLE sanctions (
    user   INTEGER NOT NULL REFERENCES users (number),
    -- A room's number; 0 for the whole server.
    scope  INTEGER NOT NULL,
    kind   TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    until  INTEGER,
    -- The guest from whom the sanction was inherited; it ends with theirs.
    origin INTEGER REFERENCES users (number),
    PRIMARY KEY (user, scope, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX sanctions_by_origin ON sanctions (origin) WHERE origin IS NOT NULL;

-- A guest's sanction also holds for the nickname and the address: new users who match one of them inherit it.
CREATE TABLE guest_marks (
    -- 'name:' and a nickname's key, or 'address:' and an address.
    mark  TEXT NOT NULL,
    -- The sanctioned guest.
    user  INTEGER NOT NULL REFERENCES users (number),
    -- As in sanctions.
    scope INTEGER NOT NULL,
    kind  TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    until INTEGER,
    -- When the mark was stored, by the server's clock.
    since INTEGER NOT NULL,
    PRIMARY KEY (mark, user, scope, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX guest_marks_by_user ON guest_marks (user);

-- New users from this network are kept out.
CREATE TABLE banned_networks (
    -- For example 203.0.113.0/24.
    network TEXT PRIMARY KEY,
    until   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    id         BLOB PRIMARY KEY,
    -- SHA-256 of the token.
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    -- NULL: made by the operator.
    created_by INTEGER REFERENCES users (number),
    -- Server's clock.
    expires_at INTEGER,
    max_uses   INTEGER,
    uses       INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Reported messages. A row is deleted when the report is closed or expires; the audit log keeps who closed it.
CREATE TABLE reports (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    reporter     INTEGER NOT NULL REFERENCES users (number),
    conversation INTEGER NOT NULL REFERENCES conversations (number),
    seq          INTEGER NOT NULL,
    author       INTEGER NOT NULL REFERENCES users (number),
    reason       TEXT NOT NULL,
    -- The message and those around it, as of the report: JSON, as in a page of messages, but without names.
    messages     TEXT NOT NULL,
    UNIQUE (reporter, conversation, seq)
) STRICT;

CREATE INDEX reports_of_message ON reports (author, conversation, seq);

-- The audit log: privileged actions.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    -- NULL: done by the operator.
    actor        INTEGER REFERENCES users (number),
    action       TEXT NOT NULL,
    subject      INTEGER REFERENCES users (number),
    conversation INTEGER REFERENCES conversations (number),
    until        INTEGER,
    detail       TEXT
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit WHEN OLD.at >= coalesce((SELECT audit_since FROM meta), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

-- Remaining work after account deletions: a range of a conversation's log in which the deleted users may appear.
CREATE TABLE erasures (
    user         INTEGER NOT NULL REFERENCES users (number),
    conversation INTEGER NOT NULL REFERENCES conversations (number),
    -- Done up to here, and the end of the range.
    done         INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    -- Whether the user's messages are deleted, too.
    messages     INTEGER NOT NULL CHECK (messages IN (0, 1)),
    PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;

-- By how many milliseconds the machine's clock was ahead, since a time of the server's clock.
CREATE TABLE clock_offsets (
    since INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT;

-- A single row that identifies this store.
CREATE TABLE meta (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    -- Empty after a backup was restored: the next start makes a new one.
    epoch       BLOB NOT NULL,
    lobby       INTEGER NOT NULL REFERENCES conversations (number),
    -- The audit log loses entries older than this, and no others. 0: it only grows.
    audit_since INTEGER NOT NULL DEFAULT 0,
    -- When the server last ran, as far as known. Server's clock.
    ran_at      INTEGER
) STRICT;

INSERT INTO clock_offsets (since, ahead) VALUES (0, 0);
-- The author of the operator's actions. The password is no valid hash, so nobody can sign in as this user.
INSERT INTO users (number, id, nickname, created_at, password, role) VALUES (1, zeroblob(16), 'Teahouse', 0, '!', 'owner');
