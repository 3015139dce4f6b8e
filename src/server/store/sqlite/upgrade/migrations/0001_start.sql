-- Ids are UUIDs as 16 bytes, times are milliseconds since the Unix epoch, positions (seq) count from 1.

CREATE TABLE users (
    id           BLOB PRIMARY KEY,
    nickname     TEXT NOT NULL,
    -- Must be unique; NULL after the nickname was released.
    nickname_key TEXT UNIQUE,
    kind         TEXT NOT NULL CHECK (kind IN ('guest')),
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    -- SHA-256 of the token, so that a reader of this table can't sign in.
    token_hash BLOB PRIMARY KEY,
    user       BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user);

CREATE TABLE conversations (
    id          BLOB PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('room', 'direct')),
    name        TEXT CHECK ((name IS NOT NULL) = (kind = 'room')),
    -- The two users of a direct, the smaller id first, so that each pair has one direct.
    direct_low  BLOB REFERENCES users (id) CHECK ((direct_low IS NOT NULL) = (kind = 'direct')),
    direct_high BLOB REFERENCES users (id) CHECK ((direct_high IS NOT NULL) = (kind = 'direct')),
    created_at  INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL DEFAULT 0,
    -- The time of the newest event: no later event gets an earlier time, whatever the clock does.
    last_at     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (direct_low, direct_high),
    CHECK (direct_low < direct_high)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    conversation BLOB NOT NULL REFERENCES conversations (id),
    user         BLOB NOT NULL REFERENCES users (id),
    role         TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member')),
    read_seq     INTEGER NOT NULL,
    joined_at    INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user);

-- The log: events, as clients receive them.
CREATE TABLE events (
    conversation BLOB NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    author       BLOB NOT NULL REFERENCES users (id),
    command_id   BLOB NOT NULL,
    -- JSON, as in an event frame's "event".
    payload      TEXT NOT NULL,
    PRIMARY KEY (conversation, seq),
    -- Makes repeating a command harmless, for ever.
    UNIQUE (author, command_id)
) STRICT, WITHOUT ROWID;

-- Messages in their present state: the folded log.
CREATE TABLE messages (
    conversation BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    id           BLOB NOT NULL,
    at           INTEGER NOT NULL,
    author       BLOB NOT NULL REFERENCES users (id),
    body         TEXT NOT NULL,
    -- The newest event that is folded in.
    revision     INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

-- A single row that identifies this store.
CREATE TABLE meta (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    epoch BLOB NOT NULL,
    lobby BLOB NOT NULL REFERENCES conversations (id)
) STRICT;
