//! Who may write in a conversation.

use crate::{
    domain::{ConversationId, EventKind, Posting, UserId},
    server::rules::{
        context::Now,
        facts::{Facts, Membership, OtherMember},
        permissions::{Permission, rank_in},
        refusal::Refusal,
        sanctions::check_not_muted,
        undecided::Undecided,
        values::SanctionScope,
    },
};

/// What an author adds to a conversation, as far as the rule makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteKind {
    Message,
    /// An edit, a reaction or a pin.
    Change,
    /// Events that muted users may add as well, and in archived rooms: deletions and notices.
    Other,
}

impl WriteKind {
    pub(super) fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Message { .. } => Self::Message,
            EventKind::Edit { .. } | EventKind::Reaction { .. } | EventKind::Pin { .. } => Self::Change,
            EventKind::Deletion { .. }
            | EventKind::Notice(_)
            | EventKind::Room(_)
            | EventKind::AccountDeleted
            | EventKind::Other => Self::Other,
        }
    }
}

/// Checks that `author` may add this to the conversation now. Returns how the author, as a member, stands in it; `None` for
/// the server itself ([`UserId::SYSTEM`]), which may write everywhere and is a member nowhere.
///
/// # Errors
/// - [`Refusal::NotMember`] if the author is not in the conversation;
/// - [`Refusal::UserGone`] or [`Refusal::Blocked`] for a message in a direct whose other user has left for good or is blocked
///   by the author;
/// - [`Refusal::RoomArchived`] for messages, edits and reactions in an archived room;
/// - [`Refusal::NotAllowed`] for a message in a room where only moderators write, if the author is none;
/// - [`Refusal::Muted`] or [`Refusal::Banned`] for messages, edits and reactions while such a sanction is in force in the
///   conversation or on the whole server.
pub(super) fn check_write_access(
    facts: &mut dyn Facts,
    now: Now,
    author: UserId,
    conversation: ConversationId,
    kind: WriteKind,
) -> Result<Option<Membership>, Undecided> {
    let Some(member) = facts.membership(conversation, author)? else {
        return if author == UserId::SYSTEM { Ok(None) } else { Err(Refusal::NotMember.into()) };
    };
    match member.other {
        Some(OtherMember { is_gone: true, .. }) if kind == WriteKind::Message => return Err(Refusal::UserGone.into()),
        Some(OtherMember { is_blocked: true, .. }) if kind == WriteKind::Message => return Err(Refusal::Blocked.into()),
        _ => {}
    }
    if kind != WriteKind::Other {
        check_room_open(facts, author, conversation, kind)?;
        check_not_muted(&facts.sanctions_of(author)?, SanctionScope::room(conversation), now.server)?;
    }
    Ok(Some(member))
}

/// Checks that the settings of a room allow what a member wants to add.
fn check_room_open(
    facts: &mut dyn Facts,
    author: UserId,
    conversation: ConversationId,
    kind: WriteKind,
) -> Result<(), Undecided> {
    let Some(room) = facts.conversation(conversation)?.and_then(|conversation| conversation.room()) else {
        return Ok(());
    };
    if room.is_archived {
        return Err(Refusal::RoomArchived.into());
    }
    if room.posting == Posting::Moderators
        && kind == WriteKind::Message
        && !Permission::Announce.granted_to(rank_in(facts, Some(conversation), author)?)
    {
        return Err(Refusal::NotAllowed.into());
    }
    Ok(())
}
