//! Applying the server's frames to the store.

use std::{mem, slice, time::Duration};

use leptos::prelude::*;

use crate::{
    client::{
        clock::{elapsed, set_server_time},
        connection_status::ConnectionStatus,
        outbox_state::OutboxChange,
        store::{ClientStore, DraftState, LoadState, TimelineState},
        timeline_id::TimelineId,
    },
    domain::{Conversation, ConversationId, ConversationKind, Event, EventKind, MessagesPage},
    protocol::{ErrorFrame, Hello, ServerFrame, VERSION, Welcome},
    state::{Blocks, Conversations, Originals, PageRange, TYPING_LASTS, Timeline, UnreadCount, in_thread},
};

/// The shortest time between two updates by events, in milliseconds. Each update costs a layout and a paint, and nobody reads
/// faster.
const UPDATE_INTERVAL: u64 = 100;

/// How many events may wait for the next update.
const MAX_QUEUED_EVENTS: usize = 256;

impl ClientStore {
    /// Applies a frame. Events are queued and soon applied together; any other frame is applied at once, after the events
    /// before it.
    pub(super) fn apply_frame(self, frame: ServerFrame) {
        if let ServerFrame::Event(event) = frame {
            return self.queue_event(event);
        }
        self.apply_queued_events();
        match frame {
            ServerFrame::Welcome(welcome) => self.handle_welcome(&welcome),
            ServerFrame::Event(_) | ServerFrame::CaughtUp { .. } | ServerFrame::Pong {} => {}
            ServerFrame::Reset { conversation, last_seq } => {
                // A cursor ahead of the log belongs to a history that the server does not have.
                for (id, TimelineState { timeline, .. }) in self.timelines_of(conversation) {
                    if timeline.with_untracked(|timeline| timeline.cursor() > last_seq) {
                        timeline.update(Timeline::forget);
                    }
                    self.reset_timeline(id);
                }
            }
            ServerFrame::Ack { id, conversation, seq, .. } => {
                if !self.answer_request(id, Ok(conversation))
                    && let Some(seq) = seq
                {
                    self.command_saved(id, conversation, seq);
                }
            }
            ServerFrame::Error(error) => self.handle_error(&error),
            ServerFrame::Conversation(conversation) => {
                self.remember_companion(&conversation);
                self.keep_unread_if_set_back(&conversation);
                self.conversations.update(|conversations| conversations.put(conversation));
            }
            ServerFrame::ConversationRemoved { id } => {
                self.conversations.update(|conversations| conversations.remove(id));
                for (_, TimelineState { timeline, .. }) in self.timelines_of(id) {
                    timeline.update(Timeline::forget);
                }
            }
            ServerFrame::Read { conversation, seq, .. } => {
                self.let_be_read(conversation);
                self.apply_read_mark(conversation, seq);
            }
            ServerFrame::Block { user, on } => {
                self.blocks.update(|blocks| blocks.set(user, on));
                self.conversations.update(Conversations::outdate_fetches);
                // Their messages in rooms no longer count as unread, or do so again.
                let rooms = |all: &Conversations| all.rooms().map(|(room, _)| room.id).collect::<Vec<_>>();
                self.conversations.with_untracked(rooms).into_iter().for_each(|room| self.refresh_conversation(room));
            }
            ServerFrame::Typing { user, .. } if self.blocks.with_untracked(|blocks| blocks.contains(user.id)) => {}
            ServerFrame::Typing { conversation, user } => {
                let number = self.typing.try_update(|typing| typing.start(conversation, user));
                let expire =
                    move || self.typing.maybe_update(|typing| number.is_some_and(|number| typing.expire(number)));
                set_timeout(expire, Duration::from_millis(TYPING_LASTS));
            }
            ServerFrame::Presence { joined, left, online_count } => {
                self.presence.update(|presence| presence.apply(&joined, &left, online_count));
            }
        }
    }

