//! The page's router: the URL, the conversation that it names, and navigation without reloading the page.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue};

#[cfg(feature = "ssr")]
use crate::domain::Conversation;
use crate::{
    client::{ClientStore, RequestError},
    domain::{ConversationId, Seq},
    state::Conversations,
    ui::kit::reactive::{effect, memo},
};

/// The path of the Lobby.
pub(crate) const LOBBY_PATH: &str = "/talk/lobby";

/// The path of the directory of rooms.
pub(crate) const DIRECTORY_PATH: &str = "/rooms";

/// The path of the messages that mention the user.
pub(crate) const MENTIONS_PATH: &str = "/mentions";

/// The path of a conversation.
pub(crate) fn conversation_path(conversation: ConversationId) -> String {
    format!("/talk/{conversation}")
}

/// The path of a message.
pub(crate) fn message_path(conversation: ConversationId, message: Seq) -> String {
    format!("/talk/{conversation}/{message}")
}

/// The path of a thread, by its first message.
pub(crate) fn thread_path(conversation: ConversationId, first: Seq) -> String {
    format!("/talk/{conversation}/thread/{first}")
}

/// Where a user goes who signs in at `path`: to what the path names, or else to the Lobby.
pub(crate) fn path_after_sign_in(path: &str) -> &str {
    match Route::from_path(path) {
        Route::Directory | Route::Mentions | Route::Conversation(_) | Route::Lobby => path,
        Route::Sidebar | Route::NotFound => LOBBY_PATH,
    }
}

/// Appends a parameter to a query string, percent-encoded.
pub(crate) fn append_query(query: &mut String, name: &str, value: &str) {
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

/// What a path shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`: the sidebar on a phone; on a wide screen the Lobby beside the sidebar.
    Sidebar,
    /// `/rooms`
    Directory,
    /// `/mentions`
    Mentions,
    /// `/talk/lobby`
    Lobby,
    /// `/talk/{conversation}`
    Conversation(ConversationId),
    /// Any other path.
    NotFound,
}

impl Route {
    fn from_path(path: &str) -> Self {
        split_path(path).map_or(Self::NotFound, |(route, _)| route)
    }

    /// The conversation that this route opens for a member of `conversations`.
    fn conversation(self, conversations: &Conversations) -> Option<ConversationId> {
        match self {
            Self::Sidebar | Self::Lobby => conversations.lobby().map(|lobby| lobby.id),
            Self::Conversation(id) => conversations.get(id).map(|conversation| conversation.id),
            Self::Directory | Self::Mentions | Self::NotFound => None,
        }
    }
}

/// What a path names of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartOfConversation {
    /// Nothing in particular.
    All,
    /// A message, as in `/talk/{conversation}/{message}`.
    Message(Seq),
    /// A thread, as in `/talk/{conversation}/thread/{first message}`.
    Thread(Seq),
}

/// The route of a path, and what it names of the conversation. `None` for an unknown path.
fn split_path(path: &str) -> Option<(Route, PartOfConversation)> {
    let path = path.trim_end_matches('/');
    let Some(conversation) = path.strip_prefix("/talk/") else {
        return match path {
            "" => Some((Route::Sidebar, PartOfConversation::All)),
            DIRECTORY_PATH => Some((Route::Directory, PartOfConversation::All)),
            MENTIONS_PATH => Some((Route::Mentions, PartOfConversation::All)),
            _ => None,
        };
    };
    let (conversation, part) = match conversation.split_once('/') {
        Some((conversation, part)) => {
            let seq = |text: &str| text.parse().ok().map(Seq);
            let part = match part.strip_prefix("thread/") {
                Some(first) => PartOfConversation::Thread(seq(first)?),
                None => PartOfConversation::Message(seq(part)?),
            };
            (conversation, part)
        }
        None => (conversation, PartOfConversation::All),
    };
    let route = if conversation == "lobby" { Route::Lobby } else { Route::Conversation(conversation.parse().ok()?) };
    Some((route, part))
}

/// The conversation whose id is in the path.
#[cfg(feature = "ssr")]
pub(crate) fn conversation_in_path(path: &str) -> Option<ConversationId> {
    if let Route::Conversation(id) = Route::from_path(path) { Some(id) } else { None }
}

