//! An event folded into the message that it changes.
//!
//! The server does the same to its tables; a test holds the two together.

use crate::domain::{Body, Emoji, Event, EventKind, Message, Reaction, Timestamp, User, UserId};

/// Folds an event into its target, unless that was done already. Events of one conversation must come in order.
pub(super) fn fold(message: &mut Message, event: &Event) {
    if message.revision < event.seq {
        message.revision = event.seq;
        show(message, &event.author, event.at, &event.kind);
    }
}

/// What a change makes of a message, before it has a place in the log.
pub fn show(message: &mut Message, author: &User, at: Timestamp, kind: &EventKind) {
    if message.deleted {
        return;
    }
    match kind {
        EventKind::Message { .. } | EventKind::Notice(_) | EventKind::AccountDeleted | EventKind::Other => {}
        EventKind::Edit { body, .. } => {
            message.body = body.clone();
            message.edited_at = Some(at);
        }
        EventKind::Deletion { .. } => {
            message.body = Body::deleted();
            message.edited_at = None;
            message.deleted = true;
            message.reactions = Vec::new();
        }
        EventKind::Reaction { emoji, on: true, .. } => add(&mut message.reactions, emoji, author),
        EventKind::Reaction { emoji, on: false, .. } => remove(&mut message.reactions, emoji, author.id),
    }
}

/// Shows a user of whom a message tells, as its author or otherwise, as they are by now.
pub(super) fn name_anew(message: &mut Message, user: &User) {
    let reactions = message.reactions.iter_mut().flat_map(|reaction| &mut reaction.users);
    let of_notice = message.notice.as_mut().map(|notice| &mut notice.user);
    for named in reactions.chain(of_notice).chain([&mut message.author]).filter(|named| named.id == user.id) {
        *named = user.clone();
    }
}

fn add(reactions: &mut Vec<Reaction>, emoji: &Emoji, user: &User) {
    match reactions.binary_search_by(|reaction| reaction.emoji.cmp(emoji)) {
        Ok(place) => {
            let users = &mut reactions[place].users;
            if !users.iter().any(|other| other.id == user.id) {
                users.push(user.clone());
            }
        }
        Err(place) => reactions.insert(place, Reaction { emoji: emoji.clone(), users: vec![user.clone()] }),
    }
}

fn remove(reactions: &mut Vec<Reaction>, emoji: &Emoji, user: UserId) {
    if let Ok(place) = reactions.binary_search_by(|reaction| reaction.emoji.cmp(emoji)) {
        reactions[place].users.retain(|other| other.id != user);
        if reactions[place].users.is_empty() {
            reactions.remove(place);
        }
    }
}
