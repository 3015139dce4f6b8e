-- Why a session ended, for its browser, which may return much later; see EndReason.
CREATE TABLE ended_sessions (
    token_hash BLOB PRIMARY KEY,
    user       BLOB NOT NULL REFERENCES users (id),
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_age ON ended_sessions (at);

-- Whether a guest came by an invite; unknown for earlier guests.
ALTER TABLE users ADD COLUMN invited INTEGER NOT NULL DEFAULT 0 CHECK (invited IN (0, 1));
