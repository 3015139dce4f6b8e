-- Housekeeping looks for the few whose address is still known, not at all who ever were here.
CREATE INDEX users_with_address ON users (created_at) WHERE address IS NOT NULL;
