//! The members of a room, and the form that adds others.

use std::cmp::Reverse;

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, members as fetch_members, refused},
    domain::{ConversationId, MemberPage, Message, RoomMember, UserId, find_substring, lowercase},
    protocol::ErrorCode,
    ui::{
        context::router::{Navigator, conversation_path},
        i18n::{InSentence, room_screens::members::ROOM_MEMBERS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::{focus_by_id, input_value, set_input_value},
            form_request::FormRequest,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{effect, memo, on, reactive, reactive_view},
            sentence::sentence,
            skeleton::skeleton,
        },
        rooms::{member_row::MemberRow, refusal::refusal_text, room::room as room_of, text_field::TextField},
    },
};

/// The id of the field for the nickname of a new member.
const NICKNAME: &str = "new-member";
/// The id of the list of nicknames that the field suggests.
const SUGGESTIONS: &str = "new-member-suggestions";

/// The errors that are about the nickname.
const NICKNAME_ERRORS: &[ErrorCode] = &[ErrorCode::UnknownUser, ErrorCode::InvalidNickname];

/// The members that have been fetched. A handle: copies share the same state.
#[derive(Clone, Copy)]
struct MemberList {
    room: ConversationId,
    /// The members; `None` until the first answer.
    members: RwSignal<Option<Vec<RoomMember>>>,
    /// The cursor for the rest.
    after: RwSignal<Option<String>>,
    refusal: RwSignal<Option<RequestError>>,
    /// Counts the requests: answers to earlier ones are dropped.
    request: StoredValue<u32>,
}

impl MemberList {
    /// Fetches at least as many members as are known.
    fn refresh(self) {
        let count = self.members.with_untracked(|members| members.as_ref().map_or(0, Vec::len));
        self.fetch(Vec::new(), None, count.max(1));
    }

    /// Fetches the next part.
    fn fetch_more(self) {
        let known = self.members.get_untracked().unwrap_or_default();
        let count = known.len() + 1;
        self.fetch(known, self.after.get_untracked(), count);
    }

    /// Fetches members after `after` until there are `count`, or no more.
    fn fetch(self, mut known: Vec<RoomMember>, mut after: Option<String>, count: usize) {
        let Some(request) = self.request.try_update_value(|count| {
            *count += 1;
            *count
        }) else {
            return;
        };
        spawn_local(async move {
            loop {
                let answer = fetch_members(self.room, after.as_deref()).await;
                if self.request.try_get_value() != Some(request) {
                    return;
                }
                let MemberPage { members, after: next } = match answer {
                    Ok(page) => page,
                    Err(refusal) => return self.refusal.set(Some(refusal)),
                };
                known.extend(members);
                after = next;
                if known.len() >= count || after.is_none() {
                    break;
                }
            }
            self.refusal.set(None);
            self.after.set(after);
            self.members.set(Some(known));
        });
    }
}

