-- What counting unread messages and members needs.

ALTER TABLE conversations ADD COLUMN member_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN set_back_at INTEGER NOT NULL DEFAULT 0;

CREATE INDEX notices ON events (conversation, seq) WHERE target IS NULL AND payload ->> '$.kind' <> 'message';
CREATE INDEX deleted_messages ON states (conversation, seq) WHERE deleted;

