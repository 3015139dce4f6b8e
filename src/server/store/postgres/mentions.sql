-- Version 5 of the tables: mentions, replies and threads.

-- The mentions in the present text of an edited message: JSON, as in an event frame, without nicknames; NULL: none.
ALTER TABLE states ADD COLUMN mentions jsonb;
-- How many messages are in the thread that the message begins.
ALTER TABLE states ADD COLUMN replies integer NOT NULL DEFAULT 0;

-- Who is told of which message: those whom its present text mentions, and the participants of its thread. Nobody is told of
-- a deleted message.
CREATE TABLE listeners (
    -- 0: everyone in the room.
    user_number  integer NOT NULL,
    conversation integer NOT NULL,
    seq          bigint NOT NULL,
    -- The time of the message.
    at           bigint NOT NULL,
    PRIMARY KEY (user_number, conversation, seq)
);

CREATE INDEX listeners_by_time ON listeners (user_number, at);
CREATE INDEX listeners_of_message ON listeners (conversation, seq);

-- The replies of each thread.
CREATE TABLE replies (
    conversation integer NOT NULL,
    -- The first message of the thread.
    thread       bigint NOT NULL,
    seq          bigint NOT NULL,
    author       integer NOT NULL,
    PRIMARY KEY (conversation, thread, seq)
);

-- Who wants to hear nothing of which thread without being mentioned.
CREATE TABLE muted_threads (
    user_number  integer NOT NULL,
    conversation integer NOT NULL,
    thread       bigint NOT NULL,
    PRIMARY KEY (user_number, conversation, thread)
);

CREATE OR REPLACE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> 'body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, false) AS deleted,
       -- JSON, as in an event frame's "event": of a moderation notice, or of a change of the room.
       CASE WHEN e.payload ->> 'kind' IN ('notice', 'room') THEN e.payload END AS notice,
       -- JSON, as in an event frame, without nicknames: the mentions in the present text, and in the original one.
       CASE WHEN s.body IS NULL THEN e.payload -> 'mentions' ELSE s.mentions END AS mentions,
       e.payload -> 'mentions' AS sent_mentions,
       (e.payload ->> 'reply_to')::bigint AS reply_to, (e.payload ->> 'thread')::bigint AS thread,
       e.payload -> 'participants' AS participants,
       coalesce(s.replies, 0) AS replies
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;