/// The members of a room.
#[component]
pub(super) fn Members(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_MEMBERS.current());
    let list = MemberList {
        room,
        members: RwSignal::new(None),
        after: RwSignal::new(None),
        refusal: RwSignal::new(None),
        request: StoredValue::new(0),
    };
    // Who is in the room, and in which role, changes by events that the timeline shows as notices.
    let timeline = store.timeline(room.into());
    let newest_notice = memo(move || {
        timeline.with(|timeline| timeline.messages().rev().find(|message| Message::is_notice(message)).map(|it| it.seq))
    });
    effect(move || {
        // Read, because a memo that nobody has read follows nothing.
        newest_notice.get();
        list.refresh();
    });
    let filter = RwSignal::new(String::new());
    let opened = RwSignal::new(None);
    let shown = memo(move || {
        let part = lowercase(filter.with(|filter| filter.trim().to_owned()).as_str());
        let matches = |member: &RoomMember| find_substring(&part, &lowercase(member.user.nickname.as_str())).is_some();
        let mut shown: Vec<RoomMember> =
            list.members.with(|members| members.iter().flatten().filter(|member| matches(member)).cloned().collect());
        // The server's order within a rank is that of keys in which letters that look alike are one, such as `m` and `rn`.
        shown.sort_by_cached_key(|RoomMember { user, role, .. }| {
            (Reverse(user.role.max(*role)), lowercase(user.nickname.as_str()))
        });
        shown
    });
    let navigator = expect_context::<Navigator>();
    // By id, because another user may have taken the nickname since.
    let write_to = Callback::new(move |user: UserId| {
        spawn_local(async move {
            match store.open_direct_with(user).await {
                Ok(direct) => navigator.go_to(&conversation_path(direct)),
                Err(code) => drop(list.refusal.try_set(Some(refused(code)))),
            }
        });
    });
    let this_room = room_of(store, room);
    let rows = move || {
        let my_rank_and_room = this_room.get();
        let item = |member: RoomMember| {
            let this_room = my_rank_and_room.clone();
            // A member with another role is another row.
            let roles = member.role as u8 * 3 + member.user.role as u8;
            let rights = this_room.as_ref().map_or(0, |room| room.role as u8 + 1);
            let key = (roles * 4 + rights, member.user.id.as_uuid().as_u128());
            KeyedRow::new(key, move || view! { <MemberRow room member opened write_to/> }.boxed())
        };
        shown.get().into_iter().map(item).collect()
    };
    let state = move || -> Boxed {
        if let Some(refusal) = list.refusal.get() {
            return view! {
                <p class="hint small" role="alert">
                    {refusal_text(&refusal)} " "
                    <button type="button" class="link" on:click=on(move |_| list.refresh())>{texts().timeline.retry}</button>
                </p>
            }
            .boxed();
        }
        match (list.members.with(Option::is_some), shown.with(Vec::is_empty)) {
            (false, _) => skeleton(t.loading_members),
            (true, true) => view! { <p class="hint quiet small" role="status">{t.nobody_found}</p> }.boxed(),
            (true, false) => ().boxed(),
        }
    };
    let more = move || {
        list.after.with(Option::is_some).then(|| {
            view! {
                <p class="hint small">
                    <button type="button" class="link" on:click=on(move |_| list.fetch_more())>{texts().sidebar.show_more}</button>
                </p>
            }
        })
    };
    let may_add = memo(move || this_room.with(|room| room.as_ref().is_some_and(|room| !room.archived && !room.lobby)));
    view! {
        <div class="room-panel-body">
            {reactive_view(move || may_add.get().then(|| view! { <AddMember room/> }))}
            <label class="visually-hidden" for="member-filter">{t.find_member}</label>
            <input
                id="member-filter"
                class="field"
                type="search"
                autocomplete="off"
                placeholder=t.find_member
                on:input:target=move |event| filter.set(event.target().value())
            />
            {reactive_view(state)}
            <ul class="members" aria-label=t.members>{keyed_list(rows)}</ul>
            {reactive_view(more)}
        </div>
    }
}

/// A form that adds a user to the room. The field suggests users who are online.
#[component]
fn AddMember(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_MEMBERS.current());
    let request = FormRequest::new(None);
    let success = RwSignal::new(None::<String>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let nickname = input_value(NICKNAME).trim().to_owned();
        if nickname.is_empty() || !request.start() {
            return;
        }
        success.set(None);
        spawn_local(async move {
            match store.add_member(room, nickname.clone()).await {
                Ok(()) => {
                    request.finish(None);
                    set_input_value(NICKNAME, "");
                    success.try_set(Some((t.added)(InSentence(&nickname))));
                }
                Err(refusal) => request.finish(Some(refusal)),
            }
            focus_by_id(NICKNAME);
        });
    };
    let me = store.nickname();
    let suggestions = move || {
        store.presence.with(|presence| {
            let others = presence.online().iter().map(|user| user.nickname.as_str().to_owned());
            let others = others.filter(|name| Some(name) != me.as_ref());
            others.map(|name| view! { <option value=name></option> }.boxed()).collect::<Vec<Boxed>>()
        })
    };
    let problem = move || {
        let refusal = request.refusal()?;
        let is_at_field = refusal.code().is_some_and(|code| NICKNAME_ERRORS.contains(&code));
        (!is_at_field).then(|| refusal_text(&refusal))
    };
    view! {
        <form class="fields add-member" on:submit=on(submit)>
            <TextField id=NICKNAME label=t.add_people placeholder=t.nickname request codes=NICKNAME_ERRORS list=SUGGESTIONS/>
            <datalist id=SUGGESTIONS>{reactive_view(suggestions)}</datalist>
            <button
                type="submit"
                class="button secondary"
                aria-disabled=reactive(move || request.is_blocked().to_string())
            >
                {reactive(move || request.button_label(texts(), t.add, t.adding))}
            </button>
            <p class="problem small" role="alert">{reactive(problem)}</p>
            <p class="quiet small" role="status">{reactive(move || success.get().map(|text| sentence(&text)))}</p>
        </form>
    }
}
