//! What was said: days, groups of messages, and a place that stays put while older ones come in.

mod message;
mod scroll;

use std::collections::HashSet;

use leptos::{html, prelude::*};

use super::{Language, clock, i18n::texts, icons, place::companion};
use crate::{
    client::{Link, LoadState, Store},
    domain::{CommandId, ConversationId, Seq},
    state::{self, Row, rows},
};
use message::MessageRow;
use scroll::Scroll;

/// The rows, and which messages start a group: the row of a message stays the same row when that changes.
#[derive(Clone, Default, PartialEq)]
struct Rows {
    rows: Vec<Row>,
    heads: HashSet<CommandId>,
}

/// The messages of one conversation.
#[component]
pub(super) fn Timeline(
    /// Which.
    conversation: ConversationId,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let language = expect_context::<RwSignal<Language>>();
    let timeline: Signal<state::Timeline> = store.timeline(conversation).into();
    let load: Signal<LoadState> = store.load_state(conversation).into();
    let with = companion(store, conversation);
    let scroller = NodeRef::<html::Div>::new();
    let scroll = Scroll::new(scroller);
    let new_after = StoredValue::new(None::<Seq>);

    let is_loaded = Memo::new(move |_| timeline.with(|timeline| timeline.is_loaded()));
    let has_more = Memo::new(move |_| timeline.with(|timeline| timeline.has_more_before()));
    let rows = Memo::new(move |_| {
        let me = store.me.with(|me| me.as_ref().map(|me| me.id));
        let Some(me) = me.filter(|_| is_loaded.get()) else { return Rows::default() };
        let rows = timeline.with(|timeline| {
            store
                .outbox
                .with(|outbox| rows(timeline, outbox.of(conversation), me, new_after.get_value(), clock::day_of))
        });
        let heads = rows.iter().filter_map(|row| match row {
            Row::Message { id, starts_group: true } => Some(*id),
            _ => None,
        });
        Rows { heads: heads.collect(), rows }
    });

    // What was unread when the conversation was opened is new for as long as it is open.
    Effect::new(move || {
        if new_after.get_value().is_none() {
            new_after
                .set_value(store.conversations.with_untracked(|all| all.get(conversation).map(|talk| talk.read_seq)));
        }
        if store.link.get() == Link::Online && !is_loaded.get() {
            store.load(conversation);
        }
    });
    // The rows have changed: stay at the end, or at the message that was in view.
    Effect::new(move |oldest_above: Option<Option<Seq>>| {
        rows.track();
        let oldest = timeline.with(|timeline| timeline.oldest());
        scroll.rows_changed(oldest_above.flatten() != oldest);
        oldest
    });
    // What is in view at the end has been read; older messages are fetched when the reader nears the beginning.
    let look = move || {
        if scroll.at_end.get() && is_loaded.get() && document().has_focus().unwrap_or(false) {
            store.conversations.track();
            store.mark_read(conversation);
        }
    };
    Effect::new(look);
    Effect::new(move || {
        let handle = window_event_listener(leptos::ev::focus, move |_| untrack(look));
        on_cleanup(move || handle.remove());
    });
    Effect::new(move || {
        rows.track();
        if scroll.near_start.get() && has_more.get() && load.get() == LoadState::Idle {
            store.load(conversation);
        }
    });

    let row = move |row: Row| match row {
        Row::Day { day, at } => {
            view! { <li class="day"><span>{move || clock::day_name(day, at, language.get(), texts())}</span></li> }
                .into_any()
        }
        Row::New => view! { <li class="day new"><span>{move || texts().new_messages}</span></li> }.into_any(),
        Row::Message { id, .. } => {
            let starts_group = Memo::new(move |_| rows.with(|rows| rows.heads.contains(&id)));
            view! { <MessageRow id timeline starts_group/> }.into_any()
        }
    };
    let beginning = move || {
        let empty = rows.with(|rows| rows.rows.is_empty());
        match (is_loaded.get() && !has_more.get(), empty, with.get()) {
            (false, ..) => None,
            (true, true, None) => Some(texts().empty_lobby.to_owned()),
            (true, true, Some(user)) => Some((texts().empty_direct)(user.nickname.as_str())),
            (true, false, _) => Some(texts().beginning.to_owned()),
        }
    };
    view! {
        <div class="timeline">
            <div
                class="scroller"
                node_ref=scroller
                tabindex="0"
                role="log"
                aria-live="polite"
                aria-label=move || texts().messages
                aria-busy=move || (load.get() == LoadState::Loading).to_string()
                on:scroll=move |_| scroll.scrolled()
            >
                {move || beginning().map(|text| view! { <p class="beginning quiet small">{text}</p> })}
                <Show when=move || load.get() == LoadState::Failed>
                    <p class="beginning small">
                        {move || texts().load_failed}
                        <button type="button" class="link" on:click=move |_| store.load(conversation)>{move || texts().retry}</button>
                    </p>
                </Show>
                <Show when=move || !is_loaded.get() && load.get() != LoadState::Failed>
                    <div class="skeleton" role="status">
                        <span class="unseen">{move || texts().loading}</span>
                        <i></i><i></i><i></i>
                    </div>
                </Show>
                <ol class="rows">
                    <For each=move || rows.get().rows key=Row::key children=row/>
                </ol>
            </div>
            <Show when=move || !scroll.at_end.get()>
                <button type="button" class="to-latest" aria-label=move || texts().to_latest on:click=move |_| scroll.to_end()>
                    {icons::down()}
                </button>
            </Show>
        </div>
    }
}
