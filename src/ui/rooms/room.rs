//! A room, as its members see it.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{ConversationId, ConversationKind, DirectoryRoom, Role, Room, Visibility},
    ui::{
        i18n::Texts,
        kit::{boxed::Boxed, icons, reactive::memo},
    },
};

/// What the user knows of a room that they are in; `None` for a direct.
pub(crate) fn room(store: ClientStore, conversation: ConversationId) -> Memo<Option<Room>> {
    memo(move || {
        store.conversations.with(|conversations| {
            match conversations.get(conversation).map(|conversation| &conversation.kind) {
                Some(ConversationKind::Room(room)) => Some(room.clone()),
                _ => None,
            }
        })
    })
}

/// The name of a room as the page shows it. That of the Lobby is translated.
pub(crate) fn room_name<'a>(room: &'a Room, t: &'static Texts) -> &'a str {
    if room.lobby { t.conversation.lobby } else { room.name.as_str() }
}

/// The topic of a room. The Lobby has one even if none is set.
pub(crate) fn room_topic<'a>(room: &'a Room, t: &'static Texts) -> &'a str {
    if room.lobby && room.topic.is_empty() { t.conversation.lobby_topic } else { room.topic.as_str() }
}

/// The name of a room in the directory.
pub(super) fn directory_room_name(store: ClientStore, room: &DirectoryRoom, t: &'static Texts) -> String {
    let is_lobby = store.conversations.with_untracked(|all| all.lobby().is_some_and(|lobby| lobby.id == room.id));
    if is_lobby { t.conversation.lobby.to_owned() } else { room.name.as_str().to_owned() }
}

/// The icon of a room: a lock if it is private.
pub(crate) fn room_icon(visibility: Visibility) -> Boxed {
    match visibility {
        Visibility::Public => icons::hash(),
        Visibility::Private => icons::lock(),
    }
}

/// The user's rank in a room: the higher of the roles on the server and in the room.
pub(crate) fn rank(store: ClientStore, room: &Room) -> Role {
    store.me.with(|me| me.as_ref().map_or(Role::Member, |me| me.role)).max(room.role)
}

/// What the panel beside a room shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    /// The members.
    Members,
    /// Topic, link and settings.
    About,
}

impl Panel {
    /// The id of the button that opens it.
    pub(crate) const fn button_id(self) -> &'static str {
        match self {
            Self::Members => "room-members",
            Self::About => "room-about",
        }
    }
}
