//! The tables that are copied as they are, with numbers instead of UUIDs.

/// How a table is copied.
pub(super) struct TableCopy {
    pub(super) table: &'static str,
    pub(super) fill: &'static str,
    /// An aggregate that must be the same in both databases: how many rows there are, and how many values of the columns
    /// that may be NULL.
    pub(super) checksum: &'static str,
}

/// Users and conversations come first, because the others look up their numbers. Numbers are given in the order of creation;
/// 1 is the server itself, whom the new database has from the start.
pub(super) const COPIES: &[TableCopy] = &[
    TableCopy {
        table: "users",
        fill: "INSERT INTO main.users (id, nickname, nickname_key, created_at, password, role, address, invited)
               SELECT id, nickname, nickname_key, created_at, password, role, address, invited FROM old.users
                WHERE id <> zeroblob(16) ORDER BY created_at, id",
        checksum: "count(*) || ' ' || count(nickname_key) || ' ' || count(password) || ' ' || count(address)",
    },
    TableCopy {
        table: "conversations",
        fill: "INSERT INTO main.conversations (id, kind, name, direct_low, direct_high, created_at, retained)
               SELECT id, kind, name, min(one, other), max(one, other), created_at, retained
                 FROM (SELECT c.*, (SELECT number FROM main.users WHERE id = c.direct_low) AS one,
                              (SELECT number FROM main.users WHERE id = c.direct_high) AS other
                         FROM old.conversations c)
                ORDER BY created_at, id",
        checksum: "count(*) || ' ' || count(direct_low) || ' ' || count(direct_high) || ' ' || total(retained)",
    },
    TableCopy {
        table: "members",
        fill: "INSERT INTO main.members (conversation, user, read_seq, joined_at, listed)
               SELECT (SELECT number FROM main.conversations WHERE id = m.conversation),
                      (SELECT number FROM main.users WHERE id = m.user), read_seq, joined_at, listed
                 FROM old.members m",
        checksum: "count(*) || ' ' || count(listed) || ' ' || total(read_seq)",
    },
    TableCopy {
        table: "sessions",
        fill: "INSERT INTO main.sessions (token_hash, id, user, created_at, seen_at, agent, used, address)
               SELECT token_hash, id, (SELECT number FROM main.users WHERE id = s.user), created_at, seen_at, agent, used,
                      address
                 FROM old.sessions s",
        checksum: "count(*) || ' ' || count(address)",
    },
    TableCopy {
        table: "ended_sessions",
        fill: "INSERT INTO main.ended_sessions (token_hash, user, reason, at)
               SELECT token_hash, (SELECT number FROM main.users WHERE id = s.user), reason, at FROM old.ended_sessions s",
        checksum: "count(*)",
    },
    TableCopy {
        table: "blocks",
        fill: "INSERT INTO main.blocks (user, blocked, at)
               SELECT (SELECT number FROM main.users WHERE id = b.user),
                      (SELECT number FROM main.users WHERE id = b.blocked), at
                 FROM old.blocks b",
        checksum: "count(*)",
    },
    TableCopy {
        table: "states",
        fill: "INSERT INTO main.states (conversation, seq, revision, body, edited_at, deleted)
               SELECT (SELECT number FROM main.conversations WHERE id = s.conversation), seq, revision, body, edited_at,
                      deleted
                 FROM old.states s",
        checksum: "count(*) || ' ' || count(body) || ' ' || count(edited_at) || ' ' || total(revision) || ' ' || total(deleted)",
    },
    TableCopy {
        table: "reactions",
        fill: "INSERT INTO main.reactions (conversation, message, emoji, user, seq)
               SELECT (SELECT number FROM main.conversations WHERE id = r.conversation), message, emoji,
                      (SELECT number FROM main.users WHERE id = r.user), seq
                 FROM old.reactions r",
        checksum: "count(*) || ' ' || total(seq)",
    },
    TableCopy {
        table: "sanctions",
        fill: "INSERT INTO main.sanctions (user, scope, kind, until, origin)
               SELECT (SELECT number FROM main.users WHERE id = s.user),
                      iif(scope = x'', 0, (SELECT number FROM main.conversations WHERE id = s.scope)), kind, until,
                      (SELECT number FROM main.users WHERE id = s.origin)
                 FROM old.sanctions s",
        checksum: "count(*) || ' ' || count(until) || ' ' || count(origin)",
    },
    TableCopy {
        table: "guest_marks",
        fill: "INSERT INTO main.guest_marks (mark, user, scope, kind, until, since)
               SELECT mark, (SELECT number FROM main.users WHERE id = m.user),
                      iif(scope = x'', 0, (SELECT number FROM main.conversations WHERE id = m.scope)), kind, until, since
                 FROM old.guest_marks m",
        checksum: "count(*) || ' ' || count(until)",
    },
    TableCopy {
        table: "banned_networks",
        fill: "INSERT INTO main.banned_networks (network, until) SELECT network, until FROM old.banned_networks",
        checksum: "count(*) || ' ' || count(until)",
    },
    TableCopy {
        table: "invites",
        fill: "INSERT INTO main.invites (id, token_hash, created_at, created_by, expires_at, max_uses, uses, revoked)
               SELECT id, token_hash, created_at, (SELECT number FROM main.users WHERE id = i.created_by), expires_at,
                      most_uses, uses, revoked
                 FROM old.invites i",
        checksum: "count(*) || ' ' || count(created_by) || ' ' || total(uses) || ' ' || total(revoked)",
    },
    TableCopy {
        table: "reports",
        fill: "INSERT INTO main.reports (id, at, reporter, conversation, seq, author, reason, messages)
               SELECT id, at, (SELECT number FROM main.users WHERE id = r.reporter),
                      (SELECT number FROM main.conversations WHERE id = r.conversation), seq,
                      (SELECT number FROM main.users WHERE id = r.author), reason, messages
                 FROM old.reports r",
        checksum: "count(*)",
    },
    TableCopy {
        table: "audit",
        fill: "INSERT INTO main.audit (id, at, actor, action, subject, conversation, until, detail)
               SELECT id, at, (SELECT number FROM main.users WHERE id = a.actor), action,
                      (SELECT number FROM main.users WHERE id = a.subject),
                      (SELECT number FROM main.conversations WHERE id = a.conversation), until, detail
                 FROM old.audit a",
        checksum: "count(*) || ' ' || count(actor) || ' ' || count(subject) || ' ' || count(conversation)",
    },
    TableCopy {
        table: "erasures",
        fill: "INSERT INTO main.erasures (user, conversation, done, last, messages)
               SELECT (SELECT number FROM main.users WHERE id = e.user),
                      (SELECT number FROM main.conversations WHERE id = e.conversation), done, last, messages
                 FROM old.erasures e",
        checksum: "count(*)",
    },
    TableCopy {
        table: "clock_offsets",
        // The new database has the first one from the start.
        fill: "INSERT OR REPLACE INTO main.clock_offsets (since, ahead) SELECT since, ahead FROM old.clock_offsets",
        checksum: "count(*) || ' ' || total(ahead)",
    },
    TableCopy {
        table: "meta",
        fill: "INSERT INTO main.meta (only, epoch, lobby, audit_since, ran_at)
               SELECT only, epoch, (SELECT number FROM main.conversations WHERE id = m.lobby), audit_since, ran_at
                 FROM old.meta m",
        checksum: "count(*) || ' ' || count(ran_at)",
    },
];
