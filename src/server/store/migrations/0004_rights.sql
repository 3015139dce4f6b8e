-- Roles, what moderators did, invites.

ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'owner'));
-- Where a guest came from, so that a ban can keep the next guest from there out; NULL for others, and after a while.
ALTER TABLE users ADD COLUMN address TEXT;
-- Roles are the house's, not a room's.
ALTER TABLE members DROP COLUMN role;

-- The author of what is done on the host. The password is no hash: nobody signs in as the house.
INSERT INTO users (id, nickname, created_at, password, role) VALUES (zeroblob(16), 'Teahouse', 0, '!', 'owner');

-- A notice is no message that somebody wrote, but stands among them. JSON, as in a message's "notice".
ALTER TABLE messages ADD COLUMN notice TEXT;

-- What users may not do.
CREATE TABLE sanctions (
    user  BLOB NOT NULL REFERENCES users (id),
    -- A room's id; nothing (x'') for the whole house.
    scope BLOB NOT NULL,
    kind  TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    -- NULL: until it is lifted.
    until INTEGER,
    PRIMARY KEY (user, scope, kind)
) STRICT, WITHOUT ROWID;

-- New guests from there are kept out, on account of this user.
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
    -- NULL: made on the host.
    created_by BLOB REFERENCES users (id),
    expires_at INTEGER,
    most_uses  INTEGER,
    uses       INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;

-- What was done with the rights that not everybody has.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    -- NULL: done on the host.
    actor        BLOB REFERENCES users (id),
    action       TEXT NOT NULL,
    subject      BLOB REFERENCES users (id),
    conversation BLOB REFERENCES conversations (id),
    until        INTEGER,
    detail       TEXT
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
