-- Remaining work after account deletions: a range of a conversation's log in which the deleted users may appear.
CREATE TABLE erasures (
    user         BLOB NOT NULL REFERENCES users (id),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    -- Done up to here, and the end of the range.
    done         INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    -- Whether the user's messages are deleted, too.
    messages     INTEGER NOT NULL CHECK (messages IN (0, 1)),
    PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;
