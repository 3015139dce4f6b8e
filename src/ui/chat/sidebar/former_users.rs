//! Directs with people who have gone for good: folded, and those of one name together.

use leptos::prelude::*;

use crate::{
    client::Store,
    domain::{Conversation, ConversationId, Timestamp, User},
    ui::{
        Language,
        chat::sidebar::unread::unread,
        context::router::{Navigator, address},
        i18n::texts,
        kit::{
            avatar::Face,
            boxed::{Boxed, Boxing as _},
            keyed_list::{KeyedRow, list},
            reactive::{live, memo},
            time_format,
            user_name::Name,
        },
    },
};

/// A direct, with whom it was, and when its last message came.
type LeftDirect = (ConversationId, User, Timestamp);

/// The directs whose other users have gone for good.
#[component]
pub(crate) fn Gone() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Navigator>();
    let names = memo(move || {
        store.conversations.with(|conversations| {
            let left = |name: Vec<(&Conversation, User)>| -> Vec<LeftDirect> {
                name.into_iter().map(|(talk, user)| (talk.id, user, talk.last_message_at)).collect()
            };
            conversations.gone().into_iter().map(left).collect::<Vec<_>>()
        })
    });
    // Names stand as they were when their last bearer left, so nothing in a name changes but that another one is added.
    let item = move |name: Vec<LeftDirect>| {
        if let [one] = &name[..] {
            let one = one.clone();
            return KeyedRow::new((0, one.0.as_uuid().as_u128()), move || link(here, one, false));
        }
        let first = name.last().map(|(id, ..)| *id);
        KeyedRow::new((1, first.map_or(0, |id| id.as_uuid().as_u128())), move || {
            let of_name = memo(move || {
                let has_first = |name: &&Vec<LeftDirect>| name.last().map(|(id, ..)| *id) == first;
                names.with(|names| names.iter().find(has_first).cloned().unwrap_or_default())
            });
            namesakes(store, here, of_name)
        })
    };
    let all = move || names.with(|names| names.iter().flatten().map(|(id, ..)| *id).collect());
    let is_open =
        move || names.with(|names| names.iter().flatten().any(|(id, ..)| here.conversation.get() == Some(*id)));
    view! {
        <details class="former-users" hidden=live(move || names.with(Vec::is_empty)) open=live(is_open)>
            <summary>{t.gone} {unread(store, all)}</summary>
            <ul>{list(move || names.get().into_iter().map(item).collect())}</ul>
        </details>
    }
}

/// Those who had one name, one after the other.
fn namesakes(store: Store, here: Navigator, directs: Memo<Vec<LeftDirect>>) -> Boxed {
    let Some((_, user, _)) = directs.with_untracked(|directs| directs.first().cloned()) else { return ().boxed() };
    let item = move |one: LeftDirect| KeyedRow::new((0, one.0.as_uuid().as_u128()), move || link(here, one, true));
    let is_open = move || directs.with(|directs| directs.iter().any(|(id, ..)| here.conversation.get() == Some(*id)));
    view! {
        <li>
            <details open=live(is_open)>
                <summary>
                    <Name user settled=true/>
                    <span class="quiet">{live(move || directs.with(Vec::len))}</span>
                    {unread(store, move || directs.with(|directs| directs.iter().map(|(id, ..)| *id).collect()))}
                </summary>
                <ul>{list(move || directs.get().into_iter().map(item).collect())}</ul>
            </details>
        </li>
    }
    .boxed()
}

/// The way to one of them. Where several have one name, the time tells them apart.
fn link(here: Navigator, (id, user, at): LeftDirect, is_one_of_several: bool) -> Boxed {
    let (store, t) = (expect_context::<Store>(), texts());
    let current = move || (here.conversation.get() == Some(id)).then_some("page");
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let what = if is_one_of_several {
        view! {
            <Name user settled=true class="visually-hidden"/>
            " "
            <time class="name" datetime=time_format::for_machines(at)>{time_format::date_and_time(at, language)}</time>
        }
        .boxed()
    } else {
        view! {
            <Face id=user.id nickname=user.nickname.clone() small=true/>
            <Name user settled=true class="name"/>
            <span class="quiet small">{t.has_left}</span>
        }
        .boxed()
    };
    view! {
        <li>
            <a class="row" href=address(id) aria-current=live(current)>
                {what}
                {unread(store, move || vec![id])}
            </a>
        </li>
    }
    .boxed()
}
