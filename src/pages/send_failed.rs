//! The page that returns a refused message to its sender when the composer it came from can't be shown.
//!
//! It loads no script. The text stays in a form, from which it can be sent again.

use leptos::prelude::*;

use crate::{
    protocol::ErrorCode,
    ui::{
        AssetNames, Language, Theme, chat::composer::textarea_html, context::router::LOBBY_PATH, i18n::texts,
        kit::icons,
    },
};

/// A message that was sent by a form and refused.
#[derive(Clone, Debug)]
pub(super) struct UnsentMessage {
    /// The path that the form was posted to.
    pub(super) path: String,
    /// The form's hidden fields, by which sending it again gives the same message.
    pub(super) hidden: Vec<(&'static str, String)>,
    /// The text as it was typed.
    pub(super) text: String,
    /// Why it was refused.
    pub(super) problem: ErrorCode,
}

/// The document.
pub(super) fn send_failed(
    message: UnsentMessage,
    files: &AssetNames,
    language: Language,
    theme: Theme,
) -> impl IntoView + use<> {
    let UnsentMessage { path, hidden, text, problem } = message;
    provide_context(RwSignal::new(language));
    let t = texts();
    let home = if problem == ErrorCode::Unauthenticated { "/" } else { LOBBY_PATH };
    let style = files.stylesheet.clone();
    let hidden = hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() data-theme=theme.name()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="robots" content="noindex"/>
                <title>"Teahouse"</title>
                <link rel="stylesheet" href=style/>
                <link rel="icon" href="/icon/0.svg" type="image/svg+xml"/>
            </head>
            <body>
                <main class="sign-in-page">
                    <div class="sign-in-card">
                        <span class="logo">{icons::cup()}</span>
                        <h1 class="sign-in-title">{t.timeline.not_sent}</h1>
                        <p class="problem" role="alert">{(t.errors.error)(problem)}</p>
                        <form class="sign-in-form fields" method="post" action=path>
                            {hidden.collect_view()}
                            <label for="message">{t.composer.message}</label>
                            <textarea id="message" name="body" class="field" rows="6" dir="auto">
                                {textarea_html(&text)}
                            </textarea>
                            <button type="submit" class="button">{t.timeline.retry}</button>
                        </form>
                        <a href=home>{t.conversation.back_to_chat}</a>
                    </div>
                </main>
            </body>
        </html>
    }
}
