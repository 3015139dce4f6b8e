//! The HTML document that the server sends, with its scripts for the time before the WebAssembly has loaded.

use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    client::ClientStore,
    domain::CurrentUser,
    ui::{
        context::{assets::AssetNames, initial_state::InitialState},
        i18n::{Language, Texts},
        kit::avatar::Avatar,
        root::app::App,
    },
};

/// The script for documents with an open conversation.
const PRE_BOOT_SCRIPT: &str = include_str!("../chat/pre_boot.js");

/// The script that keeps the app working when the browser translates the page.
const TRANSLATED_SCRIPT: &str = include_str!("translated.js");

/// The HTML document for `initial_state`. Its scripts carry the nonce from the context.
pub fn html_document(
    options: LeptosOptions,
    assets: &AssetNames,
    initial_state: InitialState,
) -> impl IntoView + use<> {
    // The WebAssembly starts from this instead of guessing the same from the browser.
    let json = serde_json::to_string(&initial_state).unwrap_or_default();
    let welcome = initial_state.welcome.as_ref().filter(|_| initial_state.open_conversation.is_some());
    let pre_boot = welcome.map(|welcome| {
        // This is outside the app and needs a store of its own, with the user in it, to give the avatar the same colour.
        let store = ClientStore::new(None);
        store.presence.update_untracked(|presence| presence.reset(welcome));
        provide_context(store);
        pre_boot(&welcome.me, initial_state.language)
    });
    let (language, theme) = (initial_state.language.tag(), initial_state.theme.name());
    let AssetNames { stylesheet, stylesheet_text, script, wasm, .. } = assets.clone();
    // Inlined, because a file would cost another round trip before anything shows.
    let style = match stylesheet_text {
        Some(text) => view! { <style>{text}</style> }.into_any(),
        None => view! { <link rel="stylesheet" href=stylesheet/> }.into_any(),
    };
    // This replaces Leptos' own start script, which does not know these URLs and finds the WebAssembly only if cargo-leptos
    // built the server. If the WebAssembly does not load or fails at its start, the page shows a note:
    // above the messages, or where none are shown, above everything.
    let start = format!(
        r#"const note = document.getElementById("no-program");
const banners = document.querySelector(".banners");
import({script:?})
  .then((page) => page.default({{ module_or_path: {wasm:?} }}).then(() => page.hydrate()))
  .catch((error) => {{
    (banners?.offsetParent ? banners : document.body).prepend(note);
    note.hidden = false;
    throw error;
  }});"#
    );
    let t = Texts::in_language(initial_state.language);
    let load_failed = view! {
        <p id="no-program" class="banner small" role="alert" hidden>{t.connection.app_failed} " " <a href="">{t.connection.reload}</a></p>
    };
    view! {
        <!DOCTYPE html>
        <html lang=language data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="description" content="Group and private chat that you host yourself"/>
                <title>"Teahouse"</title>
                {style}
                // Preloaded, so that the browser requests all of them as soon as it has the first bytes of the document.
                <link rel="modulepreload" href=script/>
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
                <link rel="icon" href="/icon/0.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <AutoReload options/>
                <script type="module" nonce=use_nonce()>{start}</script>
            </head>
            <body data-initial-state=json>
                <App initial_state/>
                {load_failed}
                {inline_script(TRANSLATED_SCRIPT)}
                {pre_boot}
            </body>
        </html>
    }
}

/// The pre-boot script and the template of the rows that it adds. It comes last in the body, because it reads the rest.
fn pre_boot(me: &CurrentUser, language: Language) -> impl IntoView + use<> {
    let t = Texts::in_language(language);
    let (id, nickname) = (me.id, me.nickname.clone());
    view! {
        // A pending message of the user, with the same markup as in `chat::timeline::message_row`.
        <template id="row">
            <li class="message mine starts-group" data-pending="true">
                <Avatar id nickname=nickname.clone()/>
                <p class="message-head">
                    <span class="user-name author"><bdi translate="no">{nickname.as_str().to_owned()}</bdi></span>
                    " "
                    <time class="at"></time>
                </p>
                <div class="message-content">
                    <div class="body" dir="auto"></div>
                    <p class="delivery-status pending" role="status">{t.timeline.sending}</p>
                </div>
            </li>
        </template>
        {inline_script(PRE_BOOT_SCRIPT)}
    }
}

/// An inline script without its comments and indentation.
fn inline_script(source: &str) -> impl IntoView + use<> {
    let script: String =
        source.lines().map(str::trim).filter(|line| !line.starts_with("//")).flat_map(|line| [line, "\n"]).collect();
    view! { <script nonce=use_nonce()>{script}</script> }
}
