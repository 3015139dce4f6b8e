//! Directs with users who have left for good. They are collapsed, and those with users of the same nickname are grouped.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Conversation, ConversationId, Timestamp, User},
    ui::{
        chat::sidebar::marks::marks,
        context::router::{Navigator, conversation_path},
        i18n::{Language, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            keyed_list::{KeyedRow, keyed_list},
            reactive::{memo, reactive},
            time_format,
            user_name::UserName,
        },
    },
};

/// A direct, its other user, and the time of its last message.
type FormerDirect = (ConversationId, User, Timestamp);

/// The directs with users who have left for good.
#[component]
pub(super) fn FormerDirects() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let groups = memo(move || {
        store.conversations.with(|conversations| {
            let group = |directs: Vec<(&Conversation, User)>| -> Vec<FormerDirect> {
                directs.into_iter().map(|(direct, user)| (direct.id, user, direct.last_message_at)).collect()
            };
            conversations.former_directs().into_iter().map(group).collect::<Vec<_>>()
        })
    });
    // A group changes only by a direct that is added at its start, so its last direct identifies it.
    let item = move |group: Vec<FormerDirect>| {
        if let [direct] = &group[..] {
            let direct = direct.clone();
            return KeyedRow::new((0, direct.0.as_uuid().as_u128()), move || link(navigator, direct, false));
        }
        let group_id = group.last().map(|(id, ..)| *id);
        KeyedRow::new((1, group_id.map_or(0, |id| id.as_uuid().as_u128())), move || {
            let directs = memo(move || {
                let has_id = |group: &&Vec<FormerDirect>| group.last().map(|(id, ..)| *id) == group_id;
                groups.with(|groups| groups.iter().find(has_id).cloned().unwrap_or_default())
            });
            namesakes(store, navigator, directs)
        })
    };
    let ids = move || groups.with(|groups| groups.iter().flatten().map(|(id, ..)| *id).collect());
    let is_open =
        move || groups.with(|groups| groups.iter().flatten().any(|(id, ..)| navigator.conversation.get() == Some(*id)));
    view! {
        <details class="former-users" hidden=reactive(move || groups.with(Vec::is_empty)) open=reactive(is_open)>
            <summary>{t.sidebar.former_users} {marks(store, ids)}</summary>
            <ul>{keyed_list(move || groups.get().into_iter().map(item).collect())}</ul>
        </details>
    }
}

/// The directs with users who had the same nickname, one after another.
fn namesakes(store: ClientStore, navigator: Navigator, directs: Memo<Vec<FormerDirect>>) -> Boxed {
    let Some((_, user, _)) = directs.with_untracked(|directs| directs.first().cloned()) else { return ().boxed() };
    let item = move |direct: FormerDirect| {
        KeyedRow::new((0, direct.0.as_uuid().as_u128()), move || link(navigator, direct, true))
    };
    let is_open =
        move || directs.with(|directs| directs.iter().any(|(id, ..)| navigator.conversation.get() == Some(*id)));
    view! {
        <li>
            <details open=reactive(is_open)>
                <summary>
                    <UserName user is_static=true/>
                    <span class="quiet">{reactive(move || directs.with(Vec::len))}</span>
                    {marks(store, move || directs.with(|directs| directs.iter().map(|(id, ..)| *id).collect()))}
                </summary>
                <ul>{keyed_list(move || directs.get().into_iter().map(item).collect())}</ul>
            </details>
        </li>
    }
    .boxed()
}

/// A link to a direct. In a group it shows the time of the last message, because the nicknames are the same.
fn link(navigator: Navigator, (id, user, at): FormerDirect, is_in_group: bool) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let current = move || (navigator.conversation.get() == Some(id)).then_some("page");
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let label = if is_in_group {
        view! {
            <UserName user is_static=true class="visually-hidden"/>
            " "
            <time class="name" datetime=time_format::iso_8601(at)>{time_format::short_date_and_time(at, language)}</time>
        }
        .boxed()
    } else {
        view! {
            <Avatar id=user.id nickname=user.nickname.clone() small=true/>
            <UserName user is_static=true class="name"/>
            <span class="quiet small">{t.users.has_left}</span>
        }
        .boxed()
    };
    view! {
        <li>
            <a class="row" href=conversation_path(id) aria-current=reactive(current)>
                {label}
                {marks(store, move || vec![id])}
            </a>
        </li>
    }
    .boxed()
}
