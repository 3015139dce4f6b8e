//! Frames from the server, folded into the store.

use std::{mem, slice, time::Duration};

use leptos::prelude::*;

use crate::{
    client::{
        ConnectionStatus, LoadState, Store,
        clock::{elapsed, learn},
        outbox::OutboxChange,
        store::ConversationState,
    },
    domain::{Conversation, ConversationId, ConversationKind, Event, EventKind},
    protocol::{ErrorFrame, ServerFrame, Welcome},
    state::{Blocks, Conversations, Count, TYPING_LASTS, Timeline},
};

/// How far apart events are folded in, in milliseconds. Each time the page is laid out and painted anew, and nobody reads
/// faster than this.
const FOLD_EVERY: u64 = 100;

/// How many events wait at most.
const MOST_GATHERED: usize = 256;

impl Store {
    /// Folds a frame in: an event soon, with others, and anything else now, behind the events that came before it.
    pub(crate) fn apply(self, frame: ServerFrame) {
        if let ServerFrame::Event(event) = frame {
            return self.gather(event);
        }
        self.fold_in();
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(&welcome),
            ServerFrame::Event(_) | ServerFrame::CaughtUp { .. } | ServerFrame::Pong {} => {}
            ServerFrame::Reset { conversation, last_seq } => {
                // A cursor ahead of the log belongs to a log that is no more.
                let timeline = self.talk(conversation).timeline;
                if timeline.with_untracked(|timeline| timeline.cursor() > last_seq) {
                    timeline.update(Timeline::forget);
                }
                self.restart(conversation);
            }
            ServerFrame::Ack { id, conversation, seq, .. } => {
                if !self.answer(id, Ok(conversation))
                    && let Some(seq) = seq
                {
                    self.saved(id, conversation, seq);
                }
            }
            ServerFrame::Error(error) => self.error(&error),
            ServerFrame::Conversation(conversation) => {
                self.meet_companion(&conversation);
                self.conversations.update(|conversations| conversations.put(conversation));
            }
            ServerFrame::ConversationRemoved { id } => {
                self.conversations.update(|conversations| conversations.remove(id));
                self.talk(id).timeline.update(Timeline::forget);
            }
            ServerFrame::Read { conversation, seq, .. } => {
                self.read(conversation, seq);
            }
            ServerFrame::Block { user, on } => {
                self.blocks.update(|blocks| blocks.apply(user, on));
                // In rooms, what they wrote is unread no more, or again.
                let rooms = |all: &Conversations| all.rooms().map(|room| room.id).collect::<Vec<_>>();
                self.conversations.with_untracked(rooms).into_iter().for_each(|room| self.learn(room));
            }
            ServerFrame::Typing { user, .. } if self.blocks.with_untracked(|blocks| blocks.has(user.id)) => {}
            ServerFrame::Typing { conversation, user } => {
                let sign = self.typing.try_update(|typing| typing.seen(conversation, user));
                let expire = move || self.typing.maybe_update(|typing| sign.is_some_and(|sign| typing.expire(sign)));
                set_timeout(expire, Duration::from_millis(TYPING_LASTS));
            }
            ServerFrame::Presence { joined, left, online_count } => {
                self.presence.update(|presence| presence.apply(&joined, &left, online_count));
            }
        }
    }

    fn welcome(self, welcome: &Welcome) {
        let before = self.my_id();
        if before.is_some_and(|before| before != welcome.me.id) {
            // Somebody else has come in with this browser meanwhile. Nothing of who was here may become theirs.
            self.clear();
            self.forget();
            // Fails only where there is nothing to load, and then nothing is shown either.
            drop(window().location().reload());
            return;
        }
        let is_other_history = self.pace.with_value(|pace| pace.epoch).is_some_and(|epoch| epoch != welcome.epoch);
        if is_other_history {
            self.give_changes_up();
        }
        let talks: Vec<ConversationState> =
            self.talks.with_value(|talks| talks.iter().map(|(_, talk)| talk.clone()).collect());
        for ConversationState { timeline, load } in talks {
            let is_loaded = timeline.with_untracked(Timeline::is_loaded);
            if is_other_history {
                timeline.update(Timeline::forget);
            } else if !is_loaded {
                // What was heard of it had no cursor, and so may have holes now.
                timeline.update(Timeline::reset);
            }
            if is_other_history || !is_loaded || load.get_untracked() == LoadState::Failed {
                load.set(LoadState::Idle);
            }
        }
        if let Some(at) = welcome.at {
            learn(at, elapsed());
        }
        self.know(welcome);
        self.link.set(ConnectionStatus::Online);
        self.keep(OutboxChange::TakeOver);
        self.send_next();
    }

    /// Takes note of what a welcome says.
    pub(crate) fn know(self, welcome: &Welcome) {
        self.pace.update_value(|pace| pace.epoch = Some(welcome.epoch));
        self.presence.update(|presence| presence.welcome(welcome));
        welcome.conversations.iter().for_each(|conversation| self.meet_companion(conversation));
        self.blocks.set(Blocks::new(welcome.blocks.clone()));
        let (list, older) = (welcome.conversations.clone(), welcome.older.clone());
        // The server goes on with those for which `hello` had a cursor.
        let is_followed = |id| {
            let is_loaded = |talk: &ConversationState| talk.timeline.with_untracked(Timeline::is_loaded);
            self.talks.with_value(|talks| talks.get(&id).is_some_and(is_loaded))
        };
        self.conversations.update(|conversations| conversations.welcome(list, older, is_followed));
        self.me.update(|me| *me = Some(welcome.me.clone()));
    }

    fn meet_companion(self, conversation: &Conversation) {
        if let ConversationKind::Direct { with } = &conversation.kind {
            self.meet(slice::from_ref(&with.user));
        }
    }

    /// Events that come close together are folded in together: what follows from them is worked out once. The first
    /// after a pause does not wait.
    fn gather(self, event: Event) {
        let (now, mut after_pause, mut count) = (elapsed(), false, 0);
        self.pace.update_value(|pace| {
            after_pause = now - pace.heard_at >= FOLD_EVERY;
            pace.heard_at = now;
            pace.gathered.push(event);
            count = pace.gathered.len();
        });
        // Of a hidden page nobody sees what it costs, and its timers may be late by a minute.
        if after_pause || count >= MOST_GATHERED || document().hidden() {
            self.fold_in();
        } else if count == 1 {
            set_timeout(move || self.fold_in(), Duration::from_millis(FOLD_EVERY));
        }
    }

    /// Folds in the events that have been gathered.
    pub(crate) fn fold_in(self) {
        let events = self.pace.try_update_value(|pace| mem::take(&mut pace.gathered)).unwrap_or_default();
        if events.is_empty() {
            return;
        }
        let mut conversations = Vec::new();
        for conversation in events.iter().map(|event| event.conversation) {
            if conversations.contains(&conversation) {
                continue;
            }
            conversations.push(conversation);
            self.fold_in_events_of(conversation, &events);
            if self.conversations.with_untracked(|all| all.get(conversation).is_none()) {
                self.learn(conversation);
            }
        }
        if let Some(me) = self.my_id() {
            let mut unsure = Vec::new();
            self.blocks.with_untracked(|blocks| {
                self.conversations.update(|all| {
                    for event in &events {
                        if all.apply(event, me, blocks) == Count::Unsure && !unsure.contains(&event.conversation) {
                            unsure.push(event.conversation);
                        }
                    }
                });
            });
            unsure.into_iter().for_each(|conversation| self.learn(conversation));
            events.iter().filter(|event| event.author.id == me).for_each(|event| self.seen(event.id));
        }
        for event in &events {
            self.meet(slice::from_ref(&event.author));
            if event.kind == EventKind::AccountDeleted {
                self.presence.update(|presence| presence.forget(event.author.id));
                self.blocks.update(|blocks| blocks.name_anew(&event.author));
            }
            if let EventKind::Message { .. } = event.kind {
                self.typing.maybe_update(|typing| typing.stopped(event.conversation, event.author.id));
            }
        }
    }

    fn fold_in_events_of(self, conversation: ConversationId, events: &[Event]) {
        let ConversationState { timeline, load } = self.talk(conversation);
        // A page that is asked for later has them.
        if !timeline.with_untracked(Timeline::is_loaded) && load.get_untracked() != LoadState::Loading {
            return;
        }
        let is_shown = self.pace.with_value(|pace| pace.shown == Some(conversation));
        timeline.update(|timeline| {
            for event in events.iter().filter(|event| event.conversation == conversation) {
                let id = self.row_id(event.author.id, event.id, event.seq);
                timeline.apply(&Event { id, ..event.clone() });
            }
            if !is_shown {
                // Whoever opens it begins at its end.
                timeline.trim(None);
            }
        });
    }

    fn error(self, error: &ErrorFrame) {
        let Some(id) = error.id else { return };
        if !self.answer(id, Err(Some(error.code))) {
            self.refused(id, error);
        }
    }
}
