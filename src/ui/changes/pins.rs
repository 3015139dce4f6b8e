//! The pinned messages of a conversation.

use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    prelude::*,
    task::spawn_local,
};

use crate::{
    client::{ClientStore, ConnectionStatus, RequestError, pinned_messages},
    domain::{ConversationId, Message, Seq},
    ui::{
        context::router::message_path,
        i18n::{Language, changes::CHANGES, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            icons,
            reactive::{effect, memo, on, reactive, reactive_view},
            skeleton::skeleton,
            time_format,
            user_name::UserName,
        },
    },
};

/// The id of the button that opens the list.
const BUTTON: &str = "pins-button";
/// The id of the heading, which takes the focus when the list opens.
const TITLE: &str = "pins-title";

/// The pinned messages, kept up to date. `None` until the first answer.
fn follow_pins(conversation: ConversationId) -> RwSignal<Option<Result<Vec<Message>, RequestError>>> {
    let store = expect_context::<ClientStore>();
    let pins = RwSignal::new(None);
    let request = StoredValue::new(0_u32);
    effect(move || {
        store.track_pins(conversation);
        if store.connection_status.get() != ConnectionStatus::Online {
            return;
        }
        let Some(number) = request.try_update_value(|number| {
            *number += 1;
            *number
        }) else {
            return;
        };
        spawn_local(async move {
            let answer = pinned_messages(conversation).await;
            // Answers to earlier requests may be older.
            if request.try_get_value() == Some(number) {
                pins.set(Some(answer));
            }
        });
    });
    pins
}

/// The button that opens and closes the list. Only if something is pinned, or while the list is open.
pub(super) fn pin_button(conversation: ConversationId, is_open: RwSignal<bool>) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), CHANGES.current());
    let pins = follow_pins(conversation);
    let count = memo(move || {
        pins.with(|pins| {
            let pins = pins.as_ref().and_then(|pins| pins.as_ref().ok());
            store.blocks.with(|blocks| pins.map_or(0, |pins| pins.iter().filter(|pin| !blocks.hides(pin)).count()))
        })
    });
    let is_shown = memo(move || count.get() > 0 || is_open.get());
    let toggle = move |_: MouseEvent| is_open.update(|is_open| *is_open = !*is_open);
    let label = move || (t.show_pinned)(count.get());
    reactive_view(move || {
        is_shown.get().then(|| {
            view! {
                <button
                    type="button"
                    id=BUTTON
                    class="members-button small"
                    title=t.pinned_messages
                    aria-label=reactive(label)
                    aria-expanded=reactive(move || is_open.get().to_string())
                    on:click=on(toggle)
                >
                    {icons::pin()} <span>{reactive(move || count.get().to_string())}</span>
                </button>
            }
        })
    })
    .boxed()
}

/// The list. Escape and a button close it, and give the focus back to the button that opened it.
pub(super) fn pins_panel(conversation: ConversationId, may_unpin: Signal<bool>, is_open: RwSignal<bool>) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), CHANGES.current());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let pins = follow_pins(conversation);
    let problem = RwSignal::new(None::<RequestError>);
    let close = move || {
        is_open.set(false);
        focus_by_id(BUTTON);
    };
    let on_key_down = move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() && !event.is_composing() {
            close();
        }
    };
    let unpin = move |seq: Seq| {
        problem.set(None);
        spawn_local(async move {
            let outcome = store.set_message_pinned(conversation, seq, false).await;
            problem.try_set(outcome.err());
            // The button with the focus is about to disappear.
            focus_by_id(TITLE);
        });
    };
    let pin = move |message: Message| -> Boxed {
        let Message { seq, at, author, body, .. } = message;
        let button = may_unpin.get().then(|| {
            view! { <button type="button" class="link small" on:click=on(move |_: MouseEvent| unpin(seq))>{t.unpin}</button> }
        });
        view! {
            <li class="pin">
                <p class="pin-head small">
                    <Avatar id=author.id nickname=author.nickname.clone() small=true/>
                    <UserName user=author class="author"/>
                    <time class="quiet" datetime=time_format::iso_8601(at)>{time_format::short_date_and_time(at, language)}</time>
                </p>
                <p class="pin-text" dir="auto">{body.as_str().to_owned()}</p>
                <p class="pin-actions">
                    <a class="small" href=message_path(conversation, seq)>{t.show_in_conversation}</a>
                    {button}
                </p>
            </li>
        }
        .boxed()
    };
    let content = move || match pins.get() {
        None => skeleton(texts().timeline.loading),
        Some(Err(refusal)) => view! { <p class="problem small" role="alert">{error_text(&refusal)}</p> }.boxed(),
        Some(Ok(messages)) => {
            let messages = messages.into_iter().filter(|message| !store.blocks.with(|blocks| blocks.hides(message)));
            let items: Vec<Boxed> = messages.map(pin).collect();
            if items.is_empty() {
                view! { <p class="quiet small">{t.nothing_pinned}</p> }.boxed()
            } else {
                view! { <ul class="pins">{items}</ul> }.boxed()
            }
        }
    };
    // In the next frame, when the element is in the document.
    request_animation_frame(|| focus_by_id(TITLE));
    view! {
        <aside class="room-panel" aria-labelledby=TITLE on:keydown=on(on_key_down)>
            <header class="room-panel-head">
                <h2 id=TITLE tabindex="-1">{t.pinned_messages}</h2>
                <button type="button" class="icon-button" aria-label=t.close title=t.close on:click=on(move |_: MouseEvent| close())>
                    {icons::close()}
                </button>
            </header>
            <div class="room-panel-body">
                <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(error_text))}</p>
                {reactive_view(content)}
            </div>
        </aside>
    }
    .boxed()
}

fn error_text(refusal: &RequestError) -> String {
    texts().errors.refusal(refusal.code())
}
