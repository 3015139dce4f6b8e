//! What the page reads and does: signals over the reducers of [`crate::state`], and one method for each deed.

use std::mem;

use futures_channel::{mpsc, oneshot};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{
        ConnectionStatus,
        api::{self, Refusal},
        browser::{
            indexed_db::LocalFlag,
            session_storage::{self, PreBootMessage},
        },
        clock::{elapsed, learn, now},
        outbox::{OutboxChange, Sending, forget_kept},
        small_map::SmallMap,
        socket::{self, QUEUE, Signal},
    },
    domain::{
        CommandId, Conversation, ConversationId, ConversationKind, CurrentUser, EndReason, Epoch, Event, KeptMessages,
        MessagesPage, Seq, SessionEnd, Timestamp, User, UserId, UserKind,
    },
    protocol::{self, ClientFrame, ErrorCode, Hello, Welcome},
    state::{Blocks, Conversations, Count, Outbox, OutboxCommand, PageRange, Presence, Timeline, Typing},
};

/// Stands behind who has left where nobody can come back by that name.
const DELETED: &str = " deleted";

/// How far apart signs of typing are sent, in milliseconds.
const TYPING_EVERY: u64 = 2_500;

/// How often it is asked how a conversation stands, where each answer is late.
const LEARN_TRIES: u32 = 3;

/// All that the page knows. A handle: copies are the same store.
#[derive(Clone, Copy)]
pub struct Store {
    /// Who one is; nobody before joining.
    pub me: RwSignal<Option<CurrentUser>>,
    /// Who one was, if the server ended the session: at the door it is said, and taken up again.
    pub ended: RwSignal<Option<CurrentUser>>,
    /// Why the last session is over, if the server ended it.
    pub end_reason: RwSignal<Option<EndReason>>,
    /// Whether one has just deleted one's account.
    pub deleted: RwSignal<bool>,
    /// How the connection stands.
    pub link: RwSignal<ConnectionStatus>,
    /// The conversations that one is in.
    pub conversations: RwSignal<Conversations>,
    /// Of whom one wants to hear nothing.
    pub blocks: RwSignal<Blocks>,
    /// Who is here.
    pub presence: RwSignal<Presence>,
    /// Who is typing.
    pub typing: RwSignal<Typing>,
    /// What is on its way.
    pub outbox: RwSignal<Outbox>,
    /// What stands in the composer of each conversation.
    drafts: StoredValue<SmallMap<ConversationId, DraftState>>,
    pub(super) talks: StoredValue<SmallMap<ConversationId, ConversationState>>,
    questions: StoredValue<SmallMap<CommandId, oneshot::Sender<Reply>>>,
    signals: StoredValue<Option<mpsc::Sender<Signal>>>,
    /// What is not done at once each time.
    pub(super) pace: StoredValue<Throttle>,
    /// How the sending of the outbox stands.
    pub(super) sending: StoredValue<Sending>,
}

/// What goes on meanwhile: what is done now and then, so that much of it does not cost much, and what is not answered yet.
#[derive(Default)]
pub(super) struct Throttle {
    /// The history that the cursors belong to.
    pub(super) epoch: Option<Epoch>,
    /// The conversation that is open; of others only the end is kept.
    pub(super) shown: Option<ConversationId>,
    /// Events that are not folded in yet.
    pub(super) gathered: Vec<Event>,
    /// When the last of them came, in milliseconds since the page began.
    pub(super) heard_at: u64,
    /// Where a sign of typing was last sent, and when; as above.
    typed: Option<(ConversationId, u64)>,
    /// One is about to sign out.
    is_leaving: bool,
    /// Whether one is to be told that this browser keeps nothing for the page; `None` while it does.
    not_kept: RwSignal<Option<bool>>,
}

/// What stands in a composer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftState {
    /// The text.
    pub text: String,
    /// The message that it is to change; a new one otherwise.
    pub edit: Option<Edit>,
    /// Why the server refused it.
    pub problem: Option<ErrorCode>,
}

/// A message that is being changed in the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The command that sent it.
    pub message: CommandId,
    /// Its place in the log.
    pub seq: Seq,
    /// What stood in the composer before.
    pub draft: String,
}

/// What a question to the server led to: the conversation, or the reason why not (none without a connection).
pub(super) type Reply = Result<ConversationId, Option<ErrorCode>>;