/// The conversation that a path opens for a member of `conversations`.
#[cfg(feature = "ssr")]
pub(crate) fn open_conversation_at(path: &str, conversations: &[Conversation]) -> Option<ConversationId> {
    Route::from_path(path).conversation(&Conversations::new(conversations.to_vec()))
}

/// The router, provided as context. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Navigator {
    /// The Lobby, also for a user who was removed from it.
    pub(crate) lobby: Option<ConversationId>,
    path: RwSignal<String>,
    /// The route of the current path.
    pub(crate) route: Memo<Route>,
    /// The conversation that the route opens, as soon as the store has the user's conversations.
    pub(crate) conversation: Memo<Option<ConversationId>>,
    /// The message of that conversation that the path names.
    pub(crate) message: Memo<Option<Seq>>,
    /// The thread of that conversation that the path names, by its first message.
    pub(crate) thread: Memo<Option<Seq>>,
    /// The recipient that the user has begun to choose.
    pub(crate) pending_recipient: PendingRecipient,
    /// The room that the user has asked to leave, until that is answered.
    leaving: StoredValue<Option<ConversationId>>,
}

/// The text in the recipient pickers. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct PendingRecipient {
    /// The text; all recipient pickers show the same.
    pub(crate) text: RwSignal<String>,
    /// Whether the user has typed a recipient and not opened a conversation since. A message that is written now may be meant
    /// for that recipient.
    is_unresolved: StoredValue<bool>,
}

impl PendingRecipient {
    /// Sets the text that the user has typed.
    pub(crate) fn set_text(self, text: String) {
        self.is_unresolved.set_value(!text.trim().is_empty());
        self.text.set(text);
    }

    /// The user has opened a conversation.
    pub(crate) fn resolve(self) {
        self.is_unresolved.set_value(false);
    }

    /// The text, if it is unresolved. Resolves it, so that the composer warns only once.
    pub(crate) fn take_unresolved(self) -> Option<String> {
        let was_unresolved = self.is_unresolved.try_update_value(std::mem::take).unwrap_or_default();
        was_unresolved.then(|| self.text.with_untracked(|text| text.trim().to_owned()))
    }
}

impl Navigator {
    /// Starts at `path`, and follows the browser's history and clicks on the page's own links.
    pub(crate) fn new(store: ClientStore, path: String, lobby: Option<ConversationId>) -> Self {
        let path = RwSignal::new(path);
        let route = memo(move || path.with(|path| Route::from_path(path)));
        let conversation = memo(move || {
            let route = route.get();
            store.conversations.with(|conversations| route.conversation(conversations))
        });
        let part = move || path.with(|path| split_path(path).map(|(_, part)| part));
        let message = memo(move || match part() {
            Some(PartOfConversation::Message(seq)) => Some(seq),
            _ => None,
        });
        let thread = memo(move || match part() {
            Some(PartOfConversation::Thread(first)) => Some(first),
            _ => None,
        });
        let pending_recipient = PendingRecipient { text: RwSignal::default(), is_unresolved: StoredValue::new(false) };
        let leaving = StoredValue::new(None);
        let navigator = Self { lobby, path, route, conversation, message, thread, pending_recipient, leaving };
        effect(move || {
            // Dropping the handles keeps the listeners for as long as the page lives.
            drop(window_event_listener(ev::popstate, move |_| path.set(location().pathname().unwrap_or_default())));
            drop(window_event_listener(ev::click, move |click| navigator.follow_link(&click)));
        });
        navigator
    }

    /// Navigates to a path of this page and adds an entry to the browser's history, as a link does.
    pub(crate) fn go_to(self, path: &str) {
        self.pending_recipient.resolve();
        if self.path.with_untracked(|current| current != path) {
            self.change(path, web_sys::History::push_state_with_url);
        }
    }

    /// Leaves a room by `request`, and goes to the Lobby. The room leaves the list before the request is answered; meanwhile
    /// [`Self::is_leaving`] is true.
    pub(crate) async fn leave(
        self,
        room: ConversationId,
        request: impl Future<Output = Result<(), RequestError>>,
    ) -> Result<(), RequestError> {
        self.leaving.set_value(Some(room));
        let outcome = request.await;
        self.leaving.set_value(None);
        if outcome.is_ok() {
            self.go_to(LOBBY_PATH);
        }
        outcome
    }

