//! Parts of queries, as macros, because a statement is one literal.

/// The four columns that `user_from` reads, of the table `users` under this name.
macro_rules! user_columns {
    ($u:literal) => {
        concat!($u, ".id, ", $u, ".nickname, ", $u, ".password IS NOT NULL, ", $u, ".role")
    };
}

/// The number of the user with the UUID in this parameter.
macro_rules! user_number {
    ($id:literal) => {
        concat!("(SELECT number FROM users WHERE id = ", $id, "::uuid)")
    };
}

/// The number of the conversation with the UUID in this parameter.
macro_rules! conversation_number {
    ($id:literal) => {
        concat!("(SELECT number FROM conversations WHERE id = ", $id, "::uuid)")
    };
}

/// The columns that `event_from` reads, of `events` under the name `e`, its conversation
/// under the name `c`, its author under the name `u`, and the user of its notice under the name `n`.
macro_rules! event_columns {
    () => {
        concat!("c.id, e.seq, e.at, e.command_id, e.payload, ", user_columns!("u"), ", ", user_columns!("n"))
    };
}

/// The size of the event `e`, roughly, in bytes on the wire.
macro_rules! event_size {
    () => {
        "40 + CASE WHEN e.payload ? 'body' THEN octet_length(e.payload ->> 'body') ELSE 0 END AS size"
    };
}

/// The rows of `$rows` while they fit: at most about `$bytes` bytes, but at least one row. Adds the column `found`, the number of
/// rows, and `place`, which counts them from 1.
macro_rules! fitting {
    ($rows:expr, $order:literal, $bytes:literal) => {
        concat!(
            "SELECT * FROM (
                SELECT x.*, count(*) OVER () AS found, row_number() OVER in_order AS place,
                       sum(x.size) OVER in_order AS total_size, first_value(x.size) OVER in_order AS first_size
                  FROM (",
            $rows,
            ") x WINDOW in_order AS (ORDER BY ",
            $order,
            " ROWS UNBOUNDED PRECEDING)
             ) y WHERE total_size <= greatest(",
            $bytes,
            "::bigint, first_size)"
        )
    };
}

/// The author `u` of the event or message `$of`, and the user `n` of the notice in `$payload`. Both are looked up for each row,
/// whatever PostgreSQL expects the number of rows to be.
macro_rules! users_of {
    ($of:literal, $payload:literal) => {
        concat!(
            " LEFT JOIN LATERAL (SELECT * FROM users WHERE number = ",
            $of,
            ".author LIMIT 1) u ON true
              LEFT JOIN LATERAL (SELECT * FROM users WHERE id = (",
            $payload,
            " #>> '{user,id}')::uuid LIMIT 1) n ON true "
        )
    };
}

/// Converts the time of the server's clock in `$at` into a time of the machine's clock that is safe to expire by: every row that
/// the machine's clock dates before the result was written before it.
///
/// While the machine's clock was wrong, the result may be far earlier. Rows are then kept for longer, never deleted too early.
macro_rules! machine_cutoff {
    ($at:literal) => {
        concat!(
            "(SELECT greatest(min(greatest(since, ",
            $at,
            "::bigint) + ahead), 0) FROM clock_offsets
               WHERE since >= (SELECT max(since) FROM clock_offsets WHERE since <= ",
            $at,
            "::bigint))"
        )
    };
}

pub(super) use {
    conversation_number, event_columns, event_size, fitting, machine_cutoff, user_columns, user_number, users_of,
};