/// A conversation's messages, and how their fetching stands. Both outlive whatever part of the page made them.
#[derive(Clone, Default)]
pub(super) struct ConversationState {
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
    pub fn new(me: Option<CurrentUser>) -> Self {
        Self {
            me: RwSignal::new(me),
            ended: RwSignal::new(None),
            end_reason: RwSignal::new(None),
            deleted: RwSignal::new(false),
            link: RwSignal::new(ConnectionStatus::Idle),
            conversations: RwSignal::default(),
            blocks: RwSignal::default(),
            presence: RwSignal::default(),
            typing: RwSignal::default(),
            outbox: RwSignal::default(),
            drafts: StoredValue::default(),
            talks: StoredValue::default(),
            questions: StoredValue::default(),
            signals: StoredValue::new(None),
            pace: StoredValue::default(),
            sending: StoredValue::default(),
        }
    }

    /// Begins to talk with the server, as whoever the session's cookie says.
    pub fn connect(self) {
        self.ended.set(None);
        self.end_reason.set(None);
        self.deleted.set(false);
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.signals.set_value(Some(sender));
        self.link.set(ConnectionStatus::Connecting);
        if let Some(me) = self.my_id() {
            LocalFlag::of_leaving().remove();
            self.keep_outbox(me);
            for PreBootMessage { id, conversation, body } in session_storage::early(me) {
                self.put_as(id, conversation, OutboxCommand::Send { body });
            }
            self.keep(OutboxChange::HasEarly);
        }
        socket::keep(self, receiver);
    }

    /// The network or the reader is back: a lost connection is made again at once.
    pub fn wake(self) {
        // The timers of a page that is hidden from now on may be late by a minute, or never come.
        self.fold_in();
        self.signal(Signal::Wake);
        self.keep(OutboxChange::TakeOver);
    }

    /// Ends the session, if the server can be told. Whether it could.
    pub async fn leave(self) -> bool {
        self.end_by(api::leave(), "").await.is_ok()
    }

    /// Ends the session by what the server is asked. Nothing of who was here stays in this browser then; its other pages
    /// learn `how`.
    async fn end_by(self, asked: impl Future<Output = Result<(), Refusal>>, how: &'static str) -> Result<(), Refusal> {
        self.pace.update_value(|pace| pace.is_leaving = true);
        if let Some(me) = self.my_id() {
            LocalFlag::of_leaving().set(&format!("{me}{how}"));
        }
        let outcome = asked.await;
        let is_still_here = self.leaves_no_more();
        if outcome.is_err() {
            LocalFlag::of_leaving().remove();
        } else if is_still_here {
            self.signal(Signal::Stop);
            self.clear();
            self.forget();
        }
        outcome
    }

    /// Deletes one's account, with the `password` that protects it.
    ///
    /// # Errors
    /// [`Refusal`] says what to tell the user.
    pub async fn delete_account(self, password: Option<String>, messages: KeptMessages) -> Result<(), Refusal> {
        let outcome = self.end_by(api::delete_account(password, messages), DELETED).await;
        self.deleted.set(outcome.is_ok());
        outcome
    }

    /// Who one is, for what does not follow that.
    pub(super) fn my_id(self) -> Option<UserId> {
        self.me.with_untracked(|me| me.as_ref().map(|me| me.id))
    }

    /// What one is called.
    pub fn nickname(self) -> Option<String> {
        self.me.get_untracked().map(|me| me.nickname.as_str().to_owned())
    }

    /// Whether a password protects one's nickname.
    pub fn is_registered(self) -> bool {
        self.me.get().is_some_and(|me| me.kind == UserKind::Registered)
    }

    /// Protects the nickname by a password, for good; a registered user shows the `current` one and gets another.
    ///
    /// # Errors
    /// [`Refusal`] says what to tell the user.
    pub async fn set_password(self, password: String, current: Option<String>) -> Result<(), Refusal> {
        api::set_password(password, current).await?;
        // The next welcome says so, too.
        if let Some(me) = self.me.get_untracked() {
            let me = CurrentUser { kind: UserKind::Registered, ..me };
            self.meet(&[me.user()]);
            self.me.set(Some(me));
        }
        Ok(())
    }

    /// The messages of a conversation.
    pub fn timeline(self, conversation: ConversationId) -> ArcRwSignal<Timeline> {
        self.talk(conversation).timeline
    }

    /// How the fetching of its messages stands.
    pub fn load_state(self, conversation: ConversationId) -> ArcRwSignal<LoadState> {
        self.talk(conversation).load
    }

