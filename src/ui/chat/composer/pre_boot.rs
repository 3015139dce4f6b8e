//! What the server adds to the composer for the time before the WebAssembly has loaded: attributes and fields of a form that
//! the browser can send by itself, and the data for `pre_boot.js`.

pub(super) use target::{form_attributes, hidden_fields, initial_text};

/// The HTML for the content of a `<textarea>`. Leptos does not escape it, and a browser drops the first line break.
#[cfg(feature = "ssr")]
pub(crate) fn textarea_html(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[cfg(feature = "ssr")]
mod target {
    use leptos::{attr::custom::custom_attribute, prelude::*, tachys::html::attribute::any_attribute::AnyAttribute};

    use crate::{
        client::ClientStore,
        domain::{CommandId, ConversationId, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS},
        protocol::ErrorCode,
        ui::{
            chat::composer::{audience::Audience, draft::Draft},
            context::router::{LOBBY_PATH, conversation_path},
            i18n::{InSentence, texts},
        },
    };

    /// The form's method and action, and the texts and limits that `pre_boot.js` uses.
    pub(crate) fn form_attributes(conversation: ConversationId, audience: &Audience) -> Vec<AnyAttribute> {
        let t = texts();
        let action = match audience {
            Audience::Lobby => LOBBY_PATH.to_owned(),
            Audience::Room(_) | Audience::User(_) => conversation_path(conversation),
        };
        vec![
            custom_attribute("method", "post").into_any_attr(),
            custom_attribute("action", action).into_any_attr(),
            custom_attribute("data-today", t.timeline.today).into_any_attr(),
            custom_attribute("data-not-kept", t.connection.storage_unavailable).into_any_attr(),
            // The script replaces U+FFFC, which no nickname contains, by what was typed into the recipient picker.
            custom_attribute("data-goes-to", audience.mismatch(InSentence("\u{fffc}"))).into_any_attr(),
            custom_attribute("data-too-long", (t.errors.error)(ErrorCode::MessageTooLong)).into_any_attr(),
            custom_attribute("data-max-code-points", MAX_BODY_CODE_POINTS.to_string()).into_any_attr(),
            custom_attribute("data-tall", MAX_BODY_CHARACTERS.to_string()).into_any_attr(),
        ]
    }

    /// An id of this form, so that sending it twice posts the message once, and the author, so that nobody else who signs in
    /// meanwhile becomes the author.
    pub(crate) fn hidden_fields(store: ClientStore) -> AnyView {
        let author = store.me.with_untracked(|me| me.as_ref().map(|me| me.id.to_string()));
        view! {
            <input type="hidden" name="form" value=CommandId::random().to_string()/>
            <input type="hidden" name="author" value=author/>
        }
        .into_any()
    }

    /// The text in the field.
    pub(crate) fn initial_text(draft: Draft) -> String {
        super::textarea_html(&draft.text.get_untracked())
    }
}

/// In the browser nothing is added, because the app does all of this itself.
#[cfg(not(feature = "ssr"))]
mod target {
    use leptos::tachys::html::attribute::any_attribute::AnyAttribute;

    use crate::{
        client::ClientStore,
        domain::ConversationId,
        ui::chat::composer::{audience::Audience, draft::Draft},
    };

    pub(crate) fn form_attributes(_conversation: ConversationId, _audience: &Audience) -> Vec<AnyAttribute> {
        Vec::new()
    }

    pub(crate) fn hidden_fields(_store: ClientStore) {}

    pub(crate) fn initial_text(_draft: Draft) {}
}
