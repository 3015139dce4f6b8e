-- Users with a password, and sessions that can be told apart.

ALTER TABLE users DROP COLUMN kind;
-- Argon2id as a PHC string; NULL for a guest.
ALTER TABLE users ADD COLUMN password TEXT;

-- Names a session to its user, who must not be shown the token.
ALTER TABLE sessions ADD COLUMN id BLOB;
-- When it was last used, to the hour.
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
-- The program that signed in, as it calls itself.
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE sessions SET id = randomblob(16), seen_at = created_at;
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
