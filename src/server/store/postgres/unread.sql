-- Version 6 of the tables: indexes for counting unread messages, which are all events that are not in one of them. The tables are
-- the same.

-- What is neither a message nor changes one.
CREATE INDEX notices ON events (conversation, seq) WHERE target IS NULL AND payload ->> 'kind' <> 'message';
CREATE INDEX deleted_messages ON states (conversation, seq) WHERE deleted;
