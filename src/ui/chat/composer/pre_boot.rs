//! What the composer is before the program is there, or without it: a form that a browser can send by itself.

pub(crate) use here::{attributes, hidden, text};

/// A text as the HTML that a `<textarea>` holds: Leptos takes it as it is, and a browser takes the first line break away.
#[cfg(feature = "ssr")]
pub(crate) fn in_textarea(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[cfg(feature = "ssr")]
mod here {
    use leptos::{attr::custom::custom_attribute, prelude::*, tachys::html::attribute::any_attribute::AnyAttribute};

    use crate::ui::{
        chat::composer::Draft,
        context::router::{LOBBY, address},
        i18n::{InSentence, texts},
    };
    use crate::{
        client::Store,
        domain::{CommandId, Companion, ConversationId, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS},
        protocol::ErrorCode,
    };

    /// What makes the form one that a browser can send, and what `early.js` needs.
    pub(crate) fn attributes(conversation: ConversationId, with: Option<&Companion>) -> Vec<AnyAttribute> {
        let t = texts();
        let action = if with.is_none() { LOBBY.to_owned() } else { address(conversation) };
        let to = with.map(|with| t.name_in(&with.user.nickname));
        vec![
            custom_attribute("method", "post").into_any_attr(),
            custom_attribute("action", action).into_any_attr(),
            custom_attribute("data-today", t.today).into_any_attr(),
            custom_attribute("data-not-kept", t.not_kept).into_any_attr(),
            // No nickname holds this character.
            custom_attribute("data-goes-to", (t.goes_to)(to, InSentence("\u{fffc}"))).into_any_attr(),
            custom_attribute("data-too-long", (t.error)(ErrorCode::MessageTooLong)).into_any_attr(),
            custom_attribute("data-most", MAX_BODY_CODE_POINTS.to_string()).into_any_attr(),
            custom_attribute("data-high", MAX_BODY_CHARACTERS.to_string()).into_any_attr(),
        ]
    }

    /// Tells this form from every other one, so that what it says is said once, and whose it is, so that nobody else says it.
    pub(crate) fn hidden(store: Store) -> AnyView {
        let author = store.me.with_untracked(|me| me.as_ref().map(|me| me.id.to_string()));
        view! {
            <input type="hidden" name="form" value=CommandId::random().to_string()/>
            <input type="hidden" name="author" value=author/>
        }
        .into_any()
    }

    /// What stands in the field.
    pub(crate) fn text(draft: Draft) -> String {
        super::in_textarea(&draft.text.get_untracked())
    }
}

/// The program does all of this by itself.
#[cfg(not(feature = "ssr"))]
mod here {
    use leptos::tachys::html::attribute::any_attribute::AnyAttribute;

    use crate::ui::chat::composer::Draft;
    use crate::{
        client::Store,
        domain::{Companion, ConversationId},
    };

    pub(crate) fn attributes(_conversation: ConversationId, _with: Option<&Companion>) -> Vec<AnyAttribute> {
        Vec::new()
    }

    pub(crate) fn hidden(_store: Store) {}

    pub(crate) fn text(_draft: Draft) {}
}
