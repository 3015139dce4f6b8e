-- Why a session is over, for its browser, which may come back long after; see EndReason.
CREATE TABLE ended_sessions (
    token_hash BLOB PRIMARY KEY,
    user       BLOB NOT NULL REFERENCES users (id),
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_sessions_by_age ON ended_sessions (at);

-- Whether a guest has come in by an invite. Of those who came before this was kept, nobody knows.
ALTER TABLE users ADD COLUMN invited INTEGER NOT NULL DEFAULT 0 CHECK (invited IN (0, 1));
