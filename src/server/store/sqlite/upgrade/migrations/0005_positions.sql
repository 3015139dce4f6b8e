-- Only the log knows a conversation's last seq, so that a message changes no other row.
-- Commands are looked up by their own id first. Growing ids, such as the page's, are then adjacent, whoever made them;
-- by author first, each author's would be on another page of the index.

CREATE TABLE events_by_position (
    conversation BLOB NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    author       BLOB NOT NULL REFERENCES users (id),
    command_id   BLOB NOT NULL,
    -- JSON, as in an event frame's "event".
    payload      TEXT NOT NULL,
    -- The message that an event changes; NULL for a message itself.
    target       INTEGER,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO events_by_position SELECT conversation, seq, at, author, command_id, payload, target FROM events;
DROP TABLE events;
ALTER TABLE events_by_position RENAME TO events;

-- Makes repeating a command harmless, for ever.
CREATE UNIQUE INDEX commands ON events (command_id, author);
-- Finds all texts that a message ever had, so that deleting the message deletes them, too.
CREATE INDEX changes ON events (conversation, target) WHERE target IS NOT NULL;

ALTER TABLE conversations DROP COLUMN last_seq;
ALTER TABLE conversations DROP COLUMN last_at;
