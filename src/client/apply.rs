//! Frames from the server, folded into the store.

use std::{slice, time::Duration};

use leptos::prelude::*;

use super::{
    Link, LoadState, Store,
    outbox::Keep,
    store::{Talk, now},
};
use crate::{
    domain::{Conversation, ConversationKind},
    protocol::{Change, ErrorFrame, Event, ServerFrame, Welcome},
    state::{Conversations, TYPING_LASTS, Timeline},
};

impl Store {
    /// Folds a frame in.
    pub(super) fn apply(self, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(*welcome),
            ServerFrame::Event(event) => self.event(&event),
            ServerFrame::CaughtUp { .. } | ServerFrame::Pong {} => {}
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
                self.conversations.update(|conversations| conversations.read(conversation, seq));
            }
            ServerFrame::Typing { conversation, user } => {
                self.typing.update(|typing| typing.seen(conversation, user, now()));
                set_timeout(
                    move || self.typing.update(|typing| typing.expire(now())),
                    Duration::from_millis(TYPING_LASTS + 50),
                );
            }
            ServerFrame::Presence { joined, left, online_count } => {
                self.presence.update(|presence| presence.apply(&joined, &left, online_count));
            }
        }
    }

    fn welcome(self, welcome: Welcome) {
        let before = self.me.with_untracked(|me| me.as_ref().map(|me| me.id));
        if before.is_some_and(|before| before != welcome.me.id) {
            // Somebody else has come in with this browser meanwhile. Nothing of who was here may become theirs.
            self.keep(Keep::Clear);
            self.forget();
            // Fails only where there is nothing to load, and then nothing is shown either.
            drop(window().location().reload());
            return;
        }
        let is_other_history = self.epoch.get_value().is_some_and(|epoch| epoch != welcome.epoch);
        self.epoch.set_value(Some(welcome.epoch));
        self.presence.update(|presence| presence.welcome(&welcome));
        welcome.conversations.iter().for_each(|conversation| self.meet_companion(conversation));
        if is_other_history {
            self.give_changes_up();
        }
        let talks: Vec<Talk> = self.talks.with_value(|talks| talks.values().cloned().collect());
        for Talk { timeline, load } in talks {
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
        self.conversations.set(Conversations::new(welcome.conversations));
        self.me.update(|me| *me = Some(welcome.me));
        self.link.set(Link::Online);
        self.keep(Keep::TakeOver);
        self.send_next();
    }

    fn meet_companion(self, conversation: &Conversation) {
        if let ConversationKind::Direct { with } = &conversation.kind {
            self.meet(slice::from_ref(with));
        }
    }

    fn event(self, event: &Event) {
        self.meet(slice::from_ref(&event.author));
        let Talk { timeline, load } = self.talk(event.conversation);
        // A page that is asked for later has it.
        if timeline.with_untracked(Timeline::is_loaded) || load.get_untracked() == LoadState::Loading {
            let id = self.row_id(event.author.id, event.id, event.seq);
            timeline.update(|timeline| timeline.apply(&Event { id, ..event.clone() }));
        }
        if let Some(me) = self.me.with_untracked(|me| me.as_ref().map(|me| me.id)) {
            self.conversations.update(|conversations| conversations.apply(event, me));
            if event.author.id == me {
                self.seen(event.id);
            }
        }
        if let Change::Message { .. } = event.change {
            self.typing.update(|typing| typing.stopped(event.conversation, event.author.id));
        }
    }

    fn error(self, error: &ErrorFrame) {
        let Some(id) = error.id else { return };
        if !self.answer(id, Err(Some(error.code))) {
            self.refused(id, error);
        }
    }
}
