//! What the page reads and does: signals over the reducers of [`crate::state`], and one method for each deed.

use std::collections::HashMap;

use futures_channel::{mpsc, oneshot};
use leptos::{prelude::*, task::spawn_local};

use super::{
    Link,
    connection::{self, QUEUE, Signal},
    http,
};
use crate::{
    domain::{CommandId, ConversationId, Epoch, Me, Millis},
    protocol::{self, ClientFrame, ErrorCode, Hello},
    state::{Conversations, Outbox, Outgoing, OutgoingStatus, Presence, Timeline, Typing},
};

/// How far apart signs of typing are sent, in milliseconds.
const TYPING_EVERY: u64 = 2_500;

/// All that the page knows. A handle: copies are the same store.
#[derive(Clone, Copy)]
pub struct Store {
    /// Who one is; nobody before joining.
    pub me: RwSignal<Option<Me>>,
    /// How the connection stands.
    pub link: RwSignal<Link>,
    /// The conversations that one is in.
    pub conversations: RwSignal<Conversations>,
    /// Who is here.
    pub presence: RwSignal<Presence>,
    /// Who is typing.
    pub typing: RwSignal<Typing>,
    /// Messages on their way.
    pub outbox: RwSignal<Outbox>,
    /// A text that the server refused, to be given back to its author.
    pub returned: RwSignal<Option<Returned>>,
    /// What stands in the composer of each conversation.
    pub drafts: StoredValue<HashMap<ConversationId, String>>,
    pub(super) epoch: StoredValue<Option<Epoch>>,
    pub(super) talks: StoredValue<HashMap<ConversationId, Talk>>,
    questions: StoredValue<HashMap<CommandId, oneshot::Sender<Answer>>>,
    signals: StoredValue<Option<mpsc::Sender<Signal>>>,
    typed: StoredValue<Option<(ConversationId, Millis)>>,
    /// How many connections were welcomed: a first page that was asked for on an earlier one may have a hole behind it.
    pub(super) welcomes: StoredValue<u32>,
}

/// A text that the server refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Where it was meant to go.
    pub conversation: ConversationId,
    /// What was typed.
    pub body: String,
    /// Why it was refused.
    pub code: ErrorCode,
}

/// What a question to the server led to: the conversation, or the reason why not (none without a connection).
pub(super) type Answer = Result<ConversationId, Option<ErrorCode>>;

/// A conversation's messages, and how their fetching stands. Both outlive whatever part of the page made them.
#[derive(Clone, Default)]
pub(super) struct Talk {
    pub(super) timeline: ArcRwSignal<Timeline>,
    pub(super) load: ArcRwSignal<LoadState>,
}

/// How the fetching of messages stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadState {
    /// Nothing is being fetched.
    #[default]
    Idle,
    /// Messages are on their way.
    Loading,
    /// They did not come.
    Failed,
}

impl Store {
    /// A store for `me`, who is known from the session's cookie, or for nobody yet.
    pub fn new(me: Option<Me>) -> Self {
        Self {
            me: RwSignal::new(me),
            link: RwSignal::new(Link::Idle),
            conversations: RwSignal::default(),
            presence: RwSignal::default(),
            typing: RwSignal::default(),
            outbox: RwSignal::default(),
            returned: RwSignal::default(),
            drafts: StoredValue::default(),
            epoch: StoredValue::default(),
            talks: StoredValue::default(),
            questions: StoredValue::default(),
            signals: StoredValue::new(None),
            typed: StoredValue::new(None),
            welcomes: StoredValue::new(0),
        }
    }

