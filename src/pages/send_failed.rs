//! The page that gives a message back which was neither said nor could be put into its composer again.
//!
//! Rendered by the server alone, for whoever sent the message by a form: no program comes and takes the text away.

use leptos::prelude::*;

use crate::{
    protocol::ErrorCode,
    ui::{AssetNames, Language, Theme, chat::composer::in_textarea, context::router::LOBBY, i18n::texts, kit::icons},
};

/// A message that was not said.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// Where it was sent to: the path of the page.
    pub path: String,
    /// What the form sent besides the text, so that it can be sent once more as the same message.
    pub hidden: Vec<(&'static str, String)>,
    /// What was typed.
    pub text: String,
    /// Why it was refused.
    pub problem: ErrorCode,
}

/// The document that gives it back.
pub fn unsent(message: Unsent, files: &AssetNames, language: Language, theme: Theme) -> impl IntoView + use<> {
    let Unsent { path, hidden, text, problem } = message;
    provide_context(RwSignal::new(language));
    let t = texts();
    let home = if problem == ErrorCode::Unauthenticated { "/" } else { LOBBY };
    let style = files.style.clone();
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
                <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
            </head>
            <body>
                <main class="sign-in-page">
                    <div class="sign-in-card">
                        <span class="logo">{icons::cup()}</span>
                        <h1 class="sign-in-title">{t.not_sent}</h1>
                        <p class="problem" role="alert">{(t.error)(problem)}</p>
                        <form class="sign-in-form fields" method="post" action=path>
                            {hidden.collect_view()}
                            <label for="message">{t.message}</label>
                            <textarea id="message" name="body" class="field" rows="6" dir="auto">
                                {in_textarea(&text)}
                            </textarea>
                            <button type="submit" class="button">{t.retry}</button>
                        </form>
                        <a href=home>{t.go_home}</a>
                    </div>
                </main>
            </body>
        </html>
    }
}
