//! The lists of people in the sidebar: directs and online users.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::ClientStore,
    domain::{Companion, Conversation, ConversationId, User, UserId},
    ui::{
        chat::{
            conversation_menu::{LazyActions, menu_button},
            sidebar::{draft_mark::draft_mark, former_users::FormerDirects, marks::marks},
        },
        context::router::{Navigator, conversation_path},
        i18n::texts,
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            keyed_list::{KeyedRow, keyed_list},
            lazy::{Lazy, lazy},
            reactive::{memo, on, reactive, reactive_view},
            user_name::UserName,
        },
    },
};

/// The directs that have messages or a draft, and the open one.
#[component]
pub(super) fn Directs() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let directs = memo(move || {
        let open = navigator.conversation.get();
        let is_listed =
            |direct: &Conversation| direct.last_seq.0 > 0 || Some(direct.id) == open || store.has_draft(direct.id);
        store.conversations.with(|conversations| {
            let directs = conversations.directs().into_iter().filter(|(direct, _)| is_listed(direct));
            directs.map(|(direct, companion)| (direct.id, companion.clone())).collect::<Vec<_>>()
        })
    });
    let actions = LazyActions::new();
    let row = move |(id, user): (ConversationId, User)| {
        let user_id = user.id;
        let nickname = user.nickname.clone();
        let options = move || (t.sidebar.options)(t.name_in(&nickname));
        let is_online = Signal::derive(move || store.presence.with(|presence| presence.is_online(user_id)));
        let current = move || (navigator.conversation.get() == Some(id)).then_some("page");
        view! {
            <li class="with-menu">
                <a class="row" href=conversation_path(id) aria-current=reactive(current)>
                    <Avatar id=user_id nickname=user.nickname.clone() small=true online=is_online/>
                    <UserName user class="name"/>
                    {draft_mark(store, navigator, id)}
                    {marks(store, move || vec![id])}
                </a>
                {menu_button(id, actions, "list", options)}
            </li>
        }
        .boxed()
    };
    let item = move |(id, companion): (ConversationId, Companion)| {
        (!companion.gone).then(|| KeyedRow::new((0, id.as_uuid().as_u128()), move || row((id, companion.user))))
    };
    let rows = move || directs.get().into_iter().filter_map(item).collect();
    let below_directs = Lazy::new(&BELOW_DIRECTS, load_below_directs);
    view! {
        <h2 hidden=reactive(move || directs.with(Vec::is_empty))>{t.sidebar.private}</h2>
        <ul hidden=reactive(move || directs.with(|directs| directs.iter().all(|(_, companion)| companion.gone)))>
            {keyed_list(rows)}
        </ul>
        {reactive_view(move || below_directs.get_tracked().map(|below_directs| below_directs()))}
    }
}

lazy!(chat: BELOW_DIRECTS, load_below_directs, fill_below_directs, fn() -> Boxed = below_directs);

/// The part below the list of directs.
fn below_directs() -> Boxed {
    view! { <FormerDirects/> <ShowMore/> }.boxed()
}

/// A button that fetches more directs. The server sends the list in pages.
#[component]
fn ShowMore() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let has_more = memo(move || store.conversations.with(|conversations| conversations.older().is_some()));
    let (is_busy, has_failed) = (RwSignal::new(false), RwSignal::new(false));
    let show_more = move |_: MouseEvent| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let has_loaded = store.load_more_conversations().await;
            has_failed.try_set(!has_loaded);
            is_busy.try_set(false);
        });
    };
    reactive_view(move || {
        has_more.get().then(|| {
            view! {
                <p class="hint small">
                    <button
                        type="button"
                        class="link"
                        aria-busy=reactive(move || is_busy.get().to_string())
                        on:click=on(show_more)
                    >
                        {t.sidebar.show_more}
                    </button>
                    <span class="problem" role="alert">{reactive(move || has_failed.get().then_some(t.errors.unreachable))}</span>
                </p>
            }
        })
    })
}

/// The users who are online. A click opens the direct with one of them.
#[component]
pub(super) fn OnlineUsers() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let others = memo(move || {
        let me = store.me.with(|me| me.as_ref().map(|me| me.id));
        let others = |users: &[User]| users.iter().filter(|user| Some(user.id) != me).cloned().collect::<Vec<_>>();
        store.presence.with(|presence| others(presence.online()))
    });
    let count = move || store.presence.with(|presence| presence.count());
    let problem = RwSignal::new(None::<String>);
    // By id, because another user may have taken the nickname since the row was rendered.
    let open_direct = Callback::new(move |user: UserId| {
        problem.set(None);
        spawn_local(async move {
            match store.open_direct_with(user).await {
                Ok(conversation) => navigator.go_to(&conversation_path(conversation)),
                Err(code) => problem.set(Some(t.errors.refusal(code))),
            }
        });
    });
    let row = move |user: User| {
        let id = user.id;
        view! {
            <li>
                <button type="button" class="row" on:click=on(move |_| open_direct.run(id))>
                    <Avatar id=user.id nickname=user.nickname.clone() small=true online=true/>
                    <UserName user class="name"/>
                </button>
            </li>
        }
        .boxed()
    };
    let item = move |user: User| KeyedRow::new((0, user.id.as_uuid().as_u128()), move || row(user));
    let rows = move || others.get().into_iter().map(item).collect();
    let hint = move || match (others.with(Vec::is_empty), count()) {
        (true, 2..) => Some(t.sidebar.too_many_to_list),
        (true, 1) => Some(t.sidebar.only_you_online),
        _ => None,
    };
    view! {
        <h2>{reactive(move || (t.sidebar.online_now)(count()))}</h2>
        <p class="hint problem small" role="alert">{reactive(move || problem.get())}</p>
        <ul aria-label=reactive(move || (t.sidebar.online_now)(count()))>
            {keyed_list(rows)}
        </ul>
        {reactive_view(move || hint().map(|hint| view! { <p class="hint quiet small">{hint}</p> }))}
    }
}
