-- Messages that are durable, but not in the tables above yet: when many talks are busy at once, a commit would change
-- pages of its own for each of them, and here they lie one behind the other. Empty when there is less to do.

CREATE TABLE journal (
    id           INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    author       BLOB NOT NULL,
    command_id   BLOB NOT NULL,
    body         TEXT NOT NULL
) STRICT;
