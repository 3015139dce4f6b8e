//! Everything in the document's body, and what holds for all of it.

use leptos::{
    ev::{self, MouseEvent},
    prelude::*,
};

use crate::{
    client::{ConnectionStatus, DraftState, Store},
    ui::{
        InitialState, Language, Theme,
        chat::screen::ChatScreen,
        context::{
            initial_state::OpenConversation,
            router::{Navigator, Route},
        },
        i18n::texts,
        kit::{
            boxed::Boxing as _,
            icons,
            reactive::{effect, live_view, memo, on},
        },
        sign_in::Join,
    },
};

/// Everything in the document's body.
#[component]
pub fn App(
    /// Who looks at it, and how.
    mut viewer: InitialState,
    /// The password at the door as far as it was typed, if it was asked for.
    #[prop(optional_no_strip)]
    kept_password: Option<String>,
) -> impl IntoView {
    let language = RwSignal::new(viewer.language);
    let theme = RwSignal::new(viewer.theme);
    let store = Store::new(viewer.me.clone());
    if let Some(OpenConversation { welcome, conversation, page, draft, problem }) = viewer.opening.take() {
        let written = DraftState { text: draft.unwrap_or_default(), edit: None, problem };
        store.open(&welcome, conversation, page, written);
    }
    let here = Navigator::new(store, viewer.path.clone(), viewer.lobby);
    provide_context(language);
    provide_context(theme);
    provide_context(store);
    provide_context(here);

    if let Some(ended) = viewer.ended {
        store.end_reason.set(Some(ended.reason));
        effect(move || store.learn_of_end(ended));
    }
    effect(move || {
        if store.me.with(Option::is_some) && store.link.get_untracked() == ConnectionStatus::Idle {
            store.connect();
        }
    });
    effect(move || {
        // `early.js` has found out, and has told it on the page that this one has taken the place of.
        if document().body().is_some_and(|body| body.has_attribute("data-not-kept")) {
            store.keeps_nothing();
        }
    });
    effect(move || {
        // As long as the page.
        drop(window_event_listener(ev::online, move |_| store.wake()));
        drop(window_event_listener(ev::visibilitychange, move |_| store.wake()));
    });
    effect(move || show_on_document(language.get(), theme.get()));
    effect(move || store.show(here.conversation.get()));
    let unread = memo(move || store.conversations.with(|conversations| conversations.unread()));
    effect(move || {
        document().set_title(&match unread.get() {
            0 => "Teahouse".to_owned(),
            unread => format!("({unread}) Teahouse"),
        });
    });

    let viewer = StoredValue::new(viewer);
    let kept_password = RwSignal::new(kept_password);
    let has_come_in = memo(move || store.me.with(Option::is_some));
    let is_nowhere = memo(move || here.place.get() == Route::Nowhere);
    live_view(move || {
        // Another language makes everything anew; what matters stands in the store.
        language.track();
        match (is_nowhere.get(), has_come_in.get()) {
            (true, _) => view! { <NotFound/> }.boxed(),
            (false, true) => view! { <ChatScreen/> }.boxed(),
            (false, false) => view! { <Join viewer kept_password/> }.boxed(),
        }
    })
}

/// What stands at an address that means nothing.
#[component]
fn NotFound() -> impl IntoView {
    let t = texts();
    view! {
        <main class="sign-in-page">
            <div class="sign-in-card">
                <span class="logo">{icons::cup()}</span>
                <h1 class="sign-in-title">"Teahouse"</h1>
                <p class="quiet">{t.not_found}</p>
                <a class="button" href="/">{t.go_home}</a>
            </div>
        </main>
    }
}

/// Offers the page's languages. Links, so that they work before WebAssembly has arrived.
#[component]
pub(crate) fn LanguageChoice(
    /// What else the page is to be asked for, as a query: `&invite=…`.
    #[prop(optional)]
    query: String,
) -> impl IntoView {
    let t = texts();
    let language = expect_context::<RwSignal<Language>>();
    let chosen = language.get_untracked();
    let choose = move |choice: Language| {
        remember("teahouse_language", choice.tag());
        language.set(choice);
    };
    view! {
        <nav class="languages small" aria-label=t.language>
            {Language::ALL.map(|choice| view! {
                <a
                    href=format!("?lang={}{query}", choice.tag())
                    lang=choice.tag()
                    aria-current=(chosen == choice).then_some("true")
                    on:click=on(move |click: MouseEvent| {
                        click.prevent_default();
                        choose(choice);
                    })
                >
                    {choice.name()}
                </a>
            })}
        </nav>
    }
}

/// Keeps a choice in a cookie for a year, so that the server renders the next page by it.
pub(crate) fn remember(name: &str, value: &str) {
    use wasm_bindgen::JsCast as _;
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        // A browser that keeps no cookies forgets the choice; there is nobody to tell.
        drop(document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")));
    }
}

fn show_on_document(language: Language, theme: Theme) {
    if let Some(root) = document().document_element() {
        // These attributes have fixed names and so are always accepted.
        drop(root.set_attribute("lang", language.tag()));
        drop(root.set_attribute("data-theme", theme.name()));
    }
}
