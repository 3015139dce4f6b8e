//! The content of the message menu.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, EventTarget, MouseEvent};

use crate::{
    domain::{CurrentUser, MAX_REASON_CHARACTERS, Message, Reaction, Role, Seq},
    ui::{
        chat::timeline::{
            button_actions::{ButtonAction, emoji_button, icon_button, text_button},
            emoji_menu::emoji_menu,
            menu::{Menu, MenuState, MenuView, menu_class},
            reactions::{has_reacted, who_reacted},
            row_signals::RowSignals,
            versions_menu::versions_menu,
        },
        i18n::{Texts, message_menu::MESSAGE_MENU, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::matches,
            icons,
            reactive::{on, reactive_in_place},
            sentence::sentence,
        },
    },
};

/// The emoji that the menu shows at once, separated by spaces.
const FREQUENT_EMOJI: &str = "👍 ❤️ 😂 🎉 👀 🍵";

/// The id of the field for the reason of a report.
pub(super) const REPORT_REASON: &str = "report-reason";

/// The menu at a message that is in the log, as long as it is open.
pub(super) fn menu_view(menu: Menu, row: RowSignals) -> Boxed {
    let (store, t) = (menu.draft.store(), texts());
    let buttons = reactive_in_place(move || {
        let view = row.view.get().filter(|view| view.message.seq > Seq(0) && view.message.has_text())?;
        let me = store.me.get().filter(|_| menu.state.get().has_buttons())?;
        Some(menu_buttons(menu, &view.message, &me, t))
    });
    view! { {buttons} {emoji_menu(menu, row)} {versions_menu(menu, row)} }.boxed()
}

