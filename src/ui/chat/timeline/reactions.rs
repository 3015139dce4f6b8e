//! The reactions below a message.

use leptos::prelude::*;

use crate::{
    domain::{Emoji, Reaction, UserId},
    ui::{
        chat::{
            message_view::MessageView,
            timeline::{button_actions::ButtonAction, row_signals::RowSignals},
        },
        i18n::{InSentence, Texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::reactive,
        },
    },
};

/// The greatest number of users who are named. The others are only counted.
const MAX_NAMES: usize = 12;

/// A reaction as a button, with which the user `me` joins or leaves it.
pub(super) fn reaction_button(emoji: Emoji, row: RowSignals, me: UserId, t: &'static Texts) -> Boxed {
    let RowSignals { view, has_menu, .. } = row;
    let name = emoji.to_string();
    let from_reaction = |text: fn(&Reaction, UserId, &Texts) -> String| {
        let emoji = emoji.clone();
        reactive(move || {
            let find = |view: &MessageView| {
                Some(text(view.message.reactions.iter().find(|reaction| reaction.emoji == emoji)?, me, t))
            };
            view.with(|view| view.as_ref().and_then(find)).unwrap_or_default()
        })
    };
    // The arrow keys move from message to message. Tab reaches only the buttons of the message that has the menu.
    let tab_index = reactive(move || if has_menu.get() { "0" } else { "-1" });
    view! {
        <button
            type="button"
            class="reaction"
            data-action=ButtonAction::React.name()
            data-argument=name.clone()
            aria-pressed=from_reaction(|reaction, me, _| has_reacted(reaction, me).to_string())
            aria-label=from_reaction(who_reacted)
            title=from_reaction(who_reacted)
            tabindex=tab_index
        >
            {name.clone()} " " <b>{from_reaction(|reaction, _, _| reaction.users.len().to_string())}</b>
        </button>
    }
    .boxed()
}

/// The button after the reactions that opens the emoji picker.
pub(super) fn add_reaction_button(RowSignals { has_menu, .. }: RowSignals, t: &'static Texts) -> Boxed {
    view! {
        <button
            type="button"
            class="add-reaction"
            data-action=ButtonAction::MoreEmoji.name()
            aria-label=t.timeline.add_reaction
            title=t.timeline.add_reaction
            tabindex=reactive(move || if has_menu.get() { "0" } else { "-1" })
        >
            {icons::smile()}
        </button>
    }
    .boxed()
}

/// The id of a reaction's row among the reactions of a message.
pub(super) fn row_id(emoji: &Emoji) -> u128 {
    emoji.as_str().bytes().fold(0, |id: u128, byte| id.wrapping_mul(257).wrapping_add(byte.into()))
}

/// The emoji and the names of the users who reacted with it, the user `me` last.
pub(super) fn who_reacted(reaction: &Reaction, me: UserId, t: &Texts) -> String {
    let others = reaction.users.iter().filter(|user| user.id != me);
    let mut names: Vec<_> = others.map(|user| t.name_in(&user.nickname)).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    names.truncate(MAX_NAMES);
    if has_reacted(reaction, me) {
        names.push(InSentence(t.users.you));
    }
    format!("{} {}", reaction.emoji, (t.timeline.who_reacted)(&names, more))
}

/// Whether `user` is among those who reacted.
pub(super) fn has_reacted(reaction: &Reaction, user: UserId) -> bool {
    reaction.users.iter().any(|other| other.id == user)
}
