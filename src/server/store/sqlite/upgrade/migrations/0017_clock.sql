-- The server's clock, which decides when things expire; see server/clock.rs. Sessions, users, invites, sanctions and marks have
-- times of this clock; events, reports and the audit log have the machine's.

-- When the server last ran, as far as known.
ALTER TABLE meta ADD COLUMN ran_at INTEGER;
UPDATE meta SET ran_at = (SELECT max(seen_at) FROM sessions WHERE seen_at <= unixepoch() * 1000);

-- By how many milliseconds the machine's clock was ahead, since a time of the server's clock.
CREATE TABLE clock_offsets (
    since INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT;
INSERT INTO clock_offsets (since, ahead) VALUES (0, 0);
