//! The line above the text while it replies to a message.

use leptos::{ev::MouseEvent, prelude::*};

use crate::ui::{
    chat::{
        composer::draft::Draft,
        quote::{LazyQuotes, QuotedMessage},
    },
    i18n::texts,
    kit::{
        boxed::{Boxed, Boxing as _},
        icons,
        reactive::{memo, on},
    },
};

/// Says to which message the text replies, with a button that cancels that.
pub(super) fn reply_note(draft: Draft) -> impl Fn() -> Boxed + Send {
    let quotes = LazyQuotes::new();
    let quote = memo(move || {
        let original = draft.reply_to.get().filter(|_| draft.edit.with(Option::is_none))?;
        let found = quotes.find(draft.store(), draft.id, draft.timeline, &[original]).pop();
        Some(found.unwrap_or(QuotedMessage::Requested))
    });
    move || {
        let Some(quote) = quote.get() else { return ().boxed() };
        let t = texts();
        let cancel = move |_: MouseEvent| {
            draft.cancel_reply();
            draft.focus();
        };
        view! {
            <p class="editing replying small">
                {icons::reply()}
                <span class="visually-hidden" role="status">{t.composer.replying}</span>
                <span class="quoted-line">{quotes.view(&quote)}</span>
                <button type="button" class="link" on:click=on(cancel)>{t.composer.cancel}</button>
            </p>
        }
        .boxed()
    }
}
