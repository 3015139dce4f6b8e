//! About a room: topic and link, and the settings that the user's role allows.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};

use crate::{
    client::{ClientStore, RequestError, SettingChange},
    domain::{ConversationId, Posting, Role, Room, Visibility},
    protocol::ErrorCode,
    ui::{
        context::router::conversation_path,
        i18n::{room_screens::settings::ROOM_SETTINGS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            clipboard::copy_text,
            dom::{focus_by_id, input_value},
            form_request::FormRequest,
            icons,
            reactive::{memo, on, reactive, reactive_view},
        },
        rooms::{
            ending::{Archive, Leave, Restore},
            refusal::refusal_text,
            room::{rank, room as room_of, room_icon},
            text_field::TextField,
        },
    },
};

// The ids of elements.
const NAME: &str = "room-name";
const TOPIC: &str = "room-topic";

/// Topic, link and settings of a room.
#[component]
pub(super) fn About(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_SETTINGS.current());
    let this_room = room_of(store, room);
    let my_rank = memo(move || this_room.with(|room| room.as_ref().map_or(Role::Member, |room| rank(store, room))));
    let of_room = move |value: fn(&Room) -> bool| memo(move || this_room.with(|room| room.as_ref().is_some_and(value)));
    let (is_lobby, is_archived) = (of_room(|room| room.lobby), of_room(|room| room.archived));
    let facts = move || {
        this_room.get().map(|room| {
            let kind = match (room.lobby, room.visibility) {
                (true, _) => ().boxed(),
                (_, Visibility::Public) => t.public_room.boxed(),
                (_, Visibility::Private) => t.private_room.boxed(),
            };
            let topic = match (room.topic.as_str(), room.lobby) {
                ("", true) => texts().conversation.lobby_topic,
                ("", false) => t.no_topic,
                (topic, _) => topic,
            };
            let icon = (!room.lobby).then(|| view! { <span class="icon-box">{room_icon(room.visibility)}</span> });
            view! {
                <p class="room-topic" dir="auto">{topic.to_owned()}</p>
                <p class="room-kind quiet small">{icon} <span>{kind}</span></p>
            }
        })
    };
    let is_copied = RwSignal::new(None::<bool>);
    let copy = move |_: MouseEvent| {
        let origin = location().origin().unwrap_or_default();
        is_copied.set(Some(copy_text(&format!("{origin}{}", conversation_path(room)))));
    };
    let copied = move || is_copied.get().map(|is_copied| if is_copied { t.link_copied } else { t.copy_failed });
    let may_edit = move || my_rank.get() >= Role::Moderator && !is_archived.get();
    let owns = move || my_rank.get() == Role::Owner;
    let texts_forms = move || {
        may_edit().then(|| {
            let current = this_room.get_untracked();
            let name = (!is_lobby.get()).then(|| {
                let name = current.as_ref().map(|room| room.name.as_str().to_owned()).unwrap_or_default();
                view! { <TextSetting room id=NAME label=t.name value=name codes=NAME_ERRORS make=SettingChange::Name/> }
            });
            let topic = current.map(|room| room.topic.as_str().to_owned()).unwrap_or_default();
            view! {
                {name}
                <TextSetting room id=TOPIC label=t.topic value=topic codes=TOPIC_ERRORS make=SettingChange::Topic/>
            }
        })
    };
    let choices = move || {
        (owns() && !is_archived.get()).then(|| {
            let visibility = (!is_lobby.get()).then(|| view! { <VisibilityChoice room/> });
            view! { {visibility} <PostingChoice room/> }
        })
    };
    let ends = move || {
        (!is_lobby.get()).then(|| {
            let archive = owns().then(|| {
                if is_archived.get() { view! { <Restore room/> }.boxed() } else { view! { <Archive room/> }.boxed() }
            });
            view! { <div class="room-ends">{archive} <Leave room/></div> }
        })
    };
    view! {
        <div class="room-panel-body">
            {reactive_view(facts)}
            <p>
                <button type="button" class="button secondary" on:click=on(copy)>{icons::link()} {t.copy_link}</button>
                " "
                <span class="quiet small" role="status">{reactive(copied)}</span>
            </p>
            {reactive_view(texts_forms)}
            {reactive_view(choices)}
            {reactive_view(ends)}
        </div>
    }
}

