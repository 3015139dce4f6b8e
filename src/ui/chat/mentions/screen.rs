//! The screen with the mentions, in place of a conversation.

use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::ToldMessage,
    ui::{
        chat::mentions::{listing::MentionListing, row::row},
        i18n::{texts, threads::THREADS},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{effect, memo, on, reactive_view},
            skeleton::skeleton,
        },
        markdown::Formatting,
    },
};

/// The mentions.
pub(super) fn mentions() -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), THREADS.current());
    let (listing, formatting) = (MentionListing::new(), Formatting::new());
    let count = memo(move || store.conversations.with(|all| all.mentions()));
    effect(move || {
        // Another number of unread mentions means that there are new ones, or that some were deleted or read.
        count.get();
        if store.connection_status.get() == ConnectionStatus::Online {
            listing.refresh();
        }
    });
    let items = move || {
        let item = |told: ToldMessage| {
            let message = &told.message;
            formatting.prepare(message.body.as_str(), &message.mentions);
            // A message that was edited is another row. Positions in a conversation are far fewer than 2^64.
            let id = told.conversation.as_uuid().as_u128()
                ^ u128::from(message.seq.0)
                ^ u128::from(message.revision.0) << 64;
            KeyedRow::new((0, id), move || row(told, formatting))
        };
        let shown = listing.told.get().into_iter().flatten();
        shown.filter(|told| store.blocks.with(|blocks| !blocks.hides(&told.message))).map(item).collect()
    };
    let state = move || {
        if let Some(refusal) = listing.refusal.get() {
            let text = texts().errors.refusal(refusal.code());
            let retry = move |_: MouseEvent| listing.refresh();
            return view! {
                <p class="beginning small" role="alert">
                    {text} " " <button type="button" class="link" on:click=on(retry)>{t.retry}</button>
                </p>
            }
            .boxed();
        }
        match listing.told.with(|told| told.as_ref().map(Vec::is_empty)) {
            None => skeleton(t.loading),
            Some(true) => view! {
                <div class="empty">
                    <p role="status">{t.no_mentions}</p>
                    <p class="quiet small">{t.how_to_mention}</p>
                </div>
            }
            .boxed(),
            Some(false) => ().boxed(),
        }
    };
    let more = move || {
        listing.older.get().map(|older| {
            let more = move |_: MouseEvent| listing.fetch(Some(older.clone()));
            view! { <p class="beginning"><button type="button" class="link" on:click=on(more)>{t.show_more}</button></p> }
        })
    };
    view! {
        <section class="conversation" aria-labelledby="conversation-name">
            <header class="conversation-head">
                <a class="icon-button back" href="/" aria-label=texts().conversation.back>{icons::back()}</a>
                <h1 id="conversation-name"><span class="icon-box">{icons::at()}</span> {t.mentions}</h1>
            </header>
            <div class="told-messages">
                {reactive_view(state)}
                <ul>{keyed_list(items)}</ul>
                {reactive_view(more)}
            </div>
        </section>
    }
    .boxed()
}
