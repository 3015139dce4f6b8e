//! The store: signals over the reducers of [`crate::state`], which the page reads.
//!
//! The files of this folder add the methods that change it.

use futures_channel::{mpsc, oneshot};
use leptos::prelude::*;

use crate::{
    client::{
        connection_command::ConnectionCommand, connection_status::ConnectionStatus, outbox_state::OutboxState,
        small_map::SmallMap,
    },
    domain::{CommandId, ConversationId, CurrentUser, EndReason, Epoch, Event, Seq, User, UserId, UserKind},
    protocol::ErrorCode,
    state::{Blocks, Conversations, Outbox, Presence, Timeline, Typing},
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
    /// The drafts. Notifies only when a conversation gets one, or has none any more.
    pub(super) drafts: RwSignal<SmallMap<ConversationId, DraftState>>,
    pub(super) conversation_states: StoredValue<SmallMap<ConversationId, ConversationState>>,
    /// Requests that wait for an answer, by their commands.
    pub(super) pending_requests: StoredValue<SmallMap<CommandId, oneshot::Sender<CommandAnswer>>>,
    pub(super) page_state: StoredValue<PageState>,
    pub(super) outbox_state: StoredValue<OutboxState>,
}

/// State that no view depends on.
#[derive(Default)]
pub(super) struct PageState {
    /// Leads to the task that keeps the connection.
    connection: Option<mpsc::Sender<ConnectionCommand>>,
    /// The history that the cursors belong to.
    pub(super) epoch: Option<Epoch>,
    /// The conversation on the screen. Of others, only the newest messages are kept.
    pub(super) open_conversation: Option<ConversationId>,
    /// Events that have arrived and are not applied yet.
    pub(super) queued_events: Vec<Event>,
    /// When the last event arrived, in milliseconds since the page was opened.
    pub(super) last_event_at: u64,
    /// The conversation of the last `typing` frame, and when it was sent, in milliseconds since the page was opened.
    pub(super) last_typing: Option<(ConversationId, u64)>,
    /// Whether the user is signing out.
    pub(super) is_signing_out: bool,
}

/// The content of a composer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftState {
    /// The text.
    pub text: String,
    /// The message that is being edited; `None` for a new message.
    pub edit: Option<Edit>,
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

/// A conversation's messages, and whether they are being fetched. They outlive the views that created them.
#[derive(Clone, Default)]
pub(super) struct ConversationState {
    pub(super) timeline: ArcRwSignal<Timeline>,
    pub(super) load: ArcRwSignal<LoadState>,
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
            conversation_states: StoredValue::default(),
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

    /// The messages of a conversation.
    pub fn timeline(self, conversation: ConversationId) -> ArcRwSignal<Timeline> {
        self.conversation_state(conversation).timeline
    }

    /// Whether messages of a conversation are being fetched.
    pub fn load_state(self, conversation: ConversationId) -> ArcRwSignal<LoadState> {
        self.conversation_state(conversation).load
    }

    /// The state of a conversation, which is created if it is missing.
    pub(super) fn conversation_state(self, conversation: ConversationId) -> ConversationState {
        let find = |states: &mut SmallMap<_, ConversationState>| {
            states.get(&conversation).cloned().unwrap_or_else(|| {
                let state = ConversationState::default();
                states.insert(conversation, state.clone());
                state
            })
        };
        self.conversation_states.try_update_value(find).unwrap_or_default()
    }

    /// Sets the conversation on the screen.
    pub fn set_open_conversation(self, conversation: Option<ConversationId>) {
        self.page_state.update_value(|page| page.open_conversation = conversation);
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
