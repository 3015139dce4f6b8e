-- A sanction on a guest holds for the nickname and the address as well: whoever comes in new by one of them is sanctioned
-- as they were.
CREATE TABLE guest_marks (
    -- 'name:' and a nickname's key, or 'address:' and an address.
    mark  TEXT NOT NULL,
    -- On whose account.
    user  BLOB NOT NULL REFERENCES users (id),
    -- As in sanctions.
    scope BLOB NOT NULL,
    kind  TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    until INTEGER,
    PRIMARY KEY (mark, user, scope, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX guest_marks_by_user ON guest_marks (user);

INSERT INTO guest_marks (mark, user, scope, kind, until)
SELECT 'address:' || address, user, x'', 'ban', until FROM banned_addresses;
DROP TABLE banned_addresses;

-- The guest whose sanction it was before a new guest took it over; it ends with that one.
ALTER TABLE sanctions ADD COLUMN origin BLOB REFERENCES users (id);
CREATE INDEX sanctions_by_origin ON sanctions (origin) WHERE origin IS NOT NULL;

-- Nobody new comes in from there.
CREATE TABLE banned_networks (
    -- As 203.0.113.0/24.
    network TEXT PRIMARY KEY,
    until   INTEGER
) STRICT, WITHOUT ROWID;

-- Whether whoever got the token ever came back with it.
ALTER TABLE sessions ADD COLUMN used INTEGER NOT NULL DEFAULT 1 CHECK (used IN (0, 1));
-- Where it began, so that a ban can keep new guests from there out. Gone with the session.
ALTER TABLE sessions ADD COLUMN address TEXT;

CREATE INDEX guests_by_address ON users (address) WHERE address IS NOT NULL AND nickname_key IS NOT NULL;
