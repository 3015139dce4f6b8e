-- The conversations in each user's list, and their order; and blocked users.

-- A member receives a conversation while it is in their list: for a direct the minute (since the Unix epoch) of its latest
-- event, for a room the greatest number, NULL while it is not in the list.
ALTER TABLE members ADD COLUMN listed INTEGER DEFAULT 9223372036854775807;

-- Empty directs are in nobody's list. Messages that a killed process left in the staging table are moved to the log
-- after this.
UPDATE members SET listed = coalesce(
    (SELECT at FROM events WHERE conversation = members.conversation ORDER BY seq DESC LIMIT 1),
    (SELECT joined_at FROM meta WHERE EXISTS (SELECT 1 FROM journal))
  ) / 60000
 WHERE conversation IN (SELECT id FROM conversations WHERE kind = 'direct');

-- A list is read from its end, as far as requested.
CREATE INDEX members_in_list ON members (user, listed, conversation) WHERE listed IS NOT NULL;

CREATE TABLE blocks (
    user    BLOB NOT NULL REFERENCES users (id),
    -- The blocked user.
    blocked BLOB NOT NULL REFERENCES users (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (user, blocked)
) STRICT, WITHOUT ROWID;
