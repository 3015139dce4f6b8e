-- A row of the staging table holds everything that one commit added to it.

INSERT INTO events (conversation, seq, at, author, command_id, payload)
SELECT conversation, seq, at, author, command_id, json_object('kind', 'message', 'body', body) FROM journal
 WHERE true ON CONFLICT DO NOTHING;

DROP TABLE journal;
CREATE TABLE journal (
    id    INTEGER PRIMARY KEY,
    -- See the module `store::sqlite::tables::staging_rows`.
    posts BLOB NOT NULL
) STRICT;
