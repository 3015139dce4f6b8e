//! The messages of one conversation, from events that come in order and pages that are fetched at any time.

use std::mem;

use super::{
    fold::{fold, update_user},
    message_list::MessageList,
};
use crate::domain::{CommandId, Event, EventKind, Message, MessagesPage, Seq};

#[cfg(all(test, feature = "ssr"))]
mod tests;

/// How many messages are kept that the reader has not scrolled to: the newest ones below a reader who is further up, or
/// those above a reader at the end. Each costs memory and a row of the page; dropped ones are fetched again when the reader
/// gets near.
const MAX_DISTANT_MESSAGES: usize = 120;

/// By how many messages that limit is exceeded before any are dropped, so that each drop stays short.
const TRIM_SLACK: usize = 8;

/// How many changes to messages that are not loaded are kept.
const MAX_PENDING_CHANGES: usize = 1_000;

/// What a client knows of one conversation: consecutive messages, without holes, as they are after the event at the cursor.
///
/// Usually they end with the newest message. After a reset they may begin where the reader is and end at a gap; messages
/// that arrived since are behind it, and pages fetched as [`PageRange::Newer`] close it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    messages: MessageList,
    /// The last message before the gap, if there is a gap.
    gap: Option<Seq>,
    /// The messages from before a reset: shown until new ones are loaded, but not kept up to date.
    stale: Option<MessageList>,
    /// All events up to here have been applied.
    cursor: Seq,
    /// Events that arrived before the first page, or before an event that precedes them, by `seq`.
    early_events: Vec<Event>,
    /// Changes to messages that are not loaded, in order: a page that is being fetched may contain those messages unchanged.
    pending_changes: Vec<Event>,
    /// The newest event that has been dropped: a page that was read before it would lack it.
    dropped_up_to: Seq,
    loaded: bool,
    more_before: bool,
    generation: u32,
}

/// Which messages to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRange {
    /// The newest messages; they replace the timeline.
    Newest,
    /// This message and those after it; they replace the timeline.
    From(Seq),
    /// The messages before this one, which is the oldest in the timeline.
    Older(Seq),
    /// The messages after this one, which is the last before the gap.
    Newer(Seq),
}

impl Timeline {
    /// Applies an event. Applying it again has no effect; an event that comes too early waits for those before it.
    pub fn apply(&mut self, event: &Event) {
        if event.seq > self.cursor
            && let Err(index) = self.early_events.binary_search_by_key(&event.seq, |other| other.seq)
        {
            self.early_events.insert(index, event.clone());
        }
        if self.loaded {
            self.apply_early_events();
        }
    }

    /// Adds a page that was requested as `range` in the current [generation](Timeline::generation).
    pub fn apply_page(&mut self, range: PageRange, page: MessagesPage) {
        let last = page.messages.last().map(|message| message.seq);
        // The messages next to the page, or events that the page lacks, have been dropped meanwhile.
        let is_outdated = match range {
            PageRange::Newest | PageRange::From(_) => false,
            PageRange::Older(seq) => self.oldest() != Some(seq),
            PageRange::Newer(seq) => self.gap != Some(seq),
        };
        if is_outdated || self.loaded && page.as_of < self.dropped_up_to {
            return;
        }
        match range {
            // Two such pages were requested; the first one has been kept up to date since.
            PageRange::Newest | PageRange::From(_) if self.loaded => return,
            // No message is left from there on.
            PageRange::From(_) if last.is_none() => return self.forget(),
            PageRange::Newest | PageRange::From(_) => {
                let from_end = range == PageRange::Newest;
                self.early_events.retain(|event| event.seq > page.as_of);
                *self = Self {
                    early_events: mem::take(&mut self.early_events),
                    cursor: page.as_of,
                    gap: last.filter(|_| !from_end && page.more),
                    more_before: !from_end || page.more,
                    loaded: true,
                    generation: self.generation,
                    ..Self::default()
                };
            }
            PageRange::Older(_) => self.more_before = page.more,
            PageRange::Newer(seq) => self.gap = page.more.then_some(last.unwrap_or(seq)),
        }
        for message in page.messages {
            self.insert(message);
        }
        self.apply_early_events();
    }

    /// Drops messages far from the reader, who is at the message `reader`, or at the end for `None`. Returns whether any were
    /// dropped. They can be fetched again as [`PageRange::Older`] or, behind a gap, as [`PageRange::Newer`].
    pub fn trim(&mut self, reader: Option<Seq>) -> bool {
        self.trim_to(MAX_DISTANT_MESSAGES, TRIM_SLACK, reader)
    }

