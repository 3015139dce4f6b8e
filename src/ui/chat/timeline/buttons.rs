//! The buttons on a message. What each does stands in it as data, and `menu` reads it there: all of them are one type.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    domain::{CommandId, Emoji, Reaction, UserId},
    ui::{
        chat::{message_view::MessageView, timeline::model::RowSignals},
        i18n::{InSentence, Texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::live,
        },
    },
};

/// The names that are told of those who reacted; of others, only how many they are.
const NAMED: usize = 12;

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    /// Puts an emoji to the message, or takes it away.
    React,
    /// Offers more emoji.
    More,
    Edit,
    /// Asks whether it is really to be deleted.
    Delete,
    Really,
    Keep,
    /// Lets one hear nothing more of the author.
    Block,
    /// Asks why the moderators are to be told of it.
    Report,
    /// Tells them.
    SendReport,
    /// Tries again what failed.
    Retry,
    /// Gives up what failed.
    Discard,
}

impl Button {
    const ALL: [Self; 11] = [
        Self::React,
        Self::More,
        Self::Edit,
        Self::Delete,
        Self::Really,
        Self::Keep,
        Self::Block,
        Self::Report,
        Self::SendReport,
        Self::Retry,
        Self::Discard,
    ];

    /// As it stands in a button.
    fn name(self) -> &'static str {
        match self {
            Self::React => "react",
            Self::More => "more",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Really => "really",
            Self::Keep => "keep",
            Self::Block => "block",
            Self::Report => "report",
            Self::SendReport => "send-report",
            Self::Retry => "retry",
            Self::Discard => "discard",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }

    /// What this button does.
    pub(crate) fn of(button: &Element) -> Option<Self> {
        Self::of_name(&button.get_attribute("data-action")?)
    }
}

/// A reaction to a message, which the reader, `me`, can join or leave.
pub(crate) fn reaction(emoji: Emoji, followed: RowSignals, me: UserId, t: &'static Texts) -> Boxed {
    let RowSignals { seen, is_at_hand, .. } = followed;
    let name = emoji.to_string();
    let told = |tell: fn(&Reaction, UserId, &Texts) -> String| {
        let emoji = emoji.clone();
        live(move || {
            let of =
                |seen: &MessageView| Some(tell(seen.message.reactions.iter().find(|it| it.emoji == emoji)?, me, t));
            seen.with(|seen| seen.as_ref().and_then(of)).unwrap_or_default()
        })
    };
    // The arrow keys lead to a message, and Tab from there to what is on it.
    let stop = live(move || if is_at_hand.get() { "0" } else { "-1" });
    view! {
        <button
            type="button"
            class="reaction"
            data-action=Button::React.name()
            data-about=name.clone()
            aria-pressed=told(|reaction, me, _| is_by(reaction, me).to_string())
            aria-label=told(who)
            title=told(who)
            tabindex=stop
        >
            {name.clone()} " " <b>{told(|reaction, _, _| reaction.users.len().to_string())}</b>
        </button>
    }
    .boxed()
}

/// Tells one emoji from another.
pub(crate) fn key(emoji: &Emoji) -> u128 {
    emoji.as_str().bytes().fold(0, |key: u128, byte| key.wrapping_mul(257).wrapping_add(byte.into()))
}

/// An emoji to react with; whether one has already.
pub(crate) fn emoji(emoji: &'static str, is_put: bool) -> impl IntoView + use<> {
    button("icon-button", Button::React, emoji.to_owned(), emoji.to_owned(), Some(is_put), emoji.boxed())
}

/// A deed with an icon, and where there is space with its name.
pub(crate) fn tool(deed: Button, icon: Boxed, name: &'static str) -> impl IntoView + use<> {
    let content = view! { {icon} <span>{name}</span> }.boxed();
    button("icon-button", deed, String::new(), name.to_owned(), None, content)
}

/// A deed with words.
pub(crate) fn words(
    class: &'static str,
    deed: Button,
    about: Option<CommandId>,
    name: &'static str,
) -> impl IntoView + use<> {
    let about = about.map(|command| command.to_string()).unwrap_or_default();
    button(class, deed, about, name.to_owned(), None, name.boxed())
}

fn button(
    class: &'static str,
    deed: Button,
    about: String,
    name: String,
    is_pressed: Option<bool>,
    content: Boxed,
) -> impl IntoView + use<> {
    view! {
        <button
            type="button"
            class=class
            data-action=deed.name()
            data-about=about
            aria-pressed=is_pressed.map(|is_pressed| is_pressed.to_string())
            aria-label=name.clone()
            title=name
            tabindex="0"
        >
            {content}
        </button>
    }
}

/// The reaction and who put it, the reader last.
pub(crate) fn who(reaction: &Reaction, me: UserId, t: &Texts) -> String {
    let others = reaction.users.iter().filter(|user| user.id != me);
    let mut names: Vec<_> = others.map(|user| t.name_in(&user.nickname)).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if is_by(reaction, me) {
        names.push(InSentence(t.you));
    }
    format!("{} {}", reaction.emoji, (t.who_reacted)(&names, more))
}

/// Whether `user` is among those who put it.
pub(crate) fn is_by(reaction: &Reaction, user: UserId) -> bool {
    reaction.users.iter().any(|other| other.id == user)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::Button;

    #[test]
    fn a_button_does_what_stands_in_it_and_any_other_nothing() {
        for deed in Button::ALL {
            assert_eq!(Button::of_name(deed.name()), Some(deed));
        }
        for misspelt in ["", "retr", "Discard", "discard "] {
            assert_eq!(Button::of_name(misspelt), None);
        }
    }
}
