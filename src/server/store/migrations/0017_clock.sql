-- By which time things end; see server/clock.rs. Sessions, users, invites, sanctions and marks have their times by that
-- clock; events, reports and the audit log by the machine's.

-- When the server last ran, as far as it is known.
ALTER TABLE meta ADD COLUMN ran_at INTEGER;
UPDATE meta SET ran_at = (SELECT max(seen_at) FROM sessions WHERE seen_at <= unixepoch() * 1000);

-- By how many milliseconds the machine's clock was ahead, from when on by the server's.
CREATE TABLE clock_offsets (
    since INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT;
INSERT INTO clock_offsets (since, ahead) VALUES (0, 0);
