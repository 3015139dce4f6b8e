//! The document, the shell around everything, and the routes.

use leptos::{ev, prelude::*};
use leptos_meta::{Html, MetaTags, Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use super::{
    Language, Viewer,
    house::House,
    i18n::texts,
    icons,
    join::Join,
    live::{live, live_view},
};
use crate::client::{Link, Store};

/// The document that the server sends. Needs a [`Viewer`] in the context.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let viewer = use_context::<Viewer>().unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang=viewer.language.tag() data-theme=viewer.theme.name()>
            <head>
                <meta charset="utf-8"/>
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="description" content="Group and private chat in your own house"/>
                <link rel="stylesheet" href="/pkg/teahouse.css"/>
                <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Everything in the document's body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // The browser starts from what the server rendered, not from what it would guess itself.
    let viewer = SharedValue::new(|| use_context::<Viewer>().unwrap_or_default()).into_inner();
    let language = RwSignal::new(viewer.language);
    let theme = RwSignal::new(viewer.theme);
    let store = Store::new(viewer.me.clone());
    provide_context(language);
    provide_context(theme);
    provide_context(store);

    Effect::new(move || {
        if store.me.with(Option::is_some) && store.link.get_untracked() == Link::Idle {
            store.connect();
        }
    });
    Effect::new(move || {
        window_event_listener(ev::online, move |_| store.wake());
        window_event_listener(ev::visibilitychange, move |_| store.wake());
    });

    let title = move || match store.conversations.with(|conversations| conversations.unread()) {
        0 => "Teahouse".to_owned(),
        unread => format!("({unread}) Teahouse"),
    };
    let viewer = StoredValue::new(viewer);
    let has_come_in = Memo::new(move |_| store.me.with(Option::is_some));
    // Another language makes everything anew; what matters stands in the store.
    let home = move || {
        live_view(move || {
            language.track();
            if has_come_in.get() { view! { <House/> }.into_any() } else { view! { <Join viewer/> }.into_any() }
        })
    };
    view! {
        <Html attr:lang=live(move || language.get().tag()) attr:data-theme=live(move || theme.get().name())/>
        <Title text=title/>
        <Router>
            <Routes fallback=NotFound>
                <ParentRoute path=path!("") view=home>
                    <Route path=path!("/") view=|| ()/>
                    <Route path=path!("/talk/:conversation") view=|| ()/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// What stands at an address that means nothing.
#[component]
fn NotFound() -> impl IntoView {
    let t = texts();
    view! {
        <main class="door">
            <div class="door-card">
                <span class="mark">{icons::cup()}</span>
                <h1 class="door-name">"Teahouse"</h1>
                <p class="quiet">{t.not_found}</p>
                <a class="button" href="/">{t.go_home}</a>
            </div>
        </main>
    }
}

/// Offers the page's languages. Links, so that they work before WebAssembly has arrived.
#[component]
pub(super) fn LanguageChoice() -> impl IntoView {
    let t = texts();
    let language = expect_context::<RwSignal<Language>>();
    let chosen = language.get_untracked();
    view! {
        <nav class="languages small" aria-label=t.language>
            {Language::ALL.map(|choice| view! {
                <a
                    href=format!("?lang={}", choice.tag())
                    rel="external"
                    lang=choice.tag()
                    aria-current=(chosen == choice).then_some("true")
                    on:click=move |click| {
                        click.prevent_default();
                        click.stop_propagation();
                        remember("teahouse_language", choice.tag());
                        language.set(choice);
                    }
                >
                    {choice.name()}
                </a>
            })}
        </nav>
    }
}

/// Keeps a choice in a cookie for a year, so that the server renders the next page by it.
pub(super) fn remember(name: &str, value: &str) {
    use wasm_bindgen::JsCast as _;
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        // A browser that keeps no cookies forgets the choice; there is nobody to tell.
        drop(document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")));
    }
}
