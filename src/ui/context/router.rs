//! Where in the house one is: the page's address, and what it means.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue};

#[cfg(feature = "ssr")]
use crate::domain::Conversation;
use crate::{
    client::Store,
    domain::{Companion, ConversationId, ConversationKind},
    state::Conversations,
    ui::kit::reactive::{effect, memo},
};

/// The address of the Lobby.
pub(crate) const LOBBY: &str = "/talk/lobby";

/// The address of a conversation.
pub(crate) fn address(conversation: ConversationId) -> String {
    format!("/talk/{conversation}")
}

/// Adds something to the query of an address.
pub(crate) fn ask_for(query: &mut String, name: &str, value: &str) {
    query.push('&');
    query.push_str(name);
    query.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            query.push(char::from(byte));
        } else {
            query.push('%');
            query.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
}

/// What an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`: the list on a phone, the Lobby where there is space beside the list.
    List,
    /// `/talk/lobby`
    Lobby,
    /// `/talk/{conversation}`
    Talk(ConversationId),
    /// Any other address.
    Nowhere,
}

impl Route {
    fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::List,
            LOBBY => Self::Lobby,
            path => path.strip_prefix("/talk/").and_then(|id| id.parse().ok()).map_or(Self::Nowhere, Self::Talk),
        }
    }

    /// The conversation that it means for who is in these.
    fn conversation(self, conversations: &Conversations) -> Option<ConversationId> {
        match self {
            Self::List | Self::Lobby => conversations.lobby().map(|lobby| lobby.id),
            Self::Talk(id) => conversations.get(id).map(|talk| talk.id),
            Self::Nowhere => None,
        }
    }
}

/// The conversation that an address names.
#[cfg(feature = "ssr")]
pub(crate) fn named_by(path: &str) -> Option<ConversationId> {
    if let Route::Talk(id) = Route::of(path) { Some(id) } else { None }
}

/// The conversation that an address means for who is in these.
#[cfg(feature = "ssr")]
pub(crate) fn open_at(path: &str, conversations: &[Conversation]) -> Option<ConversationId> {
    Route::of(path).conversation(&Conversations::new(conversations.to_vec()))
}

/// Where one is, handed down as context. A handle: copies are the same place.
#[derive(Clone, Copy)]
pub(crate) struct Navigator {
    /// The room that everyone is in, or can come back into.
    pub(crate) lobby: Option<ConversationId>,
    path: RwSignal<String>,
    /// What the address says.
    pub(crate) place: Memo<Route>,
    /// The conversation that this means, once it is known.
    pub(crate) conversation: Memo<Option<ConversationId>>,
    /// Where else one has begun to go.
    pub(crate) wanted: Wanted,
}

/// Whom one has begun to choose: what stands in the target forms. A handle: copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// What was typed.
    pub(crate) text: RwSignal<String>,
    /// Whether it has led nowhere yet. What is written then may be meant for whoever was to be chosen.
    is_open: StoredValue<bool>,
}

impl Wanted {
    /// Something was typed.
    pub(crate) fn typed(self, text: String) {
        self.is_open.set_value(!text.trim().is_empty());
        self.text.set(text);
    }

    /// One has gone somewhere by a choice.
    pub(crate) fn settle(self) {
        self.is_open.set_value(false);
    }

    /// What it was that one has begun to choose, once: whoever has been told goes on as they like.
    pub(crate) fn take(self) -> Option<String> {
        let was_open = self.is_open.try_update_value(std::mem::take).unwrap_or_default();
        was_open.then(|| self.text.with_untracked(|text| text.trim().to_owned()))
    }
}

impl Navigator {
    /// Starts at `path`, and follows the browser's history and the page's own links.
    pub(crate) fn new(store: Store, path: String, lobby: Option<ConversationId>) -> Self {
        let path = RwSignal::new(path);
        let place = memo(move || path.with(|path| Route::of(path)));
        let conversation = memo(move || {
            let place = place.get();
            store.conversations.with(|conversations| place.conversation(conversations))
        });
        let wanted = Wanted { text: RwSignal::default(), is_open: StoredValue::new(false) };
        let here = Self { lobby, path, place, conversation, wanted };
        effect(move || {
            // As long as the page.
            drop(window_event_listener(ev::popstate, move |_| path.set(location().pathname().unwrap_or_default())));
            drop(window_event_listener(ev::click, move |click| here.follow(&click)));
        });
        here
    }

    /// Goes to an address of this page, as a link there would.
    pub(crate) fn go(self, address: &str) {
        self.wanted.settle();
        if self.path.with_untracked(|path| path != address) {
            self.change(address, web_sys::History::push_state_with_url);
        }
    }

    /// Goes to an address of this page in place of the one where one is.
    pub(crate) fn replace(self, address: &str) {
        self.change(address, web_sys::History::replace_state_with_url);
    }

    fn change(self, address: &str, note: fn(&web_sys::History, &JsValue, &str, Option<&str>) -> Result<(), JsValue>) {
        // A browser that refuses (too many changes at once) shows the right page under the old address.
        drop(window().history().and_then(|history| note(&history, &JsValue::NULL, "", Some(address))));
        self.path.set(address.to_owned());
    }

    /// Follows a plain click on a link of this page without loading it anew.
    fn follow(self, click: &web_sys::MouseEvent) {
        let with_key = click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key();
        if click.default_prevented() || click.button() != 0 || with_key {
            return;
        }
        let element = click.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = element.and_then(|element| element.closest("a[href^='/']:not([target])").ok().flatten());
        if let Some(address) = link.and_then(|link| link.get_attribute("href")) {
            click.prevent_default();
            self.go(&address);
        }
    }
}

/// Whom a conversation is with: nobody in particular for a room.
pub(crate) fn companion(store: Store, conversation: ConversationId) -> Memo<Option<Companion>> {
    memo(move || {
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
    fn a_query_says_what_was_meant() {
        let value = "Tea & 茶=+%\"<";
        let mut query = String::from("a=1");
        ask_for(&mut query, "b", value);
        ask_for(&mut query, "c", "");
        let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(
            read,
            [("a", "1"), ("b", value), ("c", "")].map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(query.is_ascii());
    }

    #[test]
    fn an_address_is_a_place() {
        let id = "0192f7a0-0000-7000-8000-000000000001";
        assert_eq!(Route::of("/"), Route::List);
        assert_eq!(Route::of("/talk/lobby"), Route::Lobby);
        assert_eq!(Route::of(&format!("/talk/{id}/")), Route::Talk(id.parse().expect("a UUID")));
        assert_eq!(Route::of("/talk/elsewhere"), Route::Nowhere);
        assert_eq!(Route::of("/elsewhere"), Route::Nowhere);
    }
}
