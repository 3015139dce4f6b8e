-- Version 3 of the tables: what members set of a conversation for themselves.

ALTER TABLE members
    ADD COLUMN muted boolean NOT NULL DEFAULT false,
    -- Kept at the top of the list.
    ADD COLUMN pinned boolean NOT NULL DEFAULT false,
    -- The position of the commit log at which the member last set the read mark back. Nodes gather marks, and must not save one
    -- from before.
    ADD COLUMN set_back_at bigint NOT NULL DEFAULT 0;
