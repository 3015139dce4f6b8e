//! The row of a message. It stays the same row from the outbox to the log.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::{Body, CommandId, Mention, Message, Reaction, Timestamp, User, UserId},
    ui::{
        chat::{
            message_view::{DeliveryStatus, MessageView},
            quote::LazyQuotes,
            timeline::{
                button_actions::{ButtonAction, text_button},
                lazy_menu::LazyMenu,
                reactions::{add_reaction_button, reaction_button, row_id},
                reply_parts::{quote_button, thread_button},
                row_signals::RowSignals,
            },
        },
        i18n::{Language, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            icons,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{memo, reactive, reactive_view},
            sentence::sentence,
            time_format,
            user_name::UserName,
        },
        markdown::Formatting,
    },
};

/// What a message says.
#[derive(Clone, PartialEq)]
struct MessageContent {
    body: Body,
    mentions: Vec<Mention>,
    edited_at: Option<Timestamp>,
    is_deleted: bool,
    is_pinned: bool,
}

impl MessageContent {
    fn of(message: &Message) -> Self {
        Self {
            body: message.body.clone(),
            mentions: message.mentions.clone(),
            edited_at: message.edited_at,
            is_deleted: message.deleted,
            is_pinned: message.pinned,
        }
    }
}

/// Whether a message of somebody else mentions the user `me`, or everyone.
fn names(message: &Message, me: Option<UserId>) -> bool {
    let is_me = |mention: &Mention| mention.user().is_none_or(|user| Some(user.id) == me);
    Some(message.author.id) != me && message.mentions.iter().any(is_me)
}

