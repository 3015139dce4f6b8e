-- The staging table: messages that are durable, but not in the tables above yet. When many conversations are busy at once, a
-- commit would change separate pages for each of them; here their messages are adjacent. Empty under low load.

CREATE TABLE journal (
    id           INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    author       BLOB NOT NULL,
    command_id   BLOB NOT NULL,
    body         TEXT NOT NULL
) STRICT;
