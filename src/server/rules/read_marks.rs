//! Read marks: how far each member has read.

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::rules::facts::{Facts, Known},
};

/// The new read mark of a member who has read up to `seq`; beyond the newest event means the newest event. `None` if the user
/// is not a member or has read further.
pub(crate) fn advanced_read_mark(
    facts: &mut dyn Facts,
    user: UserId,
    conversation: ConversationId,
    seq: Seq,
) -> Known<Option<Seq>> {
    let Some(member) = facts.membership(conversation, user)? else { return Ok(None) };
    let Some(conversation) = facts.conversation(conversation)? else { return Ok(None) };
    let mark = seq.min(conversation.newest.0);
    Ok((mark > member.read_seq).then_some(mark))
}
