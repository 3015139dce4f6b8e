-- Mentions, replies and threads.

-- The mentions in the present text of an edited message: JSON, as in an event frame, without nicknames; NULL: none.
ALTER TABLE states ADD COLUMN mentions TEXT;
-- How many messages are in the thread that the message begins.
ALTER TABLE states ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;

-- Who is told of which message: those whom its present text mentions, and the participants of its thread. Nobody is told of
-- a deleted message.
CREATE TABLE listeners (
    -- 0: everyone in the room.
    user         INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    -- The time of the message.
    at           INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX listeners_by_time ON listeners (user, at);
CREATE INDEX listeners_of_message ON listeners (conversation, seq);

-- The replies of each thread.
CREATE TABLE replies (
    conversation INTEGER NOT NULL,
    -- The first message of the thread.
    thread       INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    author       INTEGER NOT NULL REFERENCES users (number),
    PRIMARY KEY (conversation, thread, seq),
    FOREIGN KEY (conversation, seq) REFERENCES events (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Who wants to hear nothing of which thread without being mentioned.
CREATE TABLE muted_threads (
    user         INTEGER NOT NULL REFERENCES users (number),
    conversation INTEGER NOT NULL,
    thread       INTEGER NOT NULL,
    PRIMARY KEY (user, conversation, thread)
) STRICT, WITHOUT ROWID;

DROP VIEW messages;
CREATE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> '$.body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, 0) AS deleted,
       -- JSON, as in an event frame's "event": of a moderation notice, or of a change of the room.
       iif(e.payload ->> '$.kind' IN ('notice', 'room'), e.payload, NULL) AS notice,
       -- JSON, as in an event frame, without nicknames: the mentions in the present text, and in the original one.
       iif(s.body IS NULL, e.payload -> '$.mentions', s.mentions) AS mentions,
       e.payload -> '$.mentions' AS sent_mentions,
       e.payload ->> '$.reply_to' AS reply_to, e.payload ->> '$.thread' AS thread,
       coalesce(s.replies, 0) AS replies
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;
