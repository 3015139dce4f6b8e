//! The store: signals over the reducers of [`crate::state`], which the page reads.
//!
//! The files of this folder add the methods that change it.

use futures_channel::{mpsc, oneshot};
use leptos::prelude::*;

use crate::{
    client::{
        connection_command::ConnectionCommand, connection_status::ConnectionStatus, outbox_state::OutboxState,
        small_map::SmallMap, timeline_id::TimelineId,
    },
    domain::{CommandId, ConversationId, CurrentUser, EndReason, Epoch, Event, Seq, User, UserId, UserKind},
    protocol::ErrorCode,
    state::{Blocks, Conversations, Originals, Outbox, Presence, Timeline, Typing},
};

/// Everything that the page knows. It is a handle: copies refer to the same store.
#[derive(Clone, Copy)]
pub struct ClientStore {
    /// The current user; `None` before signing in.
    pub me: RwSignal<Option<CurrentUser>>,
    /// The user whose session the server has ended. The sign-in page offers to sign in as that user again.
    pub previous_user: RwSignal<Option<CurrentUser>>,
    /// Why the server has ended the last session.
    pub end_reason: RwSignal<Option<EndReason>>,
    /// Whether the user has just deleted their account.
    pub account_deleted: RwSignal<bool>,
    /// The state of the connection.
    pub connection_status: RwSignal<ConnectionStatus>,
    /// The conversations of the current user.
    pub conversations: RwSignal<Conversations>,
    /// The users whom the current user has blocked.
    pub blocks: RwSignal<Blocks>,
    /// The users who are online.
    pub presence: RwSignal<Presence>,
    /// The users who are typing.
    pub typing: RwSignal<Typing>,
    /// The commands that are not confirmed yet.
    pub outbox: RwSignal<Outbox>,
    /// Whether to warn that the browser does not store drafts and outbox; `None` as long as it does.
    pub(super) storage_warning: RwSignal<Option<bool>>,
    /// The drafts. Notifies only when a conversation or a thread gets one, or has none any more.
    pub(super) drafts: RwSignal<SmallMap<TimelineId, DraftState>>,
    pub(super) timeline_states: StoredValue<SmallMap<TimelineId, TimelineState>>,
    /// Requests that wait for an answer, by their commands.
    pub(super) pending_requests: StoredValue<SmallMap<CommandId, oneshot::Sender<CommandAnswer>>>,
    pub(super) page_state: StoredValue<PageState>,
    pub(super) outbox_state: StoredValue<OutboxState>,
}

/// State that no view depends on, but for the signals in it.
#[derive(Default)]
pub(super) struct PageState {
    /// Leads to the task that keeps the connection.
    connection: Option<mpsc::Sender<ConnectionCommand>>,
    /// The history that the cursors belong to.
    pub(super) epoch: Option<Epoch>,
    /// The conversation on the screen. Of others, only the newest messages are kept.
    pub(super) open_conversation: Option<ConversationId>,
    /// Whether the user keeps messages of the open conversation unread: then looking at its end does not mark them as read.
    pub(super) keeps_unread: bool,
    /// Events that have arrived and are not applied yet.
    pub(super) queued_events: Vec<Event>,
    /// When the last event arrived, in milliseconds since the page was opened.
    pub(super) last_event_at: u64,
    /// The conversation of the last `typing` frame, and when it was sent, in milliseconds since the page was opened.
    pub(super) last_typing: Option<(ConversationId, u64)>,
    /// Whether the user is signing out.
    pub(super) is_signing_out: bool,
    /// The messages that others reply to and that are not in a timeline. Here, so that the handle stays small.
    originals: RwSignal<Originals>,
}

/// The content of a composer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftState {
    /// The text.
    pub text: String,
    /// The message that is being edited; `None` for a new message.
    pub edit: Option<Edit>,
    /// The message that a new message replies to.
    pub reply_to: Option<Seq>,
    /// Why the server refused the text.
    pub problem: Option<ErrorCode>,
}

impl DraftState {
    /// Whether there is anything to come back for: a text, or an edit.
    pub fn is_draft(&self) -> bool {
        self.edit.is_some() || !self.text.trim().is_empty()
    }
}

/// A message that is being edited in the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The command that sent the message.
    pub message: CommandId,
    /// Its position in the log.
    pub seq: Seq,
    /// The text that was in the composer before.
    pub draft: String,
}

/// The answer to a request: the conversation, or the reason for the refusal, which is `None` without a connection.
pub(super) type CommandAnswer = Result<ConversationId, Option<ErrorCode>>;

