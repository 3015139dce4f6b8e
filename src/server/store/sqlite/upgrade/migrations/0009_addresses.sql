-- Housekeeping looks for the few users whose address is still known, not at all users.
CREATE INDEX users_with_address ON users (created_at) WHERE address IS NOT NULL;