/// The row of a message. At the start of a group it shows the author and the time.
#[component]
pub(super) fn MessageRow(
    /// The id of the command that sent the message.
    id: CommandId,
    /// The signals of this row.
    row: RowSignals,
    /// The menu of the timeline.
    menu: StoredValue<LazyMenu>,
    /// The formatting of messages.
    formatting: Formatting,
    /// The quotes above replies.
    quotes: LazyQuotes,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let RowSignals { view, starts_group, has_menu, is_being_edited, .. } = row;
    // Untracked, because the whole page is rendered again when another user signs in.
    let me = store.me.with_untracked(|me| me.as_ref().map(|me| me.id));
    view.with_untracked(|view| {
        view.iter().for_each(|view| formatting.prepare(view.message.body.as_str(), &view.message.mentions));
    });
    let is = move |predicate: fn(&MessageView) -> bool| view.with(|view| view.as_ref().is_some_and(predicate));

    let time = move |at: Timestamp, class: &'static str, text: String| {
        let (datetime, full) = (time_format::iso_8601(at), time_format::full_date_and_time(at, language));
        view! { <time class=class datetime=datetime title=full>{text}</time> }.boxed()
    };
    let head = move || {
        let Some(MessageView { message: Message { author, at, .. }, .. }) = view.get().filter(|_| starts_group.get())
        else {
            return ().boxed();
        };
        let User { id, nickname, registered, role } = &author;
        let key = format!("{id} {} {registered} {} {}", nickname.as_str(), role.name(), at.0);
        view! {
            <Avatar id=author.id nickname=author.nickname.clone()/>
            <p class="message-head">
                <UserName user=author class="author" is_static=true/>
                " "
                {time(at, "at", time_format::time_of_day(at, language))}
            </p>
        }
        .boxed_as(&key)
    };
    // Within a group the author is not shown, so screen readers get the name here.
    let hidden_author = move || {
        let Some(view) = view.get().filter(|_| !starts_group.get()) else { return ().boxed() };
        let name = format!("{}: ", t.name_in(&view.message.author.nickname));
        view! { <span class="visually-hidden">{sentence(&name)}</span> }.boxed_as(&name)
    };
    // Rendered again only when it changes, because formatting has state of its own, such as what is unfolded.
    let content = memo(move || view.with(|view| view.as_ref().map(|view| MessageContent::of(&view.message))));
    let text = move || match content.get() {
        None => ().boxed(),
        Some(MessageContent { is_deleted: true, .. }) => t.timeline.deleted.boxed(),
        Some(MessageContent { body, mentions, edited_at, is_pinned, .. }) => {
            let mut parts = vec![formatting.view(body.as_str(), &mentions, row.formatting.get())];
            if let Some(at) = edited_at {
                parts.push(" ".boxed());
                parts.push(edited_mark(time(at, "", t.timeline.edited.to_owned()), row));
            }
            if is_pinned {
                let pinned = t.timeline.pinned;
                parts.push(" ".boxed());
                parts.push(view! { <span class="pin-mark">{icons::pin()} {pinned}</span> }.boxed());
            }
            parts.boxed()
        }
    };
    let reactions = move || {
        let (Some(view), Some(me)) = (view.get(), me) else { return Vec::new() };
        let button = |reaction: Reaction| {
            let id = row_id(&reaction.emoji);
            KeyedRow::new((0, id), move || reaction_button(reaction.emoji, row, me, t))
        };
        view.message.reactions.into_iter().map(button).collect()
    };
    // The server's page has no picker.
    let has_reactions = memo(move || !cfg!(feature = "ssr") && is(|view| !view.message.reactions.is_empty()));
    let add_reaction = move || has_reactions.get().then(|| add_reaction_button(row, t));
    let status = move || {
        let Some(view) = view.get() else { return ().boxed() };
        let (class, text, failed) = match view.status {
            DeliveryStatus::Done => return ().boxed(),
            DeliveryStatus::Failed(command, code) => {
                let what = if command == id { t.timeline.not_sent } else { t.timeline.not_changed };
                ("delivery-status problem small", format!("{what} {} ", (t.errors.error)(code)), Some(command))
            }
            DeliveryStatus::Pending if store.connection_status.get() != ConnectionStatus::Online => {
                ("delivery-status pending", t.timeline.waiting_for_connection.to_owned(), None)
            }
            DeliveryStatus::Pending | DeliveryStatus::Sending => {
                ("delivery-status pending", t.timeline.sending.to_owned(), None)
            }
        };
        let button = |action, label| failed.map(|command| text_button("link", action, Some(command), label));
        let buttons =
            [button(ButtonAction::Retry, t.timeline.retry), button(ButtonAction::Discard, t.timeline.discard)];
        let key = format!("{text}{}", failed.map(|command| command.to_string()).unwrap_or_default());
        view! { <p class=class role="status">{text} {buttons}</p> }.boxed_as(&key)
    };
    let menu_view = move || has_menu.get().then(|| menu.get_value().view(row));
    view! {
        <li
            class="message"
            data-id=id.to_string()
            tabindex="-1"
            class:mine=reactive(move || view.with(|view| view.as_ref().map(|view| view.message.author.id)) == me)
            class:starts-group=reactive(move || starts_group.get())
            class:deleted=reactive(move || is(|view| !view.message.has_text()))
            class:told=reactive(move || view.with(|view| view.as_ref().is_some_and(|view| names(&view.message, me))))
            class:being-edited=reactive(move || is_being_edited.get())
            data-pending=reactive(move || {
                is(|view| matches!(view.status, DeliveryStatus::Pending | DeliveryStatus::Sending)).to_string()
            })
        >
            {reactive(head)}
            <div class="message-content">
                {quote_button(row, quotes)}
                {reactive(hidden_author)}
                <div class="body" dir="auto">{reactive(text)}</div>
                <div class="reactions">
                    <div role="group" aria-label=t.timeline.reactions aria-live="off">{keyed_list(reactions)}</div>
                    {reactive_view(add_reaction)}
                </div>
                {menu.with_value(|menu| menu.menu.draft.id.thread).is_none().then(|| thread_button(row))}
                {reactive(status)}
            </div>
            {reactive_view(menu_view)}
        </li>
    }
}

/// The time of the last edit, as a button that shows the earlier texts. The server's page has nothing to show them.
fn edited_mark(time: Boxed, RowSignals { has_menu, .. }: RowSignals) -> Boxed {
    if cfg!(feature = "ssr") {
        return view! { <span class="edited">{time}</span> }.boxed();
    }
    // Tab reaches only the buttons of the message that has the menu, as for reactions.
    let tab_index = reactive(move || if has_menu.get() { "0" } else { "-1" });
    view! {
        <button
            type="button"
            class="edited"
            data-action=ButtonAction::ShowVersions.name()
            title=texts().timeline.show_versions
            tabindex=tab_index
        >
            {time}
        </button>
    }
    .boxed()
}
