//! The versions of a message, in the message menu.

use leptos::prelude::*;

use crate::ui::{
    chat::timeline::{
        menu::{Menu, MenuView, menu_class},
        row_signals::RowSignals,
    },
    i18n::message_menu::MESSAGE_MENU,
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::{memo, reactive_view},
    },
};

/// The versions, while the menu shows them.
pub(super) fn versions_menu(menu: Menu, RowSignals { view, .. }: RowSignals) -> Boxed {
    let shape = memo(move || {
        let state = menu.state.get();
        (state.view == MenuView::Versions).then_some((state.is_touch, state.opens_upwards))
    });
    let conversation = menu.draft.id.conversation;
    reactive_view(move || {
        let (is_touch, opens_upwards) = shape.get()?;
        let seq = view.with_untracked(|view| view.as_ref().map(|view| view.message.seq))?;
        Some(view! {
            <div class=menu_class(is_touch, opens_upwards) aria-live="off">
                <div class="toolbar" role="group" aria-label=MESSAGE_MENU.current().menu>
                    {reactive_view(move || menu.changes.get_value().view(|changes| (changes.versions)(conversation, seq)))}
                </div>
            </div>
        })
    })
    .boxed()
}
