//! Where in the house one is, as the address says.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    client::Store,
    domain::{ConversationId, ConversationKind, User},
};

/// The address of the Lobby.
pub(super) const LOBBY: &str = "/talk/lobby";

/// The address of a conversation.
pub(super) fn address(conversation: ConversationId) -> String {
    format!("/talk/{conversation}")
}

/// What an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `/`: the list on a phone, the Lobby where there is space beside the list.
    List,
    /// `/talk/lobby`
    Lobby,
    /// `/talk/{conversation}`
    Talk(ConversationId),
    /// `/talk/{anything else}`
    Nowhere,
}

impl Place {
    fn of(path: &str) -> Self {
        match path.strip_prefix("/talk/").map(|rest| rest.trim_end_matches('/')) {
            None => Self::List,
            Some("lobby") => Self::Lobby,
            Some(id) => id.parse().map_or(Self::Nowhere, Self::Talk),
        }
    }
}

/// Where one is, handed down as context.
#[derive(Clone, Copy)]
pub(super) struct Here {
    /// What the address says.
    pub(super) place: Memo<Place>,
    /// The conversation that this means, once it is known.
    pub(super) conversation: Memo<Option<ConversationId>>,
}

impl Here {
    /// Follows the address.
    pub(super) fn new(store: Store) -> Self {
        let path = use_location().pathname;
        let place = Memo::new(move |_| path.with(|path| Place::of(path)));
        let conversation = Memo::new(move |_| {
            store.conversations.with(|conversations| match place.get() {
                Place::List | Place::Lobby => conversations.lobby().map(|lobby| lobby.id),
                Place::Talk(id) => conversations.get(id).map(|talk| talk.id),
                Place::Nowhere => None,
            })
        });
        Self { place, conversation }
    }
}

/// Whom a conversation is with: nobody in particular for a room.
pub(super) fn companion(store: Store, conversation: ConversationId) -> Memo<Option<User>> {
    Memo::new(move |_| {
        store.conversations.with(|conversations| match conversations.get(conversation).map(|talk| &talk.kind) {
            Some(ConversationKind::Direct { with }) => Some(with.clone()),
            _ => None,
        })
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_place() {
        let id = "0192f7a0-0000-7000-8000-000000000001";
        assert_eq!(Place::of("/"), Place::List);
        assert_eq!(Place::of("/talk/lobby"), Place::Lobby);
        assert_eq!(Place::of(&format!("/talk/{id}/")), Place::Talk(id.parse().expect("a UUID")));
        assert_eq!(Place::of("/talk/elsewhere"), Place::Nowhere);
    }
}
