-- A message is in the log alone; later changes are stored beside it, and a view combines both.

-- Messages that later events have changed.
CREATE TABLE states (
    conversation BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    -- The newest event that is folded in.
    revision     INTEGER NOT NULL,
    -- The present text; NULL: the original one.
    body         TEXT,
    edited_at    INTEGER,
    deleted      INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    PRIMARY KEY (conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO states
SELECT conversation, seq, revision, iif(edited_at IS NOT NULL OR deleted, body, NULL), edited_at, deleted
  FROM messages WHERE revision <> seq;

CREATE TABLE reactions_to_events (
    conversation BLOB NOT NULL,
    message      INTEGER NOT NULL,
    emoji        TEXT NOT NULL,
    user         BLOB NOT NULL REFERENCES users (id),
    -- The event that added it; users are sorted by it.
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, message, emoji, user),
    FOREIGN KEY (conversation, message) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO reactions_to_events SELECT conversation, message, emoji, user, seq FROM reactions;
DROP TABLE reactions;
ALTER TABLE reactions_to_events RENAME TO reactions;

DROP TABLE messages;

-- Messages in their present state: the folded log.
CREATE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> '$.body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, 0) AS deleted,
       -- JSON, as in an event frame's "event".
       iif(e.payload ->> '$.kind' = 'notice', e.payload, NULL) AS notice
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;
