//! A member of a room, and what the user can do with them.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError},
    domain::{ConversationId, Role, RoomMember, UserId},
    ui::{
        i18n::{room_screens::members::ROOM_MEMBERS, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            reactive::{memo, on, reactive, reactive_view},
            sentence::sentence,
            user_name::UserName,
        },
        rooms::{
            refusal::refusal_text,
            room::{rank, room as room_of},
        },
    },
};

/// A member. A click opens the actions: writing to them, and what the user's role in the room allows.
#[component]
pub(super) fn MemberRow(
    /// The room.
    room: ConversationId,
    /// The member.
    member: RoomMember,
    /// The member whose actions are open.
    opened: RwSignal<Option<UserId>>,
    /// Opens the direct with a user.
    write_to: Callback<UserId>,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_MEMBERS.current());
    let RoomMember { user, role, online } = member;
    let id = user.id;
    let is_me = store.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.id == id));
    let is_online =
        Signal::derive(move || store.presence.with(|presence| presence.is_online_if_known(id)).unwrap_or(online));
    let name = user.nickname.clone();
    let member_rank = role.max(user.role);
    let is_registered = user.registered;
    let role_name = (t.room_role)(role);
    let label = view! {
        <Avatar id nickname=name.clone() small=true online=is_online/>
        <UserName user class="name"/>
        {(!role_name.is_empty()).then(|| view! { <small class="role">{role_name}</small> })}
        {reactive_view(move || is_online.get().then(|| view! { <span class="visually-hidden">{t.online}</span> }))}
    }
    .boxed();
    if is_me {
        return view! { <li><div class="row plain">{label}</div></li> }.boxed();
    }
    let is_open = memo(move || opened.get() == Some(id));
    let toggle = move |_: MouseEvent| opened.set((!is_open.get_untracked()).then_some(id));
    let my_rank =
        memo(move || room_of(store, room).with(|room| room.as_ref().map_or(Role::Member, |room| rank(store, room))));
    // Everybody is in the Lobby by their role on the server alone.
    let is_lobby = memo(move || room_of(store, room).with(|room| room.as_ref().is_some_and(|room| room.lobby)));
    let asks_removal = RwSignal::new(false);
    let problem = RwSignal::new(None::<RequestError>);
    let finish = move |outcome: Result<(), RequestError>| match outcome {
        Ok(()) => drop(opened.try_set(None)),
        Err(refusal) => drop(problem.try_set(Some(refusal))),
    };
    let act = move |action: MemberAction| {
        problem.set(None);
        spawn_local(async move {
            finish(match action {
                MemberAction::Appoint(role) => store.appoint(room, id, role).await,
                MemberAction::Remove => store.remove_member(room, id).await,
            });
        });
    };
    let button = move |label: &'static str, press: Box<dyn FnMut(MouseEvent)>| {
        view! { <button type="button" class="button secondary small" on:click=press>{label}</button> }.boxed()
    };
    let question = (t.remove_question)(texts().name_in(&name));
    let group_label = (t.actions_for)(texts().name_in(&name));
    let actions = move || -> Boxed {
        if !is_open.get() {
            return ().boxed();
        }
        let is_above = my_rank.get() > member_rank;
        let mut buttons: Vec<Boxed> = Vec::new();
        if asks_removal.get() {
            buttons.push(view! { <p class="small">{sentence(&question)}</p> }.boxed());
            buttons.push(button(texts().composer.cancel, on(move |_| asks_removal.set(false))));
            let remove = on(move |_: MouseEvent| act(MemberAction::Remove));
            buttons.push(
                view! { <button type="button" class="button danger small" on:click=remove>{t.remove}</button> }.boxed(),
            );
        } else {
            buttons.push(button(t.write_privately, on(move |_| write_to.run(id))));
            if my_rank.get() == Role::Owner && is_above && is_registered && !is_lobby.get() {
                for other in Role::ALL.into_iter().filter(|other| *other != role) {
                    buttons.push(button((t.make)(other), on(move |_| act(MemberAction::Appoint(other)))));
                }
            }
            if my_rank.get() >= Role::Moderator && is_above {
                buttons.push(button(t.remove, on(move |_| asks_removal.set(true))));
            }
        }
        view! {
            <div class="member-actions" role="group" aria-label=group_label.clone()>
                {buttons}
                <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
            </div>
        }
        .boxed()
    };
    view! {
        <li>
            <button type="button" class="row" aria-expanded=reactive(move || is_open.get().to_string()) on:click=on(toggle)>
                {label}
            </button>
            {reactive_view(actions)}
        </li>
    }
    .boxed()
}

/// What the user does to a member.
#[derive(Clone, Copy)]
enum MemberAction {
    /// Gives them another role in the room.
    Appoint(Role),
    /// Removes them from the room.
    Remove,
}
