-- Finds what has changed since an event, without the messages.
CREATE INDEX changes_by_seq ON events (conversation, seq, target) WHERE target IS NOT NULL;

-- Pinned messages.
CREATE TABLE pins (
    conversation INTEGER NOT NULL,
    message      INTEGER NOT NULL,
    -- The event that pinned it; the newest pin comes first.
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, message),
    FOREIGN KEY (conversation, message) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;
