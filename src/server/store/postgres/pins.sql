-- Version 4 of the tables: pinned messages, and what has changed since an event.

-- Pinned messages.
CREATE TABLE pins (
    conversation integer NOT NULL,
    message      bigint NOT NULL,
    -- The event that pinned it; the newest pin comes first.
    seq          bigint NOT NULL,
    PRIMARY KEY (conversation, message)
);

-- Finds what has changed since an event, without the messages.
CREATE INDEX changes_by_seq ON events (conversation, seq, target) WHERE target IS NOT NULL;
