//! Preferences that the browser keeps in cookies, so that the server renders the next page with them.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;

use crate::ui::{
    i18n::{Language, texts},
    kit::reactive::on,
};

/// Links to the page in each language. They are links so that they work before WebAssembly has loaded.
#[component]
pub(crate) fn LanguageChoice(
    /// Appended to the query of each link: `&invite=…`.
    #[prop(optional)]
    query: String,
) -> impl IntoView {
    let t = texts();
    let language = expect_context::<RwSignal<Language>>();
    let current = language.get_untracked();
    let choose = move |choice: Language| {
        save_preference("teahouse_language", choice.tag());
        language.set(choice);
    };
    view! {
        <nav class="languages small" aria-label=t.preferences.language>
            {Language::ALL.map(|choice| view! {
                <a
                    href=format!("?lang={}{query}", choice.tag())
                    lang=choice.tag()
                    aria-current=(current == choice).then_some("true")
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

/// Keeps a preference in a cookie for a year.
pub(crate) fn save_preference(name: &str, value: &str) {
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        // A browser that refuses cookies forgets the preference. There is nothing useful to tell the user.
        drop(document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")));
    }
}
