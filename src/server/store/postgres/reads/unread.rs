//! Counting unread messages: those of others after the read mark, without deleted ones, notices, and what blocked users wrote.
//!
//! Seqs have no gaps. So all events after the mark are unread messages but for a few that indexes hold, and only those few are
//! counted.

/// How many of the events of `$indexed`, which are no unread messages, are in the step. They are sorted so that PostgreSQL takes the
/// index by seq also while there are so few that another one seems as good.
macro_rules! not_counted {
    ($indexed:literal) => {
        concat!(
            "(SELECT count(*) FROM (
                SELECT 1 FROM ",
            $indexed,
            " AND x.conversation = m.conversation AND x.seq > s.after AND x.seq <= s.up_to ORDER BY x.seq) others)"
        )
    };
}

/// How many messages of anybody come after the read mark of the member `m` and are not deleted, up to `$limit`. `newest` is the
/// newest event.
///
/// It counts step by step, because other users decide how many other events there are.
macro_rules! messages_after {
    ($limit:literal) => {
        concat!(
            "(WITH RECURSIVE steps (after, width, counted) AS (
                SELECT m.read_seq, ",
            $limit,
            "::bigint, 0::bigint
                UNION ALL
                SELECT s.up_to, 2 * s.width, s.counted + s.up_to - s.after - ",
            not_counted!("events x WHERE x.target IS NOT NULL"),
            " - ",
            not_counted!("events x WHERE x.target IS NULL AND x.payload ->> 'kind' <> 'message'"),
            " - ",
            not_counted!("states x WHERE x.deleted"),
            "     FROM (SELECT *, least(after + width, newest.seq) AS up_to FROM steps
                          WHERE after < newest.seq AND counted < ",
            $limit,
            "::bigint) s
              )
              SELECT least(max(counted), ",
            $limit,
            "::bigint) FROM steps)"
        )
    };
}

/// How many messages the member `m` has not read. Only if some may be the member's own, or of blocked users, is each author looked
/// at: own messages after the mark are from before the member set it back.
macro_rules! unread {
    ($limit:literal) => {
        concat!(
            "CASE WHEN NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_number = m.user_number)
                   AND NOT EXISTS (SELECT 1 FROM events e WHERE e.conversation = m.conversation AND e.seq = m.read_seq + 1
                                      AND e.position < m.set_back_at)
             THEN ",
            messages_after!($limit),
            " ELSE (SELECT count(*) FROM (
                        SELECT 1 FROM messages e
                         WHERE e.conversation = m.conversation AND e.seq > m.read_seq AND e.author <> m.user_number
                           AND NOT e.deleted AND e.notice IS NULL
                           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_number = m.user_number AND b.blocked = e.author)
                         LIMIT ",
            $limit,
            "::bigint) unread) END"
        )
    };
}

pub(super) use {messages_after, not_counted, unread};
