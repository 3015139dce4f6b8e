-- Users with a password, and identifiable sessions.

ALTER TABLE users DROP COLUMN kind;
-- Argon2id as a PHC string; NULL for a guest.
ALTER TABLE users ADD COLUMN password TEXT;

-- Identifies a session to its user, who must not see the token.
ALTER TABLE sessions ADD COLUMN id BLOB;
-- The time of its last use, to the hour.
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
-- The user agent at sign-in.
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE sessions SET id = randomblob(16), seen_at = created_at;
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
