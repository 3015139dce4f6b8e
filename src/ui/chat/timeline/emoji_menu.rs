//! The emoji picker of the message menu.

use leptos::prelude::*;
use web_sys::Element;

use crate::ui::{
    chat::timeline::{
        menu::{Menu, MenuView, menu_class},
        row_signals::RowSignals,
    },
    emoji::PickerUse,
    i18n::message_menu::MESSAGE_MENU,
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::{memo, reactive_view},
    },
};

/// The id of the field that searches.
const SEARCH: &str = "reaction-search";

/// The picker, while the menu shows it. It is apart from the rest of the menu, which is rendered again whenever the message
/// changes.
pub(super) fn emoji_menu(menu: Menu, RowSignals { view, .. }: RowSignals) -> Boxed {
    let shape = memo(move || {
        let state = menu.state.get();
        (state.view == MenuView::MoreEmoji).then_some((state.is_touch, state.opens_upwards))
    });
    let message = move || view.with_untracked(|view| view.as_ref().map(|view| view.message.clone()));
    let row = move || -> Option<Element> {
        let id = message()?.id;
        document().query_selector(&format!("[data-id='{id}']")).ok().flatten()
    };
    // The focus was in the field of the picker. It goes back to where it came from.
    let close = move || {
        let state = menu.state.get_untracked();
        if let Some(row) = row().filter(|_| state.is_by_keyboard) {
            return menu.finish(&row, true);
        }
        menu.leave();
        if !state.is_touch {
            menu.draft.focus();
        }
    };
    let choose = move |emoji: String| {
        if let Some(message) = message() {
            menu.react(&message, emoji);
        }
        close();
    };
    reactive_view(move || {
        shape.get().map(|(is_touch, opens_upwards)| {
            let picker = PickerUse {
                search_id: SEARCH,
                takes_focus: !is_touch,
                choose: Callback::new(choose),
                close: Callback::new(move |()| close()),
            };
            view! {
                <div class=menu_class(is_touch, opens_upwards) aria-live="off">
                    <div class="toolbar" role="group" aria-label=MESSAGE_MENU.current().menu>
                        {reactive_view(move || menu.emoji.get_value().picker(picker))}
                    </div>
                </div>
            }
        })
    })
    .boxed()
}
