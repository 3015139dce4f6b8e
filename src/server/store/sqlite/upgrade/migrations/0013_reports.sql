-- Reported messages. A row is deleted when the report is closed or expires; the audit log keeps who closed it.
CREATE TABLE reports (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    reporter     BLOB NOT NULL REFERENCES users (id),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,
    author       BLOB NOT NULL REFERENCES users (id),
    reason       TEXT NOT NULL,
    -- The message and those around it, as of the report: JSON, as in a page of messages, but without names.
    messages     TEXT NOT NULL,
    UNIQUE (reporter, conversation, seq)
) STRICT;

CREATE INDEX reports_of_message ON reports (author, conversation, seq);
