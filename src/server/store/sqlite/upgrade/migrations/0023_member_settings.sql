-- What members have set of a conversation for themselves; a member without a row has set nothing.
CREATE TABLE member_settings (
    conversation INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    muted        INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1)),
    -- Kept at the top of the list.
    pinned       INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    PRIMARY KEY (conversation, user),
    FOREIGN KEY (conversation, user) REFERENCES members (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_settings_by_user ON member_settings (user);
