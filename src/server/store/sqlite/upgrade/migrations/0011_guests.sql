-- A guest's sanction also holds for the nickname and the address: new users who match one of them inherit it.
CREATE TABLE guest_marks (
    -- 'name:' and a nickname's key, or 'address:' and an address.
    mark  TEXT NOT NULL,
    -- The sanctioned guest.
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

-- The guest from whom the sanction was inherited; it ends with theirs.
ALTER TABLE sanctions ADD COLUMN origin BLOB REFERENCES users (id);
CREATE INDEX sanctions_by_origin ON sanctions (origin) WHERE origin IS NOT NULL;

-- New users from this network are kept out.
CREATE TABLE banned_networks (
    -- For example 203.0.113.0/24.
    network TEXT PRIMARY KEY,
    until   INTEGER
) STRICT, WITHOUT ROWID;

-- Whether the token was ever used.
ALTER TABLE sessions ADD COLUMN used INTEGER NOT NULL DEFAULT 1 CHECK (used IN (0, 1));
-- The address at which it began, so that a ban can keep new guests from there out. Deleted with the session.
ALTER TABLE sessions ADD COLUMN address TEXT;

CREATE INDEX guests_by_address ON users (address) WHERE address IS NOT NULL AND nickname_key IS NOT NULL;
