-- What is set of the rooms. Their names are in `conversations`.
CREATE TABLE rooms (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (number),
    -- The name, so that names that look alike are equal.
    name_key     TEXT NOT NULL,
    topic        TEXT NOT NULL DEFAULT '',
    visibility   TEXT NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private')),
    posting      TEXT NOT NULL DEFAULT 'everyone' CHECK (posting IN ('everyone', 'moderators')),
    archived     INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX public_rooms ON rooms (name_key) WHERE visibility = 'public' AND archived = 0;

-- The roles of a room's members; whoever is not here is a member.
CREATE TABLE room_roles (
    conversation INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('moderator', 'owner')),
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES members (conversation, user)
) STRICT, WITHOUT ROWID;

DROP VIEW messages;
CREATE VIEW messages AS
SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
       coalesce(s.body, e.payload ->> '$.body', '') AS body,
       coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, 0) AS deleted,
       -- JSON, as in an event frame's "event": of a moderation notice, or of a change of the room.
       iif(e.payload ->> '$.kind' IN ('notice', 'room'), e.payload, NULL) AS notice
  FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
 WHERE e.target IS NULL;

INSERT INTO rooms (conversation, name_key) SELECT number, room_name_key(name) FROM conversations WHERE kind = 'room';
