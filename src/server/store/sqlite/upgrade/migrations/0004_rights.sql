-- Roles, moderation, invites.

ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'owner'));
-- A guest's address, so that a ban can keep the next guest from there out; NULL for others, and after a while.
ALTER TABLE users ADD COLUMN address TEXT;
-- Roles belong to the server, not to a room.
ALTER TABLE members DROP COLUMN role;

-- The author of the operator's actions. The password is no valid hash, so nobody can sign in as this user.
INSERT INTO users (id, nickname, created_at, password, role) VALUES (zeroblob(16), 'Teahouse', 0, '!', 'owner');

-- A moderation notice, listed among the messages. JSON, as in a message's "notice".
ALTER TABLE messages ADD COLUMN notice TEXT;

-- Mutes and bans.
CREATE TABLE sanctions (
    user  BLOB NOT NULL REFERENCES users (id),
    -- A room's id; empty (x'') for the whole server.
    scope BLOB NOT NULL,
    kind  TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    -- NULL: until it is lifted.
    until INTEGER,
    PRIMARY KEY (user, scope, kind)
) STRICT, WITHOUT ROWID;

-- New guests from this address are kept out because of this user.
CREATE TABLE banned_addresses (
    address TEXT NOT NULL,
    user    BLOB NOT NULL REFERENCES users (id),
    until   INTEGER,
    PRIMARY KEY (address, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    id         BLOB PRIMARY KEY,
    -- SHA-256 of the token.
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    -- NULL: made by the operator.
    created_by BLOB REFERENCES users (id),
    expires_at INTEGER,
    most_uses  INTEGER,
    uses       INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The audit log: privileged actions.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    -- NULL: done by the operator.
    actor        BLOB REFERENCES users (id),
    action       TEXT NOT NULL,
    subject      BLOB REFERENCES users (id),
    conversation BLOB REFERENCES conversations (id),
    until        INTEGER,
    detail       TEXT
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
