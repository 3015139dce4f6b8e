//! The document that the server sends, and what it brings along for the time before the program is there.

use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    client::Store,
    domain::CurrentUser,
    ui::{App, AssetNames, InitialState, Language, kit::avatar::Face},
};

/// The script for documents in which a conversation is open.
const EARLY: &str = include_str!("../chat/pre_boot.js");

/// What lets the program go on in a page that its browser translates.
const TRANSLATED: &str = include_str!("translated.js");

/// The document that the server sends to `viewer`. The nonce of its scripts is taken from the context.
pub fn shell(options: LeptosOptions, files: &AssetNames, viewer: InitialState) -> impl IntoView + use<> {
    // The browser starts from what the server rendered, not from what it would guess itself.
    let handed_over = serde_json::to_string(&viewer).unwrap_or_default();
    let early = viewer.opening.as_ref().map(|opening| {
        // It stands beside the app, with no store, and shows the reader as the app does.
        let store = Store::new(None);
        store.presence.update_untracked(|presence| presence.welcome(&opening.welcome));
        provide_context(store);
        early(&opening.welcome.me, viewer.language)
    });
    let (language, theme) = (viewer.language.tag(), viewer.theme.name());
    let AssetNames { style, style_text, script, program, splitter, .. } = files.clone();
    // A file would cost another answer of the server before anything is seen.
    let style = match style_text {
        Some(text) => view! { <style>{text}</style> }.into_any(),
        None => view! { <link rel="stylesheet" href=style/> }.into_any(),
    };
    // What Leptos' own would do, which knows neither these addresses nor, unless cargo-leptos has built the server, where
    // the program is. If that does not come, or fails while it begins, this is told on what there is of the page.
    let start = format!(
        r#"const note = document.getElementById("no-program");
import({script:?})
  .then((page) => page.default({{ module_or_path: {program:?} }}).then(() => page.hydrate()))
  .catch((error) => {{
    (document.querySelector(".banners") ?? document.body).prepend(note);
    note.hidden = false;
    throw error;
  }});"#
    );
    let t = viewer.language.texts();
    let no_program = view! {
        <p id="no-program" class="banner small" role="alert" hidden>{t.no_program} " " <a href="">{t.load_anew}</a></p>
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
                <meta name="description" content="Group and private chat in your own house"/>
                <title>"Teahouse"</title>
                {style}
                // All are asked for at once, as soon as the document's first bytes are there.
                <link rel="modulepreload" href=script/>
                {splitter.map(|splitter| view! { <link rel="modulepreload" href=splitter/> })}
                <link rel="preload" href=program r#as="fetch" r#type="application/wasm" crossorigin=""/>
                <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <AutoReload options/>
                <script type="module" nonce=use_nonce()>{start}</script>
            </head>
            <body data-viewer=handed_over>
                <App viewer/>
                {no_program}
                {inline(TRANSLATED)}
                {early}
            </body>
        </html>
    }
}

/// Goes behind everything else in the body.
fn early(me: &CurrentUser, language: Language) -> impl IntoView + use<> {
    let t = language.texts();
    let (id, nickname) = (me.id, me.nickname.clone());
    view! {
        // A message on its way, as `timeline::message` shows one of the reader's own.
        <template id="row">
            <li class="message mine starts-group" data-pending="true">
                <Face id nickname=nickname.clone()/>
                <p class="message-head">
                    <span class="user-name author"><bdi translate="no">{nickname.as_str().to_owned()}</bdi></span>
                    " "
                    <time class="at"></time>
                </p>
                <div class="message-content">
                    <p class="body" dir="auto"></p>
                    <p class="delivery-status pending" role="status">{t.sending}</p>
                </div>
            </li>
        </template>
        {inline(EARLY)}
    }
}

/// A script in the document, without its remarks: whoever reads the source finds them there.
fn inline(source: &str) -> impl IntoView + use<> {
    let script: String =
        source.lines().map(str::trim).filter(|line| !line.starts_with("//")).flat_map(|line| [line, "\n"]).collect();
    view! { <script nonce=use_nonce()>{script}</script> }
}