    fn handle_welcome(self, welcome: &Welcome) {
        let before = self.current_user_id();
        if before.is_some_and(|before| before != welcome.me.id) {
            // Another user has signed in with this browser meanwhile, and must not get anything of the previous one.
            self.clear_browser_data();
            self.reset();
            // Fails only if there is nothing to load, and then nothing is shown either.
            drop(window().location().reload());
            return;
        }
        let is_other_history =
            self.page_state.with_value(|page| page.epoch).is_some_and(|epoch| epoch != welcome.epoch);
        if is_other_history {
            self.withdraw_bound_to_history();
        }
        // Those that are shown are fetched again.
        self.originals().set(Originals::default());
        let states: Vec<(TimelineId, TimelineState)> =
            self.timeline_states.with_value(|states| states.iter().cloned().collect());
        for (TimelineId { thread, .. }, TimelineState { timeline, load, .. }) in states {
            // The server replays the events of conversations. Those that a thread has missed may be earlier ones.
            let is_loaded = thread.is_none() && timeline.with_untracked(Timeline::is_loaded);
            if is_other_history {
                timeline.update(Timeline::forget);
            } else if !is_loaded {
                // Without a cursor, the events that arrived before may have holes now.
                timeline.update(Timeline::reset);
            }
            if is_other_history || !is_loaded || load.get_untracked() == LoadState::Failed {
                load.set(LoadState::Idle);
            }
        }
        if let Some(at) = welcome.at {
            set_server_time(at, elapsed());
        }
        self.apply_welcome(welcome);
        self.connection_status.set(ConnectionStatus::Online);
        self.change_stored_outbox(OutboxChange::AdoptOrphans);
        self.send_next();
    }

    /// Takes over the state in a `welcome`.
    fn apply_welcome(self, welcome: &Welcome) {
        self.page_state.update_value(|page| page.epoch = Some(welcome.epoch));
        self.presence.update(|presence| presence.reset(welcome));
        welcome.conversations.iter().for_each(|conversation| self.remember_companion(conversation));
        self.blocks.set(Blocks::new(welcome.blocks.clone()));
        let (list, older) = (welcome.conversations.clone(), welcome.older.clone());
        // The server replays the events of those for which `hello` had a cursor.
        let is_followed = |id| {
            let is_loaded = |state: &TimelineState| state.timeline.with_untracked(Timeline::is_loaded);
            self.timeline_states.with_value(|states| states.get(&TimelineId::from(id)).is_some_and(is_loaded))
        };
        self.conversations.update(|conversations| conversations.reset(list, older, is_followed));
        self.me.update(|me| *me = Some(welcome.me.clone()));
    }

    /// Starts with the state that the server has put into the document: a `welcome`, and the newest messages and the draft of
    /// the open conversation, if one is open. The first connection resumes from there.
    pub fn start_from(self, welcome: &Welcome, open: Option<(ConversationId, MessagesPage, DraftState)>) {
        if let Some(at) = welcome.at {
            // The server made the document when the page was opened; WebAssembly has loaded since.
            set_server_time(at, 0);
        }
        self.apply_welcome(welcome);
        if let Some((conversation, page, draft)) = open {
            self.apply_page(conversation.into(), PageRange::Newest, page);
            // The document has the text, but not what it replies to.
            let reply_to = self.draft(conversation.into()).reply_to;
            self.drafts.update_untracked(|drafts| drafts.insert(conversation.into(), DraftState { reply_to, ..draft }));
        }
    }

    /// The first frame of a connection, with the cursors of all loaded conversations.
    pub(super) fn hello(self) -> Hello {
        let cursors = self.timeline_states.with_value(|states| {
            let conversations = states.iter().filter(|(id, _)| id.thread.is_none());
            let loaded = conversations.filter(|(_, state)| state.timeline.with_untracked(Timeline::is_loaded));
            loaded.map(|(id, state)| (id.conversation, state.timeline.with_untracked(Timeline::cursor))).collect()
        });
        let epoch = self.page_state.with_value(|page| page.epoch);
        Hello { protocol: VERSION, epoch, cursors, ..Hello::default() }
    }

    fn remember_companion(self, conversation: &Conversation) {
        if let ConversationKind::Direct { with } = &conversation.kind {
            self.remember_users(slice::from_ref(&with.user));
        }
    }

