//! How the message menu reacts to a message, and how it closes afterwards.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    domain::{Emoji, Message, Reaction},
    state::OutboxCommand,
    ui::{
        chat::timeline::{
            menu::{Menu, MenuView},
            reactions::has_reacted,
        },
        kit::dom::{focus, matches},
    },
};

impl Menu {
    /// Adds the user's reaction to a message, or removes it.
    pub(super) fn react(self, message: &Message, emoji: String) {
        let emoji = Emoji::from_trusted(emoji);
        let me = self.draft.store().me.with_untracked(|me| me.as_ref().map(|me| me.id));
        let is_own = |reaction: &Reaction| reaction.emoji == emoji && me.is_some_and(|me| has_reacted(reaction, me));
        let on = !message.reactions.iter().any(is_own);
        self.draft.submit_command(OutboxCommand::React { seq: message.seq, emoji, on });
    }

    /// Closes the menu after an action. The focus, if it was in the menu, goes to the message.
    pub(super) fn finish(self, row: &Element, has_focus: bool) {
        if has_focus {
            focus(row);
            self.state.update(|state| state.view = MenuView::Closed);
        } else {
            self.leave();
        }
    }
}

/// Whether the keyboard focus is at a message. Then the mouse, which may only lie there, does not move the menu.
pub(super) fn has_keyboard_focus() -> bool {
    let active = document().active_element();
    active.is_some_and(|element| matches(&element, "[data-id]:focus-visible, [data-id] :focus-visible"))
}
