//! Rooms, directs, and who is here.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::Store,
    domain::{Companion, Conversation, ConversationId, User, UserId},
    ui::{
        chat::sidebar::{former_users::Gone, unread::unread},
        context::router::{LOBBY, Navigator, address},
        i18n::texts,
        kit::{
            avatar::Face,
            boxed::{Boxed, Boxing as _},
            icons,
            keyed_list::{KeyedRow, list},
            lazy::{Lazy, lazy},
            reactive::{live, live_view, memo, on},
            user_name::Name,
        },
    },
};

/// The rooms: the Lobby.
#[component]
pub(crate) fn Rooms() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Navigator>();
    let lobby = memo(move || store.conversations.with(|conversations| conversations.lobby().map(|lobby| lobby.id)));
    let current = move || (lobby.get().is_some() && here.conversation.get() == lobby.get()).then_some("page");
    view! {
        <h2>{t.rooms}</h2>
        <ul>
            <li>
                <a class="row" href=LOBBY aria-current=live(current)>
                    <span class="icon-box">{icons::hash()}</span>
                    <span class="name">{t.lobby}</span>
                    {unread(store, move || lobby.get().into_iter().collect())}
                </a>
            </li>
        </ul>
    }
}

/// The directs in which something was said, and the one that is open.
#[component]
pub(crate) fn Private() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Navigator>();
    let directs = memo(move || {
        let open = here.conversation.get();
        let worth_showing = |talk: &Conversation| talk.last_seq.0 > 0 || Some(talk.id) == open;
        store.conversations.with(|conversations| {
            let directs = conversations.directs().into_iter().filter(|(talk, _)| worth_showing(talk));
            directs.map(|(talk, with)| (talk.id, with.clone())).collect::<Vec<_>>()
        })
    });
    let row = move |(id, with): (ConversationId, User)| {
        let user = with.id;
        let is_here = Signal::derive(move || store.presence.with(|presence| presence.is_online(user)));
        let current = move || (here.conversation.get() == Some(id)).then_some("page");
        view! {
            <li>
                <a class="row" href=address(id) aria-current=live(current)>
                    <Face id=user nickname=with.nickname.clone() small=true here=is_here/>
                    <Name user=with class="name"/>
                    {unread(store, move || vec![id])}
                </a>
            </li>
        }
        .boxed()
    };
    let item = move |(id, with): (ConversationId, Companion)| {
        (!with.gone).then(|| KeyedRow::new((0, id.as_uuid().as_u128()), move || row((id, with.user))))
    };
    let rows = move || directs.get().into_iter().filter_map(item).collect();
    let rest = Lazy::new(&REST, load_rest);
    view! {
        <h2 hidden=live(move || directs.with(Vec::is_empty))>{t.private}</h2>
        <ul hidden=live(move || directs.with(|directs| directs.iter().all(|(_, with)| with.gone)))>
            {list(rows)}
        </ul>
        {live_view(move || rest.follow().map(|rest| rest()))}
    }
}

lazy!(REST, load_rest, fill_rest, fn() -> Boxed = rest);

/// What is below the list of directs.
fn rest() -> Boxed {
    view! { <Gone/> <ShowMore/> }.boxed()
}

/// Fetches the directs that are further down in the list.
#[component]
fn ShowMore() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let has_more = memo(move || store.conversations.with(|conversations| conversations.older().is_some()));
    let (is_busy, has_failed) = (RwSignal::new(false), RwSignal::new(false));
    let show = move |_: MouseEvent| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let has_come = store.show_more().await;
            has_failed.try_set(!has_come);
            is_busy.try_set(false);
        });
    };
    live_view(move || {
        has_more.get().then(|| {
            view! {
                <p class="hint small">
                    <button type="button" class="link" aria-busy=live(move || is_busy.get().to_string()) on:click=on(show)>
                        {t.show_more}
                    </button>
                    <span class="problem" role="alert">{live(move || has_failed.get().then_some(t.unreachable))}</span>
                </p>
            }
        })
    })
}

/// Who is here: a click begins to talk with them alone.
#[component]
pub(crate) fn HereNow() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Navigator>();
    let others = memo(move || {
        let me = store.me.with(|me| me.as_ref().map(|me| me.id));
        let others = |users: &[User]| users.iter().filter(|user| Some(user.id) != me).cloned().collect::<Vec<_>>();
        store.presence.with(|presence| others(presence.online()))
    });
    let count = move || store.presence.with(|presence| presence.count());
    let problem = RwSignal::new(None::<String>);
    // The very user whom the row shows, whoever has the name by now.
    let talk_to = Callback::new(move |user: UserId| {
        problem.set(None);
        spawn_local(async move {
            match store.open_direct_with(user).await {
                Ok(conversation) => here.go(&address(conversation)),
                Err(Some(code)) => problem.set(Some((t.error)(code))),
                Err(None) => problem.set(Some(t.unreachable.to_owned())),
            }
        });
    });
    let row = move |user: User| {
        let id = user.id;
        view! {
            <li>
                <button type="button" class="row" on:click=on(move |_| talk_to.run(id))>
                    <Face id=user.id nickname=user.nickname.clone() small=true here=true/>
                    <Name user class="name"/>
                </button>
            </li>
        }
        .boxed()
    };
    let item = move |user: User| KeyedRow::new((0, user.id.as_uuid().as_u128()), move || row(user));
    let rows = move || others.get().into_iter().map(item).collect();
    let hint = move || match (others.with(Vec::is_empty), count()) {
        (true, 2..) => Some(t.too_many_to_list),
        (true, 1) => Some(t.alone),
        _ => None,
    };
    view! {
        <h2>{live(move || (t.here_now)(count()))}</h2>
        <p class="hint problem small" role="alert">{live(move || problem.get())}</p>
        <ul aria-label=live(move || (t.here_now)(count()))>
            {list(rows)}
        </ul>
        {live_view(move || hint().map(|hint| view! { <p class="hint quiet small">{hint}</p> }))}
    }
}
