//! Unread messages of a conversation, and those that the user is told of: how events and read marks change the counts.
//!
//! The server counts the messages of others after the read mark, without deleted ones and without those of blocked users. Events
//! do not say everything that this takes, so a count can be unknown after a change. Then the client fetches it.

use crate::{
    domain::{Conversation, ConversationKind, Event, EventKind, MAX_UNREAD, Mentioned, Seq, UserId},
    state::blocks::Blocks,
};

/// Whether the numbers of unread messages and mentions of a conversation are known after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum UnreadCount {
    /// The counts are right.
    Known,
    /// The counts cannot be derived from the events; the client has to fetch them.
    Unknown,
}

/// Whether a message or an edit mentions a user or everyone, or is a reply in a thread of theirs.
fn is_told(kind: &EventKind, user: UserId) -> bool {
    let is_mentioned = |whom: &Mentioned| match whom {
        Mentioned::User(mentioned) => mentioned.id == user,
        Mentioned::Everyone => true,
    };
    let is_participant = matches!(kind, EventKind::Message { participants, .. } if participants.contains(&user));
    is_participant || kind.mentions().iter().any(|mention| is_mentioned(&mention.whom))
}

/// Counts an event, the next one of its conversation, whose `last_seq` is still the event before it. `own_up_to`: there may be
/// messages of `me` after the read mark up to this one. All later ones have moved it.
pub(super) fn count(
    conversation: &mut Conversation,
    event: &Event,
    me: UserId,
    blocks: &Blocks,
    own_up_to: Seq,
) -> UnreadCount {
    match &event.kind {
        // Writing a message marks the earlier ones as read.
        EventKind::Message { .. } if event.author.id == me => {
            conversation.read_seq = conversation.read_seq.max(event.seq);
            (conversation.unread, conversation.mentions) = (0, 0);
        }
        EventKind::Message { .. } if event.seq > conversation.read_seq && !blocks.contains(event.author.id) => {
            let mentions = conversation.mentions + u32::from(is_told(&event.kind, me));
            conversation.unread = MAX_UNREAD.min(conversation.unread + 1);
            conversation.mentions = MAX_UNREAD.min(mentions);
        }
        // The user is told of the present text, and it is not known whether they were told of the earlier one.
        EventKind::Edit { seq, .. }
            if *seq > conversation.read_seq && event.author.id != me && !blocks.contains(event.author.id) =>
        {
            // Unless all counted messages tell the user something, or none does, before and after.
            let told = if is_told(&event.kind, me) { conversation.unread } else { 0 };
            if conversation.mentions != told {
                return UnreadCount::Unknown;
            }
        }
        EventKind::Deletion { seq } if *seq > conversation.read_seq && conversation.unread > 0 => {
            let may_be_own = *seq <= own_up_to;
            // Directs with blocked users are in no list.
            let may_be_blocked = !blocks.is_empty() && matches!(conversation.kind, ConversationKind::Room(_));
            let may_be_uncounted = may_be_own || may_be_blocked || conversation.unread == MAX_UNREAD;
            if may_be_uncounted && !has_only_unread(conversation) {
                return UnreadCount::Unknown;
            }
            return keep(conversation, conversation.unread - 1);
        }
        _ => {}
    }
    UnreadCount::Known
}

/// The user has read up to `seq`.
pub(super) fn mark_read(conversation: &mut Conversation, seq: Seq) -> UnreadCount {
    let left = conversation.last_seq.0.saturating_sub(seq.0);
    let left = u32::try_from(left).unwrap_or(u32::MAX);
    let has_only_unread = has_only_unread(conversation);
    conversation.read_seq = seq;
    let count = keep(conversation, left.min(conversation.unread));
    // Otherwise it is not known how many of the later events are messages of others.
    if has_only_unread || conversation.unread == 0 { count } else { UnreadCount::Unknown }
}

/// Whether all events after the read mark are unread messages.
fn has_only_unread(conversation: &Conversation) -> bool {
    conversation.last_seq.0.checked_sub(conversation.read_seq.0) == Some(conversation.unread.into())
}

/// So many of the unread messages are left. It is known how many of those are mentions if all were, or none, or if none is left.
fn keep(conversation: &mut Conversation, unread: u32) -> UnreadCount {
    let is_known = unread == 0 || conversation.mentions == 0 || conversation.mentions == conversation.unread;
    conversation.unread = unread;
    conversation.mentions = conversation.mentions.min(unread);
    if is_known { UnreadCount::Known } else { UnreadCount::Unknown }
}
