//! Read marks: how far each member has read.

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::rules::facts::{Facts, Known},
};

/// The new read mark of a member who has read up to `seq`; beyond the newest event means the newest event. `None` if the user
/// is not a member, has read further, or has set the mark back since: `known` is the position of the commit log that the
/// node knew of when the user read.
pub(crate) fn advanced_read_mark(
    facts: &mut dyn Facts,
    user: UserId,
    conversation: ConversationId,
    seq: Seq,
    known: u64,
) -> Known<Option<Seq>> {
    let Some(member) = facts.membership(conversation, user)? else { return Ok(None) };
    if member.set_back_at > known {
        return Ok(None);
    }
    let Some(conversation) = facts.conversation(conversation)? else { return Ok(None) };
    let mark = seq.min(conversation.newest.0);
    Ok((mark > member.read_seq).then_some(mark))
}
