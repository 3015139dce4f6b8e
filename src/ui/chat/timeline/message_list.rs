//! The view of the timeline.

use std::iter;

use leptos::{html, prelude::*};
use web_sys::MouseEvent;

use crate::{
    client::{ClientStore, LoadState, TimelineId},
    domain::Seq,
    state::{Row, RowKey},
    ui::{
        chat::{
            companion::companion,
            composer::Draft,
            quote::LazyQuotes,
            timeline::{
                lazy_menu::LazyMenu, menu::Ways, message_row::MessageRow, missed_box::MissedBox, model::TimelineModel,
                scroll::ScrollPosition,
            },
        },
        i18n::{Language, texts},
        kit::{
            boxed::Boxing as _,
            icons,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{on, reactive, reactive_view},
            sentence::sentence,
            skeleton::skeleton,
            time_format,
        },
        markdown::Formatting,
        rooms::{LazyRooms, room},
    },
};

/// The messages of one conversation.
#[component]
pub(crate) fn MessageList(
    /// The draft in the composer of the conversation or the thread.
    draft: Draft,
    /// The message that the address names.
    named: Memo<Option<Seq>>,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let id = draft.id;
    let TimelineId { conversation, thread } = id;
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let scroller = NodeRef::<html::Div>::new();
    let scroll = ScrollPosition::new(scroller);
    let model = TimelineModel::new(store, id);
    let companion = companion(store, conversation);
    let (room, rooms) = (room(store, conversation), LazyRooms::new());
    let navigator = expect_context();
    let menu = LazyMenu::new(draft, room, Ways { target: model.target, back: model.way_back, navigator });
    let menu_of_rows = StoredValue::new(menu);
    let formatting = Formatting::new();
    let quotes = LazyQuotes::new();
    model.update_rows(store, menu.menu, formatting, quotes);
    model.keep_scroll_position(store, scroll, formatting);
    model.load_as_needed(store, scroll);
    if thread.is_none() {
        model.mark_read_at_end(store, scroll);
    }
    model.follow_address(store, scroll, named);
    model.open_at_unread(store, scroll);

    // A thread shows what has changed in it, and the timeline says it.
    let missed = thread.is_none().then(|| MissedBox::new(store, conversation));

    let row = move |row: Row| match row {
        Row::Day { day, at } => {
            view! { <li class="day"><span>{time_format::day_name(day, at, language, t)}</span></li> }.boxed()
        }
        Row::New => view! { <li class="day new"><span>{t.timeline.new_messages}</span></li> }.boxed(),
        Row::Message { id, .. } => {
            let row = model.row_signals(store, id, menu.menu, formatting);
            view! { <MessageRow id row menu=menu_of_rows formatting quotes/> }.boxed()
        }
        Row::Notices { first, more } => {
            rooms.load();
            let ids: Vec<_> = iter::once(first).chain(more).collect();
            let content = reactive_view(move || rooms.view(|rooms| (rooms.notices)(conversation, &ids)));
            view! { <li class="notices" data-id=first.to_string() tabindex="-1">{content}</li> }.boxed()
        }
    };
    let row_id = |row: &Row, today: i64| match row.key() {
        // The id of a day changes with its name (today, yesterday, a date), so that the row is rendered again.
        RowKey::Day(day) => {
            (0, u128::from(day.unsigned_abs()) << 2 | u128::from((today - day).clamp(0, 2).unsigned_abs()))
        }
        RowKey::New => (1, 0),
        RowKey::Message(id) => (2, id.as_uuid().as_u128()),
        RowKey::Notices(first, count) => (3, first.as_uuid().as_u128().wrapping_add(count as u128)),
    };
    let rows = move || {
        model.midnight.track();
        let today = time_format::today();
        let rows = model.rows();
        let missed_at = missed.and_then(|missed| Some((missed.place(&rows, model.timeline)?, missed)));
        let mut rows: Vec<KeyedRow> =
            rows.into_iter().map(|item| KeyedRow::new(row_id(&item, today), move || row(item))).collect();
        if let Some((index, missed)) = missed_at {
            rows.insert(index, KeyedRow::new((4, 0), move || missed.view()));
        }
        rows
    };
    let beginning = move || {
        let text = match (model.is_complete(), model.is_empty(), companion.get()) {
            (false, ..) => return ().boxed(),
            // The first message of a thread is its beginning.
            _ if thread.is_some() => return ().boxed(),
            (true, true, None) if room.with(|room| room.as_ref().is_some_and(|room| !room.lobby)) => {
                t.rooms.empty.to_owned()
            }
            (true, true, None) => t.timeline.empty_lobby.to_owned(),
            (true, true, Some(companion)) => (t.timeline.empty_direct)(t.name_in(&companion.user.nickname)),
            (true, false, _) => t.timeline.start_of_history.to_owned(),
        };
        view! { <p class="beginning quiet small">{sentence(&text)}</p> }.boxed_as(&text)
    };
    // After a failure nothing more is fetched until the user tries again. The note stands where messages are missing.
    let load_failed = move |load: fn(TimelineModel, ClientStore, ScrollPosition)| {
        let retry = move |_: MouseEvent| load(model, store, scroll);
        let retry = view! { <button type="button" class="link" on:click=on(retry)>{t.timeline.retry}</button> };
        view! { <p class="beginning small" role="status">{t.timeline.load_failed} " " {retry}</p> }.boxed()
    };
    let has_failed = move || model.load.get() == LoadState::Failed;
    let below_rows = move || {
        (has_failed() && model.gap.get().is_some()).then(|| load_failed(|model, store, _| model.load_newer(store)))
    };
    let above_rows = move || match model.load.get() {
        LoadState::Failed if !model.is_complete() => load_failed(TimelineModel::load_missing),
        _ if model.is_known.get() => ().boxed(),
        _ => skeleton(t.timeline.loading),
    };
    view! {
        <div class="timeline">
            <div
                class="scroller"
                node_ref=scroller
                tabindex="0"
                role="log"
                aria-live="polite"
                aria-label=if thread.is_some() { t.timeline.thread } else { t.timeline.messages }
                aria-description=t.timeline.menu_hint
                aria-busy=reactive(move || (model.load.get() == LoadState::Loading).to_string())
                on:scroll=move |_| scroll.on_scroll()
                {..menu.listeners()}
            >
                {reactive(beginning)}
                {reactive_view(above_rows)}
                <ol class="rows">
                    {keyed_list(rows)}
                </ol>
                {reactive_view(below_rows)}
            </div>
            {ways_elsewhere(model, store, scroll)}
        </div>
    }
}

/// The buttons that lead back to a reply and to the newest message.
fn ways_elsewhere(model: TimelineModel, store: ClientStore, scroll: ScrollPosition) -> impl IntoView {
    let t = texts();
    let to_latest = move || {
        let to_latest = move |_: MouseEvent| model.scroll_to_latest(store, scroll);
        (!scroll.at_end.get()).then(|| {
            view! {
                <button type="button" class="to-latest" aria-label=t.timeline.to_latest on:click=on(to_latest)>
                    {icons::down()}
                </button>
            }
        })
    };
    let way_back = move || {
        model.way_back.get().map(|reply| {
            let back = move |_: MouseEvent| {
                model.way_back.set(None);
                model.target.set(Some(reply));
            };
            view! {
                <button type="button" class="way-back small" on:click=on(back)>
                    {icons::reply()} {t.timeline.back_to_reply}
                </button>
            }
        })
    };
    view! {
        {reactive_view(way_back)}
        {reactive_view(to_latest)}
    }
}
