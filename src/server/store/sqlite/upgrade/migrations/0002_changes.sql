-- Messages can be edited, deleted and reacted to.

-- The message that an event changes; NULL for a message itself.
ALTER TABLE events ADD COLUMN target INTEGER;

-- Finds all texts that a message ever had, so that deleting the message deletes them, too.
CREATE INDEX changes ON events (conversation, target) WHERE target IS NOT NULL;

ALTER TABLE messages ADD COLUMN edited_at INTEGER;
ALTER TABLE messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1));

CREATE TABLE reactions (
    conversation BLOB NOT NULL,
    message      INTEGER NOT NULL,
    emoji        TEXT NOT NULL,
    user         BLOB NOT NULL REFERENCES users (id),
    -- The event that added it; users are sorted by it.
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, message, emoji, user),
    FOREIGN KEY (conversation, message) REFERENCES messages (conversation, seq)
) STRICT, WITHOUT ROWID;