const NAME_ERRORS: &[ErrorCode] = &[ErrorCode::InvalidRoomName, ErrorCode::RoomNameTaken];
const TOPIC_ERRORS: &[ErrorCode] = &[ErrorCode::TopicTooLong];

/// A form for the name or the topic.
#[component]
fn TextSetting(
    /// The room.
    room: ConversationId,
    /// The id of the field.
    id: &'static str,
    /// The label of the field.
    label: &'static str,
    /// The present text.
    value: String,
    /// The errors that are about the text.
    codes: &'static [ErrorCode],
    /// Makes the setting from the text.
    make: fn(String) -> SettingChange,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_SETTINGS.current());
    let request = FormRequest::new(None);
    let is_saved = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !request.start() {
            return;
        }
        is_saved.set(false);
        spawn_local(async move {
            let outcome = store.change_room(room, make(input_value(id))).await;
            is_saved.try_set(outcome.is_ok());
            request.finish(outcome.err());
            focus_by_id(id);
        });
    };
    let problem = move || {
        let refusal = request.refusal()?;
        let is_at_field = refusal.code().is_some_and(|code| codes.contains(&code));
        (!is_at_field).then(|| refusal_text(&refusal))
    };
    view! {
        <form class="fields text-setting" on:submit=on(submit)>
            <TextField id label value request codes/>
            <button type="submit" class="button secondary" aria-disabled=reactive(move || request.is_blocked().to_string())>
                {reactive(move || request.button_label(texts(), t.save, t.saving))}
            </button>
            <p class="problem small" role="alert">{reactive(problem)}</p>
            <p class="quiet small" role="status">{reactive(move || is_saved.get().then_some(t.saved))}</p>
        </form>
    }
}

/// The choice who can see the room.
#[component]
fn VisibilityChoice(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let t = ROOM_SETTINGS.current();
    let current = room_of(expect_context::<ClientStore>(), room);
    let option = |visibility: Visibility| ChoiceOption {
        label: (t.visibility)(visibility),
        effect: (t.visibility_effect)(visibility),
        setting: SettingChange::Visibility(visibility),
        is_chosen: memo(move || current.with(|room| room.as_ref().is_some_and(|room| room.visibility == visibility))),
    };
    view! { <SettingChoice room name="room-visibility" legend=t.who_can_see options=Visibility::ALL.map(option).into()/> }
}

/// The choice who may write.
#[component]
fn PostingChoice(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let t = ROOM_SETTINGS.current();
    let current = room_of(expect_context::<ClientStore>(), room);
    let option = |posting: Posting| ChoiceOption {
        label: (t.posting)(posting),
        effect: "",
        setting: SettingChange::Posting(posting),
        is_chosen: memo(move || current.with(|room| room.as_ref().is_some_and(|room| room.posting == posting))),
    };
    view! { <SettingChoice room name="room-posting" legend=t.who_can_write options=Posting::ALL.map(option).into()/> }
}

/// One of several values of a setting.
struct ChoiceOption {
    label: &'static str,
    effect: &'static str,
    setting: SettingChange,
    is_chosen: Memo<bool>,
}

/// Radio buttons for a setting. A choice applies at once.
#[component]
fn SettingChoice(
    /// The room.
    room: ConversationId,
    /// The name of the radio buttons.
    name: &'static str,
    /// What is chosen.
    legend: &'static str,
    /// The values.
    options: Vec<ChoiceOption>,
) -> impl IntoView {
    let store = expect_context::<ClientStore>();
    let problem = RwSignal::new(None::<RequestError>);
    let radio = move |ChoiceOption { label, effect, setting, is_chosen }: ChoiceOption| {
        let choose = move |_| {
            let setting = setting.clone();
            problem.set(None);
            spawn_local(async move {
                if let Err(refusal) = store.change_room(room, setting).await {
                    problem.try_set(Some(refusal));
                }
            });
        };
        view! {
            <label class="option">
                <input type="radio" name=name prop:checked=is_chosen on:change=choose/>
                <b>{label}</b>
                <span class="quiet small">{effect}</span>
            </label>
        }
        .boxed()
    };
    view! {
        <fieldset class="options">
            <legend>{legend}</legend>
            {options.into_iter().map(radio).collect::<Vec<Boxed>>()}
            <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
        </fieldset>
    }
}
