//! What somebody sees of a room who is not in it: what it is and how to join, or that there is nothing to see.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, directory_room},
    domain::{ConversationId, DirectoryRoom},
    protocol::ErrorCode,
    ui::{
        context::initial_state::OutsideRoom,
        i18n::{room_screens::directory::ROOM_DIRECTORY, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{effect, memo, on, reactive, reactive_view},
        },
        rooms::{refusal::refusal_text, room::room_icon},
    },
};

/// The answer to the question what the reader may know of the room; `None` before it comes.
type Lookup = Option<Result<DirectoryRoom, RequestError>>;

/// The server's reasons that say no more than that there is no such room for this user.
const UNKNOWN: [ErrorCode; 3] = [ErrorCode::NotFound, ErrorCode::UnknownConversation, ErrorCode::AccountRequired];

/// What the address of a room shows to somebody who is not in it.
pub(super) fn outsider(room: ConversationId) -> Boxed {
    let known = use_context::<OutsideRoom>().and_then(|OutsideRoom(known)| known).filter(|known| known.id == room);
    let answer: RwSignal<Lookup> = RwSignal::new(known.map(Ok));
    let store = expect_context::<ClientStore>();
    let fetch = move || {
        spawn_local(async move {
            // A direct opens here as soon as it is in the list.
            if !store.fetch_older_direct(room).await {
                let fetched = directory_room(room).await;
                answer.try_set(Some(fetched));
            }
        });
    };
    effect(fetch);
    let view = move || {
        let t = ROOM_DIRECTORY.current();
        match answer.get() {
            None => view! {
                <div class="empty" role="status">
                    <span class="visually-hidden">{t.loading}</span>
                    <div class="skeleton"><i></i><i></i></div>
                </div>
            }
            .boxed(),
            Some(Ok(room)) => invitation(room),
            Some(Err(refusal)) if refusal.code().is_some_and(|code| UNKNOWN.contains(&code)) => not_found(),
            Some(Err(refusal)) => {
                let retry = move |_: MouseEvent| fetch();
                view! {
                    <div class="empty">
                        <p role="alert">{refusal_text(&refusal)}</p>
                        <button type="button" class="button" on:click=on(retry)>{texts().timeline.retry}</button>
                    </div>
                }
                .boxed()
            }
        }
    };
    view! {
        <section class="conversation">
            <header class="conversation-head">
                <a class="icon-button back" href="/" aria-label=texts().conversation.back>{icons::back()}</a>
            </header>
            {reactive_view(view)}
        </section>
    }
    .boxed()
}

/// A public room, with a button to join it.
fn invitation(room: DirectoryRoom) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_DIRECTORY.current());
    let DirectoryRoom { id, name, topic, visibility, archived, member_count, .. } = room;
    let is_registered = memo(move || store.is_registered());
    let problem = RwSignal::new(None::<RequestError>);
    let join = move |_: MouseEvent| {
        problem.set(None);
        spawn_local(async move {
            // Joining adds the conversation to the list, which opens it here.
            if let Err(refusal) = store.join_public_room(id).await {
                problem.try_set(Some(refusal));
            }
        });
    };
    let way_in = move || {
        if is_registered.get() {
            view! {
                <p class="quiet">{t.not_a_member}</p>
                <button type="button" class="button" on:click=on(join)>{t.join}</button>
            }
            .boxed()
        } else {
            view! {
                <p class="quiet">{t.guests_cannot_join} " " {t.how_to_register}</p>
                <a class="button secondary" href="/">{texts().conversation.back_to_chat}</a>
            }
            .boxed()
        }
    };
    let topic = (!topic.is_empty()).then(|| view! { <p dir="auto">{topic.as_str().to_owned()}</p> });
    view! {
        <div class="empty invitation">
            <h1 id="conversation-name">
                <span class="icon-box">{room_icon(visibility)}</span> <bdi>{name.as_str().to_owned()}</bdi>
                {archived.then(|| view! { <small class="role">{t.archived}</small> })}
            </h1>
            {topic}
            <p class="quiet small">{(t.member_count)(member_count)}</p>
            {reactive_view(way_in)}
            <p class="problem" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
        </div>
    }
    .boxed()
}

/// The same for a private room and for one that does not exist, so that nobody learns which it is.
fn not_found() -> Boxed {
    let t = texts();
    view! {
        <div class="empty">
            <h1>{t.conversation.unknown_conversation}</h1>
            <a class="button" href="/">{t.conversation.back_to_chat}</a>
        </div>
    }
    .boxed()
}
