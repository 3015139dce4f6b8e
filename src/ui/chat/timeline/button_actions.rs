//! The buttons of a message, and the actions that they stand for.
//!
//! A button carries its action as data, and the menu's event handler reads it. This makes all buttons one type and needs no
//! listener for each of them.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    domain::CommandId,
    ui::kit::boxed::{Boxed, Boxing as _},
};

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ButtonAction {
    /// Adds the user's reaction to the message, or removes it.
    React,
    /// Shows more emoji.
    MoreEmoji,
    /// Begins a reply in the composer.
    Reply,
    /// Goes to the message that this one replies to.
    ToOriginal,
    /// Opens the thread of the message.
    OpenThread,
    /// Makes this message and all later ones unread again.
    MarkUnread,
    /// Edits the message in the composer.
    Edit,
    /// Asks whether to delete the message.
    Delete,
    /// Deletes the message.
    ConfirmDeletion,
    /// Goes back to the list of actions.
    Back,
    /// Pins the message in the conversation.
    Pin,
    /// Removes the pin.
    Unpin,
    /// Shows the texts that the message has had.
    ShowVersions,
    /// Copies a link to the message.
    CopyLink,
    /// Blocks the author.
    Block,
    /// Opens the form to report the message.
    Report,
    /// Sends the report.
    SendReport,
    /// Sends a failed command again.
    Retry,
    /// Discards a failed command.
    Discard,
}

impl ButtonAction {
    const ALL: [Self; 19] = [
        Self::React,
        Self::MoreEmoji,
        Self::Reply,
        Self::ToOriginal,
        Self::OpenThread,
        Self::MarkUnread,
        Self::Edit,
        Self::Delete,
        Self::ConfirmDeletion,
        Self::Back,
        Self::Pin,
        Self::Unpin,
        Self::ShowVersions,
        Self::CopyLink,
        Self::Block,
        Self::Report,
        Self::SendReport,
        Self::Retry,
        Self::Discard,
    ];

    /// The value of a button's `data-action`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::React => "react",
            Self::MoreEmoji => "more-emoji",
            Self::Reply => "reply",
            Self::ToOriginal => "to-original",
            Self::OpenThread => "open-thread",
            Self::MarkUnread => "mark-unread",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::ConfirmDeletion => "confirm-deletion",
            Self::Back => "back",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::ShowVersions => "show-versions",
            Self::CopyLink => "copy-link",
            Self::Block => "block",
            Self::Report => "report",
            Self::SendReport => "send-report",
            Self::Retry => "retry",
            Self::Discard => "discard",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The action of a button.
    pub(super) fn of_button(button: &Element) -> Option<Self> {
        Self::from_name(&button.get_attribute("data-action")?)
    }
}

/// A button that adds or removes a reaction with this emoji. `is_pressed` if the user has reacted with it.
pub(super) fn emoji_button(emoji: &'static str, is_pressed: bool) -> impl IntoView + use<> {
    let content = emoji.boxed();
    button("icon-button", ButtonAction::React, emoji.to_owned(), emoji.to_owned(), Some(is_pressed), content)
}

/// A button with an icon, and with its label where there is space.
pub(super) fn icon_button(action: ButtonAction, icon: Boxed, label: &'static str) -> impl IntoView + use<> {
    let content = view! { {icon} <span>{label}</span> }.boxed();
    button("icon-button", action, String::new(), label.to_owned(), None, content)
}

/// A button with a label. `command` is the failed command that the action is about.
pub(super) fn text_button(
    class: &'static str,
    action: ButtonAction,
    command: Option<CommandId>,
    label: &'static str,
) -> impl IntoView + use<> {
    let argument = command.map(|command| command.to_string()).unwrap_or_default();
    button(class, action, argument, label.to_owned(), None, label.boxed())
}

fn button(
    class: &'static str,
    action: ButtonAction,
    argument: String,
    label: String,
    is_pressed: Option<bool>,
    content: Boxed,
) -> impl IntoView + use<> {
    view! {
        <button
            type="button"
            class=class
            data-action=action.name()
            data-argument=argument
            aria-pressed=is_pressed.map(|is_pressed| is_pressed.to_string())
            aria-label=label.clone()
            title=label
            tabindex="0"
        >
            {content}
        </button>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::ButtonAction;

    #[test]
    fn actions_are_found_by_their_exact_names_only() {
        for action in ButtonAction::ALL {
            assert_eq!(ButtonAction::from_name(action.name()), Some(action));
        }
        for misspelt in ["", "retr", "Discard", "discard "] {
            assert_eq!(ButtonAction::from_name(misspelt), None);
        }
    }
}
