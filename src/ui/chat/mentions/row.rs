//! A message of which the user was told, and the way to it.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Conversation, ConversationKind, Message, ToldMessage},
    ui::{
        context::router::message_path,
        i18n::{InSentence, Language, texts, threads::THREADS},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            reactive::reactive_view,
            sentence::sentence,
            time_format,
            user_name::UserName,
        },
        markdown::Formatting,
        rooms::room_name,
    },
};

/// The row of a message. All of it leads to the message.
pub(super) fn row(told: ToldMessage, formatting: Formatting) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let ToldMessage { conversation, message } = told;
    let Message { seq, at, author, body, mentions, .. } = message;
    let place = store.conversations.with_untracked(|all| place(all.get(conversation)));
    let (datetime, full) = (time_format::iso_8601(at), time_format::full_date_and_time(at, language));
    let text = move || formatting.view(body.as_str(), &mentions, formatting.state());
    let label = format!("{} {}", t.name_of(&author.nickname), time_format::short_date_and_time(at, language));
    view! {
        <li class="told-message">
            <Avatar id=author.id nickname=author.nickname.clone()/>
            <p class="message-head">
                <UserName user=author class="author" is_static=true/>
                <span class="quiet small">{sentence(&place)}</span>
                <a href=message_path(conversation, seq) aria-label=label>
                    <time class="at" datetime=datetime title=full>{time_format::short_date_and_time(at, language)}</time>
                </a>
            </p>
            <div class="body" dir="auto">{reactive_view(text)}</div>
        </li>
    }
    .boxed()
}

/// Where a message was written.
fn place(conversation: Option<&Conversation>) -> String {
    let t = THREADS.current();
    match conversation.map(|conversation| &conversation.kind) {
        Some(ConversationKind::Room(room)) => (t.in_room)(InSentence(room_name(room, texts()))),
        Some(ConversationKind::Direct { .. }) | None => t.in_direct.to_owned(),
    }
}