    /// Begins to talk with the server, as whoever the session's cookie says.
    pub fn connect(self) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.signals.set_value(Some(sender));
        self.link.set(Link::Connecting);
        connection::keep(self, receiver);
    }

    /// The network or the reader is back: a lost connection is made again at once.
    pub fn wake(self) {
        self.signal(Signal::Wake);
    }

    /// Ends the session, if the server can be told. Whether it could.
    pub async fn leave(self) -> bool {
        let has_left = http::leave().await;
        if has_left {
            self.signal(Signal::Stop);
            self.forget();
        }
        has_left
    }

    /// The messages of a conversation.
    pub fn timeline(self, conversation: ConversationId) -> ArcRwSignal<Timeline> {
        self.talk(conversation).timeline
    }

    /// How the fetching of its messages stands.
    pub fn load_state(self, conversation: ConversationId) -> ArcRwSignal<LoadState> {
        self.talk(conversation).load
    }

    /// Fetches the newest messages of a conversation, or older ones once those are here.
    ///
    /// The newest only while there is a connection: its live feed goes on where the page ends.
    pub fn load(self, conversation: ConversationId) {
        let Talk { timeline, load } = self.talk(conversation);
        let first = !timeline.with_untracked(Timeline::is_loaded);
        if load.get_untracked() == LoadState::Loading || (first && self.link.get_untracked() != Link::Online) {
            return;
        }
        let before = timeline.with_untracked(Timeline::oldest).filter(|_| !first);
        let asked_on = self.welcomes.get_value();
        load.set(LoadState::Loading);
        spawn_local(async move {
            let page = http::messages(conversation, before).await;
            let outdated =
                first && (self.welcomes.get_value() != asked_on || self.link.get_untracked() != Link::Online);
            load.set(if page.is_some() { LoadState::Idle } else { LoadState::Failed });
            if outdated {
                self.load(conversation);
            } else if let Some(page) = page {
                self.outbox.update(|outbox| page.messages.iter().for_each(|message| drop(outbox.remove(message.id))));
                timeline.update(|timeline| timeline.take_in(page));
            }
        });
    }

    /// Sends a message: it is shown at once, and stands in the outbox until it is in the log.
    ///
    /// # Errors
    /// [`ErrorCode::MessageTooLong`] for a text that no frame can carry, however few characters it has.
    pub fn send(self, conversation: ConversationId, body: String) -> Result<(), ErrorCode> {
        let typed_at = now();
        let id = CommandId::random();
        let outgoing = Outgoing { id, conversation, body, typed_at, status: OutgoingStatus::Pending };
        let command = outgoing.command();
        if serde_json::to_string(&command).map_or(true, |frame| frame.len() > protocol::MAX_FRAME_BYTES) {
            return Err(ErrorCode::MessageTooLong);
        }
        self.outbox.update(|outbox| outbox.push(outgoing));
        self.typed.set_value(None);
        self.signal(Signal::Frame(command));
        Ok(())
    }

    /// Sends a failed message again, under its old id.
    pub fn retry(self, id: CommandId) {
        self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Pending));
        if let Some(command) = self.outbox.with_untracked(|outbox| outbox.get(id).map(Outgoing::command)) {
            self.signal(Signal::Frame(command));
        }
    }

    /// Gives a failed message up.
    pub fn discard(self, id: CommandId) {
        self.outbox.update(|outbox| drop(outbox.remove(id)));
    }

    /// Finds or begins the direct with the user of that name.
    ///
    /// # Errors
    /// The server's reason, or none where it could not be asked.
    pub async fn open_direct(self, nickname: String) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::random();
        let (sender, answer) = oneshot::channel();
        self.questions.update_value(|questions| drop(questions.insert(id, sender)));
        if self.link.get_untracked() != Link::Online
            || !self.signal(Signal::Frame(ClientFrame::OpenDirect { id, nickname }))
        {
            self.answer(id, Err(None));
        }
        answer.await.unwrap_or(Err(None))
    }

    /// Tells the others that one is typing, now and then.
    pub fn type_in(self, conversation: ConversationId) {
        let now = now();
        let told = self.typed.get_value();
        if told.is_none_or(|(where_, at)| where_ != conversation || now.0.saturating_sub(at.0) >= TYPING_EVERY) {
            self.typed.set_value(Some((conversation, now)));
            self.signal(Signal::Frame(ClientFrame::Typing { conversation }));
        }
    }

    /// Everything in this conversation has been seen.
    pub fn mark_read(self, conversation: ConversationId) {
        let unread_up_to = self.conversations.with_untracked(|conversations| {
            conversations.get(conversation).filter(|c| c.read_seq < c.last_seq).map(|c| c.last_seq)
        });
        if let Some(seq) = unread_up_to.filter(|_| self.link.get_untracked() == Link::Online) {
            self.conversations.update(|conversations| conversations.read(conversation, seq));
            self.signal(Signal::Frame(ClientFrame::Read { conversation, seq }));
        }
    }

    /// The first frame of a connection: where this page stands in each conversation that it has loaded.
    pub(super) fn hello(self) -> Hello {
        let cursors = self.talks.with_value(|talks| {
            let loaded = talks.iter().filter(|(_, talk)| talk.timeline.with_untracked(Timeline::is_loaded));
            loaded.map(|(id, talk)| (*id, talk.timeline.with_untracked(Timeline::cursor))).collect()
        });
        Hello { protocol: protocol::VERSION, epoch: self.epoch.get_value(), cursors, ..Hello::default() }
    }

    /// The session is over: nothing of it stays on the page.
    pub(super) fn forget(self) {
        self.talks.update_value(HashMap::clear);
        self.drafts.update_value(HashMap::clear);
        self.forget_questions();
        self.signals.set_value(None);
        self.epoch.set_value(None);
        self.outbox.set(Outbox::default());
        self.conversations.set(Conversations::default());
        self.presence.set(Presence::default());
        self.typing.set(Typing::default());
        self.link.set(Link::Idle);
        self.me.set(None);
    }

    /// Nobody will answer any more.
    pub(super) fn forget_questions(self) {
        self.questions.update_value(HashMap::clear);
    }

    /// Gives whoever asked the answer. Whether anybody asked.
    pub(super) fn answer(self, id: CommandId, answer: Answer) -> bool {
        let asker = self.questions.try_update_value(|questions| questions.remove(&id)).flatten();
        asker.is_some_and(|asker| asker.send(answer).is_ok())
    }

    pub(super) fn talk(self, conversation: ConversationId) -> Talk {
        self.talks.try_update_value(|talks| talks.entry(conversation).or_default().clone()).unwrap_or_default()
    }

    /// Tells the connection something. Whether there is one to tell; what matters is told again when there is.
    fn signal(self, signal: Signal) -> bool {
        self.signals
            .try_update_value(|signals| signals.as_mut().is_some_and(|sender| sender.try_send(signal).is_ok()))
            .unwrap_or(false)
    }
}

/// The present moment by this machine's clock.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number")]
pub fn now() -> Millis {
    Millis(js_sys::Date::now() as u64)
}