    /// Fetches a stretch of a conversation's messages; a new start only while there is a connection, because its live
    /// feed goes on where the page ends, and while one is in it.
    pub fn load(self, conversation: ConversationId, stretch: PageRange) {
        let ConversationState { timeline, load } = self.talk(conversation);
        let starts_anew = matches!(stretch, PageRange::Newest | PageRange::From(_));
        let is_in = move || self.conversations.with_untracked(|all| all.get(conversation).is_some());
        let is_late = move || starts_anew && (self.link.get_untracked() != ConnectionStatus::Online || !is_in());
        if load.get_untracked() == LoadState::Loading || is_late() {
            return;
        }
        let generation = timeline.with_untracked(Timeline::generation);
        load.set(LoadState::Loading);
        spawn_local(async move {
            let page = api::messages(conversation, stretch).await;
            if timeline.with_untracked(Timeline::generation) != generation {
                // Another start has been made meanwhile, and asks for itself.
                return;
            }
            if is_late() {
                // Whoever shows this conversation asks again.
                load.set(LoadState::Idle);
            } else if let Some(page) = page {
                self.take_in(conversation, stretch, page);
                load.set(LoadState::Idle);
            } else {
                load.set(LoadState::Failed);
            }
        });
    }

    fn take_in(self, conversation: ConversationId, stretch: PageRange, mut page: MessagesPage) {
        for message in &mut page.messages {
            message.id = self.row_id(message.author.id, message.id, message.seq);
            self.seen(message.id);
        }
        let authors = page.messages.iter().map(|message| message.author.id);
        self.presence.update_untracked(|presence| presence.tell_apart(authors));
        self.talk(conversation).timeline.update(|timeline| timeline.take_in(stretch, page));
        self.settle(conversation);
    }

    /// Begins with what a connection would begin with, and with the newest messages of a conversation. The connection
    /// that is made then goes on behind them, as one that is made again does.
    pub fn open(self, welcome: &Welcome, conversation: ConversationId, page: MessagesPage, written: DraftState) {
        if let Some(at) = welcome.at {
            // The document was made when the page began; the program has come since.
            learn(at, 0);
        }
        self.know(welcome);
        self.take_in(conversation, PageRange::Newest, page);
        self.drafts.update_value(|drafts| drafts.insert(conversation, written));
    }

    /// What stands in the composer of a conversation: as it was left, or as a reload has left it.
    pub fn written(self, conversation: ConversationId) -> DraftState {
        self.drafts.with_value(|drafts| drafts.get(&conversation).cloned()).unwrap_or_else(|| {
            let text = self.my_id().and_then(|me| session_storage::draft(me, conversation)).unwrap_or_default();
            DraftState { text, ..DraftState::default() }
        })
    }

    /// Keeps what stands in the composer of a conversation; of that, a reload leaves `text`.
    pub fn write(self, conversation: ConversationId, written: DraftState, text: &str) {
        self.drafts.update_value(|drafts| drafts.insert(conversation, written));
        if let Some(me) = self.my_id()
            && !session_storage::keep_draft(me, conversation, text)
        {
            self.keeps_nothing();
        }
    }

    /// The browser has not kept what was to outlive the page: that is told, once.
    pub fn keeps_nothing(self) {
        let not_kept = self.pace.with_value(|pace| pace.not_kept);
        if not_kept.get_untracked().is_none() {
            not_kept.set(Some(true));
        }
    }

    /// Whether one is to be told that nothing outlives this page.
    pub fn tells_not_kept(self) -> bool {
        self.pace.with_value(|pace| pace.not_kept).get() == Some(true)
    }

    /// One has been told.
    pub fn told_not_kept(self) {
        self.pace.with_value(|pace| pace.not_kept).set(Some(false));
    }

    /// One will be in this room, as soon as there is a connection.
    pub fn expect_room(self, id: ConversationId) {
        let kind = ConversationKind::Room { name: String::new(), member_count: 0 };
        let (last_seq, last_message_at, read_seq) = (Seq::ZERO, Timestamp(0), Seq::ZERO);
        let room = Conversation { id, kind, last_seq, last_message_at, read_seq, unread: 0, mentions: 0 };
        self.conversations.update(|conversations| conversations.put(room));
    }

    /// This conversation is open from now on.
    pub fn show(self, conversation: Option<ConversationId>) {
        self.pace.update_value(|pace| pace.shown = conversation);
    }

    /// Drops messages far from the reader, who is at the end of this conversation, or else at the message `reader`.
    pub fn trim(self, conversation: ConversationId, reader: Option<Seq>) {
        self.talk(conversation).timeline.maybe_update(|timeline| timeline.trim(reader));
    }

    /// Starts a conversation anew; until its messages are fetched, those that are here stay in view.
    pub fn restart(self, conversation: ConversationId) {
        let ConversationState { timeline, load } = self.talk(conversation);
        timeline.update(Timeline::reset);
        load.set(LoadState::Idle);
    }

