//! Frames from the server, folded into the store.

use std::time::Duration;

use leptos::prelude::*;

use super::{
    Link, LoadState, Returned, Store,
    store::{Talk, now},
};
use crate::{
    protocol::{ClientFrame, ErrorCode, ErrorFrame, Event, ServerFrame, Welcome},
    state::{Conversations, OutgoingStatus, Presence, TYPING_LASTS, Timeline},
};

impl Store {
    /// Folds a frame in; gives the frames that follow from it.
    pub(super) fn apply(self, frame: ServerFrame) -> Vec<ClientFrame> {
        match frame {
            ServerFrame::Welcome(welcome) => return self.welcome(*welcome),
            ServerFrame::Event(event) => self.event(&event),
            ServerFrame::CaughtUp { .. } | ServerFrame::Pong {} => {}
            ServerFrame::Reset { conversation, .. } => {
                let talk = self.talk(conversation);
                talk.timeline.update(Timeline::reset);
                talk.load.set(LoadState::Idle);
            }
            ServerFrame::Ack { id, conversation, seq, .. } => {
                if !self.answer(id, Ok(conversation)) {
                    // Its event takes it out of the outbox; one that came before the ack has done so already.
                    let talk = self.talk(conversation);
                    if seq.is_some_and(|seq| talk.timeline.with_untracked(|timeline| seq <= timeline.cursor())) {
                        self.outbox.update(|outbox| drop(outbox.remove(id)));
                    }
                }
            }
            ServerFrame::Error(error) => self.error(error),
            ServerFrame::Conversation(conversation) => {
                self.conversations.update(|conversations| conversations.put(conversation));
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
        Vec::new()
    }

    fn welcome(self, welcome: Welcome) -> Vec<ClientFrame> {
        self.epoch.set_value(Some(welcome.epoch));
        self.presence.set(Presence::welcome(&welcome));
        self.welcomes.update_value(|welcomes| *welcomes += 1);
        // What was heard of conversations that were not loaded, and so had no cursor, may have holes now.
        let unloaded = |talk: &Talk| !talk.timeline.with_untracked(Timeline::is_loaded);
        let talks: Vec<Talk> =
            self.talks.with_value(|talks| talks.values().filter(|talk| unloaded(talk)).cloned().collect());
        talks.iter().for_each(|talk| talk.timeline.update(Timeline::reset));
        self.conversations.set(Conversations::new(welcome.conversations));
        self.me.update(|me| *me = Some(welcome.me));
        self.link.set(Link::Online);
        self.outbox.with_untracked(|outbox| outbox.to_resend().collect())
    }

    fn event(self, event: &Event) {
        self.talk(event.conversation).timeline.update(|timeline| timeline.apply(event));
        self.outbox.update(|outbox| drop(outbox.remove(event.id)));
        self.typing.update(|typing| typing.stopped(event.conversation, event.author.id));
        if let Some(me) = self.me.with_untracked(|me| me.as_ref().map(|me| me.id)) {
            self.conversations.update(|conversations| conversations.apply(event, me));
        }
    }

    fn error(self, error: ErrorFrame) {
        let Some(id) = error.id else { return };
        if self.answer(id, Err(Some(error.code))) {
            return;
        }
        match error.code {
            // Worth another try without asking.
            ErrorCode::RateLimited => {
                let wait = Duration::from_millis(error.retry_after_ms.unwrap_or(1_000));
                set_timeout(move || self.retry(id), wait);
            }
            // Never right as it is: the text goes back to its author.
            ErrorCode::MessageTooLong | ErrorCode::EmptyMessage => {
                let refused = self.outbox.try_update(|outbox| outbox.remove(id)).flatten();
                self.returned.set(refused.map(|outgoing| Returned {
                    conversation: outgoing.conversation,
                    body: outgoing.body,
                    code: error.code,
                }));
            }
            code => self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Failed(code))),
        }
    }
}