    fn trim_to(&mut self, max: usize, slack: usize, reader: Option<Seq>) -> bool {
        let messages = self.messages.as_slice();
        let count = messages.len();
        if !self.loaded || count <= max + slack {
            return false;
        }
        // Messages after this index are behind the gap, or will be.
        let kept = self.messages.up_to(self.gap.or(reader)).len();
        match (self.gap, reader) {
            (None, None) => {
                self.drop_messages(0..count - max);
                self.more_before = true;
            }
            (None, Some(_)) if count > kept + max + slack => {
                self.gap = Some(messages[kept + max - 1].seq);
            }
            (Some(_), _) if count > kept + max + slack => self.drop_messages(kept..count - max),
            _ => return false,
        }
        true
    }

    fn drop_messages(&mut self, range: std::ops::Range<usize>) {
        self.dropped_up_to = self.dropped_up_to.max(self.messages.remove(range));
    }

    /// The client missed too many events: its messages stay visible, but new ones must be fetched.
    pub fn reset(&mut self) {
        let stale = if self.loaded {
            let mut messages = mem::take(&mut self.messages);
            messages.truncate_after(self.gap);
            Some(messages)
        } else {
            self.stale.take()
        };
        *self = Self { stale, generation: self.generation + 1, ..Self::default() };
    }

    /// Forgets all messages: they belong to a history that the server does not have, or the user may not read them any more.
    pub fn forget(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// All events up to here have been applied. Once the timeline is loaded, a client can resume from here.
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// How often the timeline was reset or forgotten. A page requested in an earlier generation must not be applied.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether messages have been fetched and are kept up to date.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether it is known which messages to show, perhaps none: they are loaded, or are from before a reset.
    pub fn is_known(&self) -> bool {
        self.loaded || self.stale.is_some()
    }

    /// Whether there are older messages to fetch.
    pub fn has_more_before(&self) -> bool {
        self.more_before
    }

    /// The last message before the gap, if there is a gap.
    pub fn gap(&self) -> Option<Seq> {
        self.gap
    }

    /// The position of the oldest message.
    pub fn oldest(&self) -> Option<Seq> {
        self.visible().as_slice().first().map(|message| message.seq)
    }

    /// The messages to show, up to the gap, in ascending order of `seq`.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.visible().up_to(self.gap).iter()
    }

    /// The message at `seq`, if it is loaded.
    pub fn get(&self, seq: Seq) -> Option<&Message> {
        self.visible().get(seq)
    }

    /// The message that the command `id` sent.
    pub fn by_id(&self, id: CommandId) -> Option<&Message> {
        self.visible().by_id(id)
    }

    fn visible(&self) -> &MessageList {
        self.stale.as_ref().unwrap_or(&self.messages)
    }

    /// Applies the waiting events that follow the cursor without a hole.
    fn apply_early_events(&mut self) {
        let events = mem::take(&mut self.early_events);
        for event in events {
            if event.seq == self.cursor.next() {
                self.cursor = event.seq;
                self.apply_next(event);
            } else {
                self.early_events.push(event);
            }
        }
    }

    fn apply_next(&mut self, event: Event) {
        if event.kind == EventKind::AccountDeleted {
            self.messages.iter_mut().for_each(|message| update_user(message, &event.author));
            return self.keep_pending(event);
        }
        if let Some(changed) = event.kind.changed_message() {
            match self.messages.get_mut(changed) {
                Some(message) => fold(message, &event),
                None => self.keep_pending(event.clone()),
            }
        }
        if let Some(message) = Message::from_event(event) {
            self.insert(message);
        }
    }

    /// Keeps a change to messages that are not loaded.
    fn keep_pending(&mut self, change: Event) {
        self.pending_changes.push(change);
        if self.pending_changes.len() > MAX_PENDING_CHANGES {
            self.dropped_up_to = self.dropped_up_to.max(self.pending_changes.remove(0).seq);
        }
    }

    /// Inserts a message, with the changes to it that arrived earlier.
    fn insert(&mut self, mut message: Message) {
        for event in &self.pending_changes {
            if event.kind == EventKind::AccountDeleted {
                update_user(&mut message, &event.author);
            } else if event.kind.changed_message() == Some(message.seq) {
                fold(&mut message, event);
            }
        }
        self.pending_changes.retain(|event| event.kind.changed_message() != Some(message.seq));
        self.messages.insert(message);
    }
}
