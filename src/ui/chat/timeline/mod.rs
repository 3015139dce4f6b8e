//! What was said: days, groups of messages, and a place that stays put while older ones come in.

mod actions;
mod buttons;
mod menu;
mod message;
mod model;
mod scroll;

use leptos::{html, prelude::*};
use web_sys::MouseEvent;

use crate::{
    client::{LoadState, Store},
    domain::ConversationId,
    state::{Row, RowKey},
    ui::{
        Language,
        chat::{
            composer::Draft,
            timeline::{menu::Menu, message::MessageRow, model::Model, scroll::Scroll},
        },
        context::router::companion,
        i18n::{sentence, texts},
        kit::{
            boxed::Boxing as _,
            icons,
            keyed_list::{KeyedRow, list},
            reactive::{live, live_view, on},
            time_format,
        },
    },
};

/// The messages of one conversation.
#[component]
pub(crate) fn Timeline(
    /// Which.
    conversation: ConversationId,
    /// What is being written there.
    draft: Draft,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let scroller = NodeRef::<html::Div>::new();
    let scroll = Scroll::new(scroller);
    let model = Model::new(store, conversation);
    let with = companion(store, conversation);
    let menu = Menu::new(draft, with.get_untracked().is_none());
    model.tell_rows(store, conversation, menu);
    model.keep_place(store, conversation, scroll);
    model.load_as_needed(store, conversation, scroll);
    model.mark_what_is_seen(store, conversation, scroll);

    let row = move |row: Row| match row {
        Row::Day { day, at } => {
            view! { <li class="day"><span>{time_format::day_name(day, at, language, t)}</span></li> }.boxed()
        }
        Row::New => view! { <li class="day new"><span>{t.new_messages}</span></li> }.boxed(),
        Row::Message { id, .. } => {
            let followed = model.follow(store, conversation, id, menu);
            view! { <MessageRow id followed menu/> }.boxed()
        }
    };
    let key = |row: &Row, today: i64| match row.key() {
        // A day is another row when it is called otherwise: today, yesterday, by its date.
        RowKey::Day(day) => {
            (0, u128::from(day.unsigned_abs()) << 2 | u128::from((today - day).clamp(0, 2).unsigned_abs()))
        }
        RowKey::New => (1, 0),
        RowKey::Message(id) => (2, id.as_uuid().as_u128()),
    };
    let rows = move || {
        model.midnight.track();
        let today = time_format::today();
        model.rows().into_iter().map(|it| KeyedRow::new(key(&it, today), move || row(it))).collect()
    };
    let beginning = move || {
        let text = match (model.is_complete(), model.is_empty(), with.get()) {
            (false, ..) => return ().boxed(),
            (true, true, None) => t.empty_lobby.to_owned(),
            (true, true, Some(with)) => (t.empty_direct)(t.name_in(&with.user.nickname)),
            (true, false, _) => t.beginning.to_owned(),
        };
        view! { <p class="beginning quiet small">{sentence(&text)}</p> }.boxed_as(&text)
    };
    // What fails holds up all fetching; it is told, and tried again, where something is missing.
    let failed = move |again: fn(Model, Store, ConversationId, Scroll)| {
        let again = move |_: MouseEvent| again(model, store, conversation, scroll);
        let again = view! { <button type="button" class="link" on:click=on(again)>{t.retry}</button> };
        view! { <p class="beginning small" role="status">{t.load_failed} " " {again}</p> }.boxed()
    };
    let has_failed = move || model.load.get() == LoadState::Failed;
    let newer = move || {
        (has_failed() && model.gap.get().is_some())
            .then(|| failed(|model, store, conversation, _| model.load_newer(store, conversation)))
    };
    let fetching = move || {
        match model.load.get() {
        LoadState::Failed if !model.is_complete() => failed(Model::load_missing),
        _ if model.is_known.get() => ().boxed(),
        _ => view! {
            <div class="skeleton" role="status"><span class="visually-hidden">{t.loading}</span><i></i><i></i><i></i></div>
        }
        .boxed(),
    }
    };
    let to_latest = move || {
        let to_latest = move |_: MouseEvent| model.to_latest(store, conversation, scroll);
        (!scroll.at_end.get()).then(|| {
            view! {
                <button type="button" class="to-latest" aria-label=t.to_latest on:click=on(to_latest)>
                    {icons::down()}
                </button>
            }
        })
    };
    view! {
        <div class="timeline">
            <div
                class="scroller"
                node_ref=scroller
                tabindex="0"
                role="log"
                aria-live="polite"
                aria-label=t.messages
                aria-description=t.menu_hint
                aria-busy=live(move || (model.load.get() == LoadState::Loading).to_string())
                on:scroll=move |_| scroll.scrolled()
                {..menu.listeners()}
            >
                {live(beginning)}
                {live_view(fetching)}
                <ol class="rows">
                    {list(rows)}
                </ol>
                {live_view(newer)}
            </div>
            {live_view(to_latest)}
        </div>
    }
}