    /// Finds or begins the direct with the user of that name.
    ///
    /// # Errors
    /// The server's reason, or none where it could not be asked.
    pub async fn open_direct(self, nickname: String) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.ask(id, ClientFrame::OpenDirect { id, nickname: Some(nickname), user: None }).await
    }

    /// The same with the very user who was seen, whoever has the name by now.
    ///
    /// # Errors
    /// As above.
    pub async fn open_direct_with(self, user: UserId) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.ask(id, ClientFrame::OpenDirect { id, nickname: None, user: Some(user) }).await
    }

    /// Fetches the next stretch of the list of directs. Whether it came.
    pub async fn show_more(self) -> bool {
        let Some(before) = self.conversations.with_untracked(|all| all.older().map(str::to_owned)) else { return true };
        let list = api::conversations(&before).await;
        let is_next = self.conversations.with_untracked(|all| all.older() == Some(&before));
        let has_come = list.is_some();
        if let Some(list) = list.filter(|_| is_next) {
            self.conversations.update(|conversations| conversations.extend(list));
        }
        has_come
    }

    /// Asks how a conversation stands: it is not in the list yet though something has happened there, or what was heard does
    /// not tell what is unread.
    pub(super) fn learn(self, id: ConversationId) {
        spawn_local(async move {
            for _ in 0..LEARN_TRIES {
                let Some(conversation) = api::conversation(id).await else { return };
                // What has come, or was read, since the server looked is not in its answer.
                if self
                    .conversations
                    .with_untracked(|all| all.get(id).is_none_or(|known| !known.is_ahead_of(&conversation)))
                {
                    return self.conversations.update(|conversations| conversations.put(conversation));
                }
            }
        });
    }

    /// Takes a direct out of the list. It comes back with the next message.
    ///
    /// # Errors
    /// [`Refusal`] says what to tell the user.
    pub async fn hide(self, direct: ConversationId) -> Result<(), Refusal> {
        api::hide(direct).await
    }

    /// Lets one hear nothing of a user, or hear of them again. A frame tells it to all of one's connections.
    ///
    /// # Errors
    /// [`Refusal`] says what to tell the user.
    pub async fn block(self, user: UserId, on: bool) -> Result<(), Refusal> {
        api::block(user, on).await
    }

    /// Comes back into a room.
    ///
    /// # Errors
    /// As above.
    pub async fn join(self, conversation: ConversationId) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.ask(id, ClientFrame::Join { id, conversation }).await
    }

    /// Sends a command that is nothing for the outbox, and waits for its answer.
    async fn ask(self, id: CommandId, command: ClientFrame) -> Reply {
        let (sender, answer) = oneshot::channel();
        self.questions.update_value(|questions| questions.insert(id, sender));
        if self.link.get_untracked() != ConnectionStatus::Online || !self.signal(Signal::Frame(command)) {
            self.answer(id, Err(None));
        }
        answer.await.unwrap_or(Err(None))
    }

    /// Tells the others that one is typing, now and then.
    pub fn type_in(self, conversation: ConversationId) {
        let now = elapsed();
        let told = self.pace.with_value(|pace| pace.typed);
        if told.is_none_or(|(where_, at)| where_ != conversation || now - at >= TYPING_EVERY) {
            self.pace.update_value(|pace| pace.typed = Some((conversation, now)));
            self.signal(Signal::Frame(ClientFrame::Typing { conversation }));
        }
    }

    /// Everything in this conversation has been seen.
    pub fn mark_read(self, conversation: ConversationId) {
        let unread_up_to = self.conversations.with_untracked(|conversations| {
            conversations.get(conversation).filter(|c| c.read_seq < c.last_seq).map(|c| c.last_seq)
        });
        if let Some(seq) = unread_up_to.filter(|_| self.link.get_untracked() == ConnectionStatus::Online) {
            self.read(conversation, seq);
            self.signal(Signal::Frame(ClientFrame::Read { conversation, seq }));
        }
    }

    /// This user has read up to here, on this connection or another one.
    pub(super) fn read(self, conversation: ConversationId, seq: Seq) {
        if self.conversations.try_update(|conversations| conversations.read(conversation, seq)) == Some(Count::Unsure) {
            self.learn(conversation);
        }
    }

    /// The first frame of a connection: where this page stands in each conversation that it has loaded.
    pub(super) fn hello(self) -> Hello {
        let cursors = self.talks.with_value(|talks| {
            let loaded = talks.iter().filter(|(_, talk)| talk.timeline.with_untracked(Timeline::is_loaded));
            loaded.map(|(id, talk)| (*id, talk.timeline.with_untracked(Timeline::cursor))).collect()
        });
        Hello {
            protocol: protocol::VERSION,
            epoch: self.pace.with_value(|pace| pace.epoch),
            cursors,
            ..Hello::default()
        }
    }

    /// What a message is known by on this page. The ids of commands are unique for one author only, and anybody may use
    /// those of others again: so the messages of others are known by their place, and one's own by their command.
    pub(super) fn row_id(self, author: UserId, id: CommandId, seq: Seq) -> CommandId {
        let is_own = self.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.id == author));
        if is_own { id } else { CommandId::of_place(seq) }
    }

    /// Takes note of who is registered.
    pub(super) fn meet(self, users: &[User]) {
        self.presence.maybe_update(|presence| presence.meet(users));
    }

    /// The session was over before this page was there. Where nothing of it may stay in this browser, it is forgotten.
    pub fn learn_of_end(self, ended: SessionEnd) {
        self.end_reason.set(Some(ended.reason));
        if ended.is_final() {
            session_storage::forget_user(ended.user);
            forget_kept(ended.user);
        }
    }

    /// The server has ended the session. What a guest had not sent has nobody to be from any more. A registered user whose
    /// session has only grown old goes on with it after signing in again here, unless they have left, on this page or
    /// another one of this browser; if somebody has ended it, perhaps because this browser is in wrong hands, nothing stays.
    pub(super) fn session_ended(self, reason: EndReason) {
        let me = self.me.get_untracked();
        // That one leaves may come by the socket before it comes as the answer, which then finds nothing left to do: somebody
        // may have come in meanwhile.
        let is_leaving = self.leaves_no_more();
        let left = LocalFlag::of_leaving().get().unwrap_or_default();
        let has_left = |me: &CurrentUser| left.starts_with(&me.id.to_string());
        let stays = |me: &CurrentUser| !reason.is_meant() && me.kind != UserKind::Guest && !has_left(me);
        let is_known = |me: &CurrentUser| !(is_leaving || has_left(me) && left.ends_with(DELETED));
        if is_leaving || !me.as_ref().is_some_and(stays) {
            self.clear();
        }
        self.forget();
        self.end_reason.set((!is_leaving).then_some(reason));
        self.ended.set(me.filter(is_known));
    }

    /// Whether one was about to sign out until now.
    fn leaves_no_more(self) -> bool {
        self.pace.try_update_value(|pace| mem::take(&mut pace.is_leaving)).unwrap_or_default()
    }

    /// Whoever was here leaves nothing behind in this browser.
    pub(super) fn clear(self) {
        self.keep(OutboxChange::Clear);
        session_storage::forget_all();
    }

    /// The session is over: nothing of it stays on the page.
    pub(super) fn forget(self) {
        self.sending.set_value(Sending::default());
        self.talks.update_value(SmallMap::clear);
        self.drafts.update_value(SmallMap::clear);
        self.pace.update_value(|pace| pace.gathered.clear());
        self.forget_questions();
        self.signals.set_value(None);
        self.pace.update_value(|pace| pace.epoch = None);
        self.outbox.set(Outbox::default());
        self.conversations.set(Conversations::default());
        self.blocks.set(Blocks::default());
        self.presence.set(Presence::default());
        self.typing.set(Typing::default());
        self.link.set(ConnectionStatus::Idle);
        self.me.set(None);
    }

    /// Nobody will answer any more.
    pub(super) fn forget_questions(self) {
        self.questions.update_value(SmallMap::clear);
    }

    /// Gives whoever asked the answer. Whether anybody asked.
    pub(super) fn answer(self, id: CommandId, answer: Reply) -> bool {
        let asker = self.questions.try_update_value(|questions| questions.remove(&id)).flatten();
        asker.is_some_and(|asker| asker.send(answer).is_ok())
    }

    pub(super) fn talk(self, conversation: ConversationId) -> ConversationState {
        let talk = |talks: &mut SmallMap<_, ConversationState>| {
            talks.get(&conversation).cloned().unwrap_or_else(|| {
                let talk = ConversationState::default();
                talks.insert(conversation, talk.clone());
                talk
            })
        };
        self.talks.try_update_value(talk).unwrap_or_default()
    }

    /// Nobody is typing here any more.
    pub(super) fn forget_typing(self) {
        self.pace.update_value(|pace| pace.typed = None);
    }

    /// Tells the connection something. Whether there is one to tell; what matters is told again when there is.
    pub(super) fn signal(self, signal: Signal) -> bool {
        self.signals
            .try_update_value(|signals| signals.as_mut().is_some_and(|sender| sender.try_send(signal).is_ok()))
            .unwrap_or(false)
    }
}
