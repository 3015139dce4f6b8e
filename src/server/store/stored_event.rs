//! How events are stored: mentioned users without their nicknames, which are looked up when the event is read. So a deleted
//! account leaves no name behind.

use std::borrow::Cow;

use crate::domain::{EventKind, Mention, Nickname};

/// Mentions without nicknames.
pub(super) fn without_names(mut mentions: Vec<Mention>) -> Vec<Mention> {
    mentions.iter_mut().filter_map(Mention::user_mut).for_each(|user| user.nickname = Nickname::former());
    mentions
}

/// An event as it is stored.
pub(super) fn stored_event(kind: &EventKind) -> Cow<'_, EventKind> {
    if kind.mentions().is_empty() {
        return Cow::Borrowed(kind);
    }
    let mut kind = kind.clone();
    kind.mentioned_users_mut().for_each(|user| user.nickname = Nickname::former());
    Cow::Owned(kind)
}
