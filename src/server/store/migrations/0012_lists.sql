-- Which conversations stand in whose list, and in which order; and whom users have blocked.

-- A member hears of a conversation, and finds it, while it stands in their list: for a direct the minute (since the Unix
-- epoch) of its latest event, for a room the greatest number there is, NULL while it does not stand there.
ALTER TABLE members ADD COLUMN listed INTEGER DEFAULT 9223372036854775807;

-- Directs in which nothing was ever written stand in nobody's list. What a killed process has left in its journal is moved
-- to the log after this.
UPDATE members SET listed = coalesce(
    (SELECT at FROM events WHERE conversation = members.conversation ORDER BY seq DESC LIMIT 1),
    (SELECT joined_at FROM meta WHERE EXISTS (SELECT 1 FROM journal))
  ) / 60000
 WHERE conversation IN (SELECT id FROM conversations WHERE kind = 'direct');

-- A list is read from its end, as far as it is asked for.
CREATE INDEX members_in_list ON members (user, listed, conversation) WHERE listed IS NOT NULL;

CREATE TABLE blocks (
    user    BLOB NOT NULL REFERENCES users (id),
    -- Of whom that user hears nothing.
    blocked BLOB NOT NULL REFERENCES users (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (user, blocked)
) STRICT, WITHOUT ROWID;
