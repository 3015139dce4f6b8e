//! The app: everything in the document's body, and the effects on the whole document.

use std::mem;

use leptos::{ev, prelude::*};

use crate::{
    client::{ClientStore, ConnectionStatus, DraftState},
    ui::{
        chat::screen::ChatScreen,
        context::{
            initial_state::{InitialState, OpenConversation},
            router::{Navigator, Route},
            theme::Theme,
        },
        i18n::{Language, texts},
        kit::{
            boxed::Boxing as _,
            icons,
            reactive::{effect, memo, reactive_view},
        },
        sign_in::SignInPage,
    },
};

/// The highest number on the icon. The next one stands for all above it.
const MOST_ON_ICON: u32 = 9;

/// Everything in the document's body.
#[component]
pub fn App(
    /// The state that the server rendered the document from.
    mut initial_state: InitialState,
    /// The text in the sign-in page's password field, if the field was open.
    #[prop(optional_no_strip)]
    typed_password: Option<String>,
) -> impl IntoView {
    let language = RwSignal::new(initial_state.language);
    let theme = RwSignal::new(initial_state.theme);
    let store = ClientStore::new(initial_state.me.clone());
    if let Some(welcome) = initial_state.welcome.take() {
        let open = initial_state.open_conversation.take().map(|open| {
            let OpenConversation { conversation, page, draft, problem } = open;
            (conversation, page, DraftState { text: draft.unwrap_or_default(), problem, ..DraftState::default() })
        });
        store.start_from(&welcome, open);
    }
    let navigator = Navigator::new(store, initial_state.path.clone(), initial_state.lobby);
    provide_context(language);
    provide_context(theme);
    provide_context(RwSignal::new(initial_state.message_preferences));
    provide_context(store);
    provide_context(navigator);
    provide_context(mem::take(&mut initial_state.outside_room));

    if let Some(ended) = initial_state.ended_session {
        store.end_reason.set(Some(ended.reason));
        effect(move || store.apply_earlier_end(ended));
    }
    effect(move || {
        if store.me.with(Option::is_some) && store.connection_status.get_untracked() == ConnectionStatus::Idle {
            store.connect();
        }
    });
    effect(move || {
        // `pre_boot.js` sets this attribute when the browser refuses to store something. The note that it showed has gone.
        if document().body().is_some_and(|body| body.has_attribute("data-not-kept")) {
            store.storage_failed();
        }
    });
    effect(move || {
        // Dropping the handles keeps the listeners for as long as the page lives.
        drop(window_event_listener(ev::online, move |_| store.wake()));
        drop(window_event_listener(ev::visibilitychange, move |_| store.wake()));
    });
    effect(move || set_root_attributes(language.get(), theme.get()));
    effect(move || store.set_open_conversation(navigator.conversation.get()));
    let attention = memo(move || store.conversations.with(|conversations| conversations.attention()));
    effect(move || {
        let count = attention.get();
        document().set_title(&if count == 0 { "Teahouse".to_owned() } else { format!("({count}) Teahouse") });
        set_icon(count);
    });

    let initial_state = StoredValue::new(initial_state);
    let typed_password = RwSignal::new(typed_password);
    let is_signed_in = memo(move || store.me.with(Option::is_some));
    let is_not_found = memo(move || navigator.route.get() == Route::NotFound);
    reactive_view(move || {
        // A change of language renders the whole page again. What must survive is in the store.
        language.track();
        match (is_not_found.get(), is_signed_in.get()) {
            (true, _) => view! { <NotFound/> }.boxed(),
            (false, true) => view! { <ChatScreen/> }.boxed(),
            (false, false) => view! { <SignInPage initial_state typed_password/> }.boxed(),
        }
    })
}

/// The page for an unknown path.
#[component]
fn NotFound() -> impl IntoView {
    let t = texts();
    view! {
        <main class="sign-in-page">
            <div class="sign-in-card">
                <span class="logo">{icons::cup()}</span>
                <h1 class="sign-in-title">"Teahouse"</h1>
                <p class="quiet">{t.conversation.not_found}</p>
                <a class="button" href="/">{t.conversation.back_to_chat}</a>
            </div>
        </main>
    }
}

/// Sets the icon of the browser's tab: with the number of messages that call for attention.
fn set_icon(count: u32) {
    let icon = document().query_selector("link[rel=icon]").ok().flatten();
    if let Some(icon) = icon {
        // Setting an attribute with a valid name cannot fail.
        drop(icon.set_attribute("href", &format!("/icon/{}.svg", count.min(MOST_ON_ICON + 1))));
    }
}

fn set_root_attributes(language: Language, theme: Theme) {
    if let Some(root) = document().document_element() {
        // Setting an attribute with a valid name cannot fail.
        drop(root.set_attribute("lang", language.tag()));
        drop(root.set_attribute("data-theme", theme.name()));
    }
}
