-- Version 2 of the tables: rooms besides the Lobby.

-- What is set of the rooms. Their names are in `conversations`.
CREATE TABLE rooms (
    conversation integer PRIMARY KEY,
    -- The name, so that names that look alike are equal.
    name_key     text COLLATE "C" NOT NULL,
    topic        text NOT NULL DEFAULT '',
    visibility   text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    posting      text NOT NULL DEFAULT 'everyone' CHECK (posting IN ('everyone', 'moderators')),
    archived     boolean NOT NULL DEFAULT false
);

CREATE UNIQUE INDEX public_rooms ON rooms (name_key) WHERE visibility = 'public' AND NOT archived;

-- The roles of a room's members; whoever is not here is a member.
CREATE TABLE room_roles (
    conversation integer NOT NULL,
    user_number  integer NOT NULL,
    role         text NOT NULL CHECK (role IN ('moderator', 'owner')),
    PRIMARY KEY (conversation, user_number)
);

CREATE OR REPLACE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> 'body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, false) AS deleted,
       -- JSON, as in an event frame's "event": of a moderation notice, or of a change of the room.
       CASE WHEN e.payload ->> 'kind' IN ('notice', 'room') THEN e.payload END AS notice
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;