/// The messages of a conversation or a thread, whether they are being fetched, and whether the pinned ones have changed. Those of
/// a conversation outlive the views that created them.
#[derive(Clone, Default)]
pub(super) struct TimelineState {
    pub(super) timeline: ArcRwSignal<Timeline>,
    pub(super) load: ArcRwSignal<LoadState>,
    /// Notifies of events that may have changed the pinned messages.
    pub(super) pins_changed: ArcTrigger,
    /// Whether the user has muted the thread, if it is one.
    pub(super) is_muted: ArcRwSignal<bool>,
}

/// Whether messages are being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadState {
    /// No request is running.
    #[default]
    Idle,
    /// A request is running.
    Loading,
    /// The last request failed.
    Failed,
}

impl ClientStore {
    /// Makes a store for the user whom the session cookie names, or for nobody.
    pub fn new(me: Option<CurrentUser>) -> Self {
        Self {
            me: RwSignal::new(me),
            previous_user: RwSignal::new(None),
            end_reason: RwSignal::new(None),
            account_deleted: RwSignal::new(false),
            connection_status: RwSignal::new(ConnectionStatus::Idle),
            conversations: RwSignal::default(),
            blocks: RwSignal::default(),
            presence: RwSignal::default(),
            typing: RwSignal::default(),
            outbox: RwSignal::default(),
            storage_warning: RwSignal::default(),
            drafts: RwSignal::default(),
            timeline_states: StoredValue::default(),
            pending_requests: StoredValue::default(),
            page_state: StoredValue::default(),
            outbox_state: StoredValue::default(),
        }
    }

    /// The id of the current user, without reactive tracking.
    pub(super) fn current_user_id(self) -> Option<UserId> {
        self.me.with_untracked(|me| me.as_ref().map(|me| me.id))
    }

    /// The nickname of the current user, without reactive tracking.
    pub fn nickname(self) -> Option<String> {
        self.me.get_untracked().map(|me| me.nickname.as_str().to_owned())
    }

    /// Whether the current user has a password.
    pub fn is_registered(self) -> bool {
        self.me.get().is_some_and(|me| me.kind == UserKind::Registered)
    }

    /// The messages of a conversation or a thread.
    pub fn timeline(self, id: TimelineId) -> ArcRwSignal<Timeline> {
        self.timeline_state(id).timeline
    }

    /// Whether messages of a conversation or a thread are being fetched.
    pub fn load_state(self, id: TimelineId) -> ArcRwSignal<LoadState> {
        self.timeline_state(id).load
    }

    /// The state of a timeline, which is created if it is missing.
    pub(super) fn timeline_state(self, id: TimelineId) -> TimelineState {
        let find = |states: &mut SmallMap<_, TimelineState>| {
            states.get(&id).cloned().unwrap_or_else(|| {
                let state = TimelineState::default();
                states.insert(id, state.clone());
                state
            })
        };
        self.timeline_states.try_update_value(find).unwrap_or_default()
    }

    /// The messages that others reply to and that are not in a timeline.
    pub fn originals(self) -> RwSignal<Originals> {
        self.page_state.with_value(|page| page.originals)
    }

    /// The timelines of a conversation and of its threads that exist.
    pub(super) fn timelines_of(self, conversation: ConversationId) -> Vec<(TimelineId, TimelineState)> {
        self.timeline_states.with_value(|states| {
            let of_it = states.iter().filter(|(id, _)| id.conversation == conversation);
            of_it.map(|(id, state)| (*id, state.clone())).collect()
        })
    }

    /// Sets the conversation on the screen.
    pub fn set_open_conversation(self, conversation: Option<ConversationId>) {
        self.page_state.update_value(|page| {
            page.open_conversation = conversation;
            page.keeps_unread = false;
        });
    }

    /// The id by which this page identifies a message. Command ids are unique per author only, and a client could reuse those
    /// of others. So the user's own messages go by their commands, and those of others by their positions.
    pub(super) fn row_id(self, author: UserId, id: CommandId, seq: Seq) -> CommandId {
        if self.current_user_id() == Some(author) { id } else { CommandId::of_position(seq) }
    }

    /// Remembers which of these users are registered.
    pub(super) fn remember_users(self, users: &[User]) {
        self.presence.maybe_update(|presence| presence.remember_registered(users));
    }

    /// Sets or removes the channel to the connection's task.
    pub(super) fn set_connection(self, connection: Option<mpsc::Sender<ConnectionCommand>>) {
        self.page_state.update_value(|state| state.connection = connection);
    }

    /// Passes a command to the connection's task. Returns whether there is one; what matters is repeated on the next
    /// connection.
    pub(super) fn send_to_connection(self, command: ConnectionCommand) -> bool {
        self.page_state
            .try_update_value(|state| state.connection.as_mut().is_some_and(|sender| sender.try_send(command).is_ok()))
            .unwrap_or(false)
    }
}