    /// Whether the user has asked to leave a room, and there is no answer yet.
    pub(crate) fn is_leaving(self, room: ConversationId) -> bool {
        self.leaving.get_value() == Some(room)
    }

    /// Navigates to a path of this page and replaces the current entry of the browser's history.
    pub(crate) fn replace(self, path: &str) {
        self.change(path, web_sys::History::replace_state_with_url);
    }

    fn change(self, path: &str, update: fn(&web_sys::History, &JsValue, &str, Option<&str>) -> Result<(), JsValue>) {
        // A browser refuses when there are too many changes at once. Then the right page shows under the old URL.
        drop(window().history().and_then(|history| update(&history, &JsValue::NULL, "", Some(path))));
        self.path.set(path.to_owned());
    }

    /// Follows a plain click on a link of this page without reloading.
    fn follow_link(self, click: &web_sys::MouseEvent) {
        let has_modifier = click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key();
        if click.default_prevented() || click.button() != 0 || has_modifier {
            return;
        }
        let element = click.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = element.and_then(|element| element.closest("a[href^='/']:not([target])").ok().flatten());
        if let Some(path) = link.and_then(|link| link.get_attribute("href")) {
            click.prevent_default();
            self.go_to(&path);
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn query_parameters_are_percent_encoded() {
        let value = "Tea & 茶=+%\"<";
        let mut query = String::from("a=1");
        append_query(&mut query, "b", value);
        append_query(&mut query, "c", "");
        let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(
            read,
            [("a", "1"), ("b", value), ("c", "")].map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(query.is_ascii());
    }

    #[test]
    fn paths_have_routes() {
        let id = "0192f7a0-0000-7000-8000-000000000001";
        assert_eq!(Route::from_path("/"), Route::Sidebar);
        assert_eq!(Route::from_path("/talk/lobby"), Route::Lobby);
        assert_eq!(Route::from_path(&format!("/talk/{id}/")), Route::Conversation(id.parse().expect("a UUID")));
        assert_eq!(Route::from_path("/rooms"), Route::Directory);
        assert_eq!(Route::from_path("/mentions"), Route::Mentions);
        assert_eq!(Route::from_path("/talk/elsewhere"), Route::NotFound);
        assert_eq!(Route::from_path("/talk"), Route::NotFound);
        assert_eq!(Route::from_path("/elsewhere"), Route::NotFound);
    }

    #[test]
    fn whoever_signs_in_goes_to_what_the_path_names() {
        let id = "0192f7a0-0000-7000-8000-000000000001";
        for path in
            [format!("/talk/{id}"), format!("/talk/{id}/7"), "/talk/lobby/thread/7".to_owned(), "/rooms".to_owned()]
        {
            assert_eq!(path_after_sign_in(&path), path);
        }
        for path in ["/", "/elsewhere", "/talk/elsewhere", "//example.org"] {
            assert_eq!(path_after_sign_in(path), LOBBY_PATH);
        }
    }

    #[test]
    fn a_path_may_name_a_message_or_a_thread() {
        let id: ConversationId = "0192f7a0-0000-7000-8000-000000000001".parse().expect("a UUID");
        assert_eq!(
            split_path(&message_path(id, Seq(7))),
            Some((Route::Conversation(id), PartOfConversation::Message(Seq(7))))
        );
        assert_eq!(split_path("/talk/lobby/7/"), Some((Route::Lobby, PartOfConversation::Message(Seq(7)))));
        assert_eq!(split_path(&conversation_path(id)), Some((Route::Conversation(id), PartOfConversation::All)));
        assert_eq!(
            split_path(&thread_path(id, Seq(7))),
            Some((Route::Conversation(id), PartOfConversation::Thread(Seq(7))))
        );
        for wrong in ["/talk/lobby/seven", "/talk/lobby/-1", "/talk/lobby/7/8", "/talk/lobby/thread", "/rooms/7"] {
            assert_eq!(split_path(wrong), None, "{wrong}");
        }
    }
}
