-- What is still to be done after accounts were deleted: a stretch of a conversation's log in which their users may stand.
CREATE TABLE erasures (
    user         BLOB NOT NULL REFERENCES users (id),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    -- It is done up to here, and ends there.
    done         INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    -- Whether what the user wrote goes, too.
    messages     INTEGER NOT NULL CHECK (messages IN (0, 1)),
    PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;
