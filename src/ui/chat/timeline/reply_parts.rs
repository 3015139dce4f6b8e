//! What a row shows of replies: the message that this one answers, and the thread that it begins.

use leptos::prelude::*;

use crate::ui::{
    chat::{
        quote::LazyQuotes,
        timeline::{button_actions::ButtonAction, row_signals::RowSignals},
    },
    i18n::texts,
    kit::{
        boxed::{Boxed, Boxing as _},
        icons,
        reactive::{memo, reactive, reactive_view},
    },
};

/// A button with the beginning of the message that this one answers, which leads there; nothing if this is no reply.
pub(super) fn quote_button(row: RowSignals, quotes: LazyQuotes) -> Boxed {
    let t = texts();
    let is_reply = memo(move || row.view.with(|view| view.as_ref().is_some_and(|view| view.message.reply.is_some())));
    let content = move || row.quote.with(|quote| quote.as_ref().map(|quote| quotes.view(quote)));
    let button = move || {
        is_reply.get().then(|| {
            view! {
                <button
                    type="button"
                    class="quoted small"
                    data-action=ButtonAction::ToOriginal.name()
                    title=t.timeline.to_original
                    tabindex=reactive(move || tab_index(row))
                >
                    {icons::reply()} <span class="quoted-line">{reactive_view(content)}</span>
                </button>
            }
        })
    };
    reactive_view(button).boxed()
}

/// A button with the number of replies, which opens the thread; nothing if there are none.
pub(super) fn thread_button(row: RowSignals) -> Boxed {
    let t = texts();
    let replies = memo(move || row.view.with(|view| view.as_ref().map_or(0, |view| view.message.replies)));
    let button = move || {
        Some(replies.get()).filter(|count| *count > 0).map(|count| {
            view! {
                <button
                    type="button"
                    class="replies small"
                    data-action=ButtonAction::OpenThread.name()
                    tabindex=reactive(move || tab_index(row))
                >
                    {icons::thread()} {(t.timeline.replies)(count)}
                </button>
            }
        })
    };
    reactive_view(button).boxed()
}

/// The arrow keys move from message to message. Tab reaches only the buttons of the message that has the menu.
fn tab_index(row: RowSignals) -> &'static str {
    if row.has_menu.get() { "0" } else { "-1" }
}