fn menu_buttons(menu: Menu, message: &Message, me: &CurrentUser, t: &'static Texts) -> AnyView {
    let menu_texts = MESSAGE_MENU.current();
    let MenuState { view, opens_upwards, is_touch, .. } = menu.state.get();
    let emoji = |emoji: &'static str| {
        let is_own = |reaction: &Reaction| reaction.emoji.as_str() == emoji && has_reacted(reaction, me.id);
        emoji_button(emoji, message.reactions.iter().any(is_own)).into_any()
    };
    let mut parts: Vec<AnyView> = Vec::new();
    match view {
        MenuView::Actions => {
            let is_archived = menu.room.with(|room| room.as_ref().is_some_and(|room| room.archived));
            if !is_archived {
                let mut frequent: Vec<AnyView> = FREQUENT_EMOJI.split(' ').map(emoji).collect();
                frequent.push(icon_button(ButtonAction::MoreEmoji, icons::smile(), menu_texts.more_emoji).into_any());
                parts.push(view! { <div class="emoji">{frequent}</div> }.into_any());
            }
            for reaction in &message.reactions {
                let text = who_reacted(reaction, me.id, t);
                parts.push(view! { <p class="reacted-by small">{sentence(&text)}</p> }.into_any());
            }
            let is_own = message.author.id == me.id;
            if !is_archived {
                parts.push(icon_button(ButtonAction::Reply, icons::reply(), menu_texts.reply).into_any());
            }
            if menu.draft.id.thread.is_none() {
                if message.replies > 0 || message.reply.is_some() {
                    parts.push(
                        icon_button(ButtonAction::OpenThread, icons::thread(), menu_texts.open_thread).into_any(),
                    );
                }
                parts.push(icon_button(ButtonAction::MarkUnread, icons::unread(), menu_texts.mark_unread).into_any());
            }
            if is_own && !is_archived {
                parts.push(icon_button(ButtonAction::Edit, icons::pencil(), menu_texts.edit).into_any());
            }
            let may_delete = menu.room.with(|room| room.as_ref().is_some_and(|it| me.role.max(it.role) > Role::Member));
            if is_own || may_delete {
                parts.push(icon_button(ButtonAction::Delete, icons::bin(), menu_texts.delete).into_any());
            }
            if may_pin(menu, me) {
                let (action, label) = if message.pinned {
                    (ButtonAction::Unpin, menu_texts.unpin)
                } else {
                    (ButtonAction::Pin, menu_texts.pin)
                };
                parts.push(icon_button(action, icons::pin(), label).into_any());
            }
            parts.push(icon_button(ButtonAction::CopyLink, icons::link(), menu_texts.copy_link).into_any());
            if !is_own {
                parts.push(icon_button(ButtonAction::Report, icons::flag(), menu_texts.report).into_any());
                parts.push(icon_button(ButtonAction::Block, icons::block(), t.conversation.block).into_any());
            }
            if me.role > message.author.role {
                let url = format!("/admin/users/{}", message.author.id);
                parts.push(
                    view! {
                        <a class="icon-button" href=url target="_self" aria-label=menu_texts.moderate title=menu_texts.moderate>
                            {icons::shield()} <span>{menu_texts.moderate}</span>
                        </a>
                    }
                    .into_any(),
                );
            }
        }
        MenuView::ConfirmDeletion => {
            parts.push(quote(message, t));
            parts.push(view! { <p class="question">{menu_texts.delete_question}</p> }.into_any());
            parts.push(text_button("button secondary", ButtonAction::Back, None, menu_texts.keep).into_any());
            parts.push(text_button("button danger", ButtonAction::ConfirmDeletion, None, menu_texts.delete).into_any());
        }
        MenuView::Report => parts.push(
            view! {
                {quote(message, t)}
                <p id="report-note" class="question">{menu_texts.report_question}</p>
                <input
                    id=REPORT_REASON
                    class="field"
                    type="text"
                    maxlength=MAX_REASON_CHARACTERS.to_string()
                    placeholder=menu_texts.report_reason
                    aria-label=menu_texts.report_reason
                    aria-describedby="report-note quote"
                />
                {text_button("button secondary", ButtonAction::Back, None, t.composer.cancel)}
                {text_button("button", ButtonAction::SendReport, None, t.composer.send)}
            }
            .into_any(),
        ),
        MenuView::Reported(outcome) => {
            let text = match outcome {
                Ok(()) => menu_texts.reported.to_owned(),
                Err(code) => t.errors.refusal(code),
            };
            // The focus goes to the text, so that a screen reader reads it. The content is as high as the form was, so that
            // the pointer does not end up over another message.
            parts.push(quote(message, t));
            parts.push(view! { <p class="question answer" tabindex="-1">{text}</p> }.into_any());
            parts.push(text_button("button secondary", ButtonAction::Back, None, t.connection.got_it).into_any());
        }
        MenuView::LinkCopied(is_copied) => {
            let text = if is_copied { menu_texts.link_copied } else { menu_texts.copy_failed };
            parts.push(view! { <p class="question answer" role="status">{text}</p> }.into_any());
        }
        MenuView::MoreEmoji | MenuView::Versions | MenuView::Closed => {}
    }
    view! {
        <div
            class=menu_class(is_touch, opens_upwards)
            aria-live="off"
            // A press of the mouse must not take the focus from the composer.
            on:mousedown=on(|event: MouseEvent| {
                if !is_input(event.target()) {
                    event.prevent_default();
                }
            })
        >
            <div class="toolbar" role="group" aria-label=menu_texts.menu aria-describedby="quote">{parts}</div>
        </div>
    }
    .into_any()
}

/// Whether the user may pin messages: moderators of a room, and both users of a direct.
fn may_pin(menu: Menu, me: &CurrentUser) -> bool {
    menu.room.with(|room| room.as_ref().is_none_or(|it| !it.archived && me.role.max(it.role) > Role::Member))
}

/// The author and the beginning of the message, because rows may have moved since the pointer reached this one.
fn quote(message: &Message, t: &Texts) -> AnyView {
    let author = t.name_of(&message.author.nickname).to_owned();
    let body = message.body.as_str().to_owned();
    view! {
        <blockquote id="quote" class="quote"><b translate="no"><bdi>{author}</bdi></b> " " <q dir="auto">{body}</q></blockquote>
    }
    .into_any()
}

fn is_input(target: Option<EventTarget>) -> bool {
    target.and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|target| matches(&target, "input"))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::domain::Emoji;

    #[test]
    fn the_menu_spells_emoji_in_their_canonical_form() {
        for emoji in FREQUENT_EMOJI.split(' ') {
            assert_eq!(Emoji::parse(emoji).as_ref().map(Emoji::as_str), Ok(emoji));
        }
    }
}