    /// Queues an event. The first event after a pause is applied at once; later ones wait up to [`UPDATE_INTERVAL`], so that
    /// the views are updated once for all of them.
    fn queue_event(self, event: Event) {
        let (now, mut is_after_pause, mut count) = (elapsed(), false, 0);
        self.page_state.update_value(|page| {
            is_after_pause = now - page.last_event_at >= UPDATE_INTERVAL;
            page.last_event_at = now;
            page.queued_events.push(event);
            count = page.queued_events.len();
        });
        // Updates of a hidden page cost no paint, and its timers may be late by a minute.
        if is_after_pause || count >= MAX_QUEUED_EVENTS || document().hidden() {
            self.apply_queued_events();
        } else if count == 1 {
            set_timeout(move || self.apply_queued_events(), Duration::from_millis(UPDATE_INTERVAL));
        }
    }

    /// Applies the queued events.
    pub(super) fn apply_queued_events(self) {
        let events = self.page_state.try_update_value(|page| mem::take(&mut page.queued_events)).unwrap_or_default();
        if events.is_empty() {
            return;
        }
        let mut conversations = Vec::new();
        for conversation in events.iter().map(|event| event.conversation) {
            if conversations.contains(&conversation) {
                continue;
            }
            conversations.push(conversation);
            for (id, state) in self.timelines_of(conversation) {
                self.apply_to_timeline(id, &state, &events);
            }
            if self.conversations.with_untracked(|all| all.get(conversation).is_none()) {
                self.refresh_conversation(conversation);
            }
        }
        if let Some(me) = self.current_user_id() {
            let mut unknown = Vec::new();
            self.blocks.with_untracked(|blocks| {
                self.conversations.update(|all| {
                    for event in &events {
                        let count = all.apply(event, me, blocks);
                        if count == UnreadCount::Unknown && !unknown.contains(&event.conversation) {
                            unknown.push(event.conversation);
                        }
                    }
                });
            });
            unknown.into_iter().for_each(|conversation| self.refresh_conversation(conversation));
            for event in events.iter().filter(|event| event.author.id == me) {
                self.command_confirmed(event.id);
                if let EventKind::Message { .. } = event.kind {
                    self.let_be_read(event.conversation);
                }
            }
        }
        self.originals().maybe_update(|originals| originals.apply(&events));
        for event in &events {
            self.remember_users(slice::from_ref(&event.author));
            if event.kind == EventKind::AccountDeleted {
                self.presence.update(|presence| presence.forget_registered(event.author.id));
                self.blocks.update(|blocks| blocks.update_user(&event.author));
            }
            if let EventKind::Pin { .. } | EventKind::Deletion { .. } | EventKind::Edit { .. } = event.kind {
                self.timeline_state(event.conversation.into()).pins_changed.notify();
            }
            if let EventKind::Message { .. } = event.kind {
                self.typing.maybe_update(|typing| typing.stop(event.conversation, event.author.id));
            }
        }
    }

    fn apply_to_timeline(self, id: TimelineId, state: &TimelineState, events: &[Event]) {
        let TimelineState { timeline, load, .. } = state;
        // A page that is requested later will contain them.
        if !timeline.with_untracked(Timeline::is_loaded) && load.get_untracked() != LoadState::Loading {
            return;
        }
        let is_open = self.page_state.with_value(|page| page.open_conversation == Some(id.conversation));
        timeline.update(|timeline| {
            for event in events.iter().filter(|event| event.conversation == id.conversation) {
                let row = self.row_id(event.author.id, event.id, event.seq);
                let event = Event { id: row, ..event.clone() };
                timeline.apply(&id.thread.map_or(event.clone(), |thread| in_thread(event, thread)));
            }
            if !is_open {
                // It will be opened at its end.
                timeline.trim(None);
            }
        });
    }

    fn handle_error(self, error: &ErrorFrame) {
        let Some(id) = error.id else { return };
        if !self.answer_request(id, Err(Some(error.code))) {
            self.command_refused(id, error);
        }
    }
}
