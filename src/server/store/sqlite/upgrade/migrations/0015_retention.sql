-- Retention.

-- Retention has checked the events up to here.
ALTER TABLE conversations ADD COLUMN retained INTEGER NOT NULL DEFAULT 0;

-- When the address was stored, for addresses that expire; unknown for older ones.
ALTER TABLE guest_marks ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE guest_marks SET since = unixepoch() * 1000;

-- The audit log loses entries older than this, and no others. 0: it only grows.
ALTER TABLE meta ADD COLUMN audit_since INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER audit_is_not_shortened;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit WHEN OLD.at >= coalesce((SELECT audit_since FROM meta), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
