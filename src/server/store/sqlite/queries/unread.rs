//! Counting unread messages: those of others after the read mark, without deleted ones, notices, and what blocked users wrote.
//!
//! Seqs have no gaps. So all events after the mark are unread messages but for a few that indexes hold, and only those few are
//! counted.

use rusqlite::{Connection, params};

use crate::{
    domain::{MAX_UNREAD, Seq},
    server::store::sqlite::numbers::{ConversationNumber, UserNumber},
};

/// The events after a member's read mark.
pub(super) struct UnreadRange {
    pub(super) conversation: ConversationNumber,
    pub(super) member: UserNumber,
    pub(super) read_seq: Seq,
    /// The newest event of the conversation.
    pub(super) last_seq: Seq,
    /// Whether all messages after the mark are by others whom the member has not blocked. `false` if that is not known.
    pub(super) is_all_by_others: bool,
}

/// The events after `?2` and up to `?3` that nobody counts: those that change messages, notices, and deleted messages.
const NOT_COUNTED: &str = "
    SELECT (SELECT count(*) FROM events INDEXED BY changes_by_seq
             WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND target IS NOT NULL)
         + (SELECT count(*) FROM events INDEXED BY notices
             WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND target IS NULL AND payload ->> '$.kind' <> 'message')
         + (SELECT count(*) FROM states INDEXED BY deleted_messages
             WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND deleted)";

/// Looks at the author of each message.
const BY_OTHERS: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM messages
         WHERE conversation = ?1 AND seq > ?2 AND author <> ?3 AND NOT deleted AND notice IS NULL
           AND author NOT IN (SELECT blocked FROM blocks WHERE user = ?3)
         LIMIT ?4)";

/// Counts up to [`MAX_UNREAD`].
pub(super) fn count_unread(db: &Connection, range: &UnreadRange) -> rusqlite::Result<u32> {
    let by_anybody = count_messages(db, range)?;
    if by_anybody == 0 || range.is_all_by_others {
        return Ok(by_anybody);
    }
    let mut select = db.prepare_cached(BY_OTHERS)?;
    select.query_row(params![range.conversation, range.read_seq, range.member, MAX_UNREAD], |row| row.get(0))
}

/// Counts the messages of anybody after the mark that are not deleted, up to [`MAX_UNREAD`].
fn count_messages(db: &Connection, range: &UnreadRange) -> rusqlite::Result<u32> {
    let mut select = db.prepare_cached(NOT_COUNTED)?;
    let (mut counted, mut after, mut step) = (0, range.read_seq.0, u64::from(MAX_UNREAD));
    // Step by step, because other users decide how many other events there are.
    while counted < u64::from(MAX_UNREAD) && after < range.last_seq.0 {
        let up_to = range.last_seq.0.min(after + step);
        let others: u32 = select.query_row(params![range.conversation, Seq(after), Seq(up_to)], |row| row.get(0))?;
        counted += (up_to - after).saturating_sub(others.into());
        (after, step) = (up_to, step * 2);
    }
    Ok(u32::try_from(counted).map_or(MAX_UNREAD, |counted| counted.min(MAX_UNREAD)))
}
