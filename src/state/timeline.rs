//! One conversation's messages, from events in any order and pages fetched at any time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    domain::{CommandId, Message, Seq},
    protocol::{Change, Event, MessagesPage},
};

/// What a client knows of one conversation: a stretch of its newest messages, without holes once it is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    messages: BTreeMap<Seq, Message>,
    by_id: HashMap<CommandId, Seq>,
    /// Every event up to here has been applied.
    cursor: Seq,
    /// Events applied ahead of the cursor; those in between are still on their way.
    ahead: BTreeSet<Seq>,
    loaded: bool,
    more_before: bool,
}

impl Timeline {
    /// Applies an event. Applying it again, or after later ones, changes nothing more.
    pub fn apply(&mut self, event: &Event) {
        let Change::Message { body } = &event.change;
        self.fold(Message {
            seq: event.seq,
            id: event.id,
            at: event.at,
            author: event.author.clone(),
            body: body.clone(),
            revision: event.seq,
        });
        if event.seq > self.cursor {
            self.ahead.insert(event.seq);
        }
        self.advance();
    }

    /// Takes in a fetched page: the newest messages, or older ones than those that are here.
    pub fn take_in(&mut self, page: MessagesPage) {
        let oldest_before = self.oldest();
        for message in page.messages {
            self.fold(message);
        }
        if !self.loaded {
            // A first page: all events up to `as_of` are folded into it.
            self.loaded = true;
            self.more_before = page.more;
            self.cursor = self.cursor.max(page.as_of);
            self.ahead = self.ahead.split_off(&self.cursor.next());
            self.advance();
        } else if self.oldest() < oldest_before || !page.more {
            self.more_before = page.more;
        }
    }

    /// Forgets everything, because too much was missed: a fresh page must be fetched.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// All events up to here have been applied; where this stands after a page is fetched, a client can resume.
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Whether a first page has been fetched, so that what is here has no holes.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether there are older messages to fetch.
    pub fn has_more_before(&self) -> bool {
        self.more_before
    }

    /// The oldest message here.
    pub fn oldest(&self) -> Option<Seq> {
        self.messages.keys().next().copied()
    }

    /// The messages, by position.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values()
    }

    /// The message that this command sent.
    pub fn by_id(&self, id: CommandId) -> Option<&Message> {
        self.messages.get(self.by_id.get(&id)?)
    }

    fn fold(&mut self, message: Message) {
        let known = self.messages.get(&message.seq);
        if known.is_none_or(|known| known.revision < message.revision) {
            self.by_id.insert(message.id, message.seq);
            self.messages.insert(message.seq, message);
        }
    }

    fn advance(&mut self) {
        while self.ahead.remove(&self.cursor.next()) {
            self.cursor = self.cursor.next();
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Body, ConversationId, Millis, Nickname, User, UserId};

    fn event(seq: u64) -> Event {
        let id = Uuid::from_u128(u128::from(seq));
        let nickname = Nickname::parse("小明").expect("a nickname");
        Event {
            conversation: ConversationId::from_uuid(Uuid::nil()),
            seq: Seq(seq),
            at: Millis(1_700_000_000_000 + seq),
            author: User { id: UserId::from_uuid(Uuid::from_u128(u128::from(seq % 3))), nickname },
            id: CommandId::from_uuid(id),
            change: Change::Message { body: Body::parse(&format!("message {seq}")).expect("a body") },
        }
    }

    fn log(length: u64) -> Vec<Event> {
        (1..=length).map(event).collect()
    }

    fn applied(events: &[Event]) -> Timeline {
        let mut timeline = Timeline::default();
        events.iter().for_each(|event| timeline.apply(event));
        timeline
    }

    /// The newest `limit` messages of the log before `before`, as the server would give them.
    fn page(log: &[Event], before: Option<u64>, limit: usize) -> MessagesPage {
        let all: Vec<Message> = applied(log).messages().cloned().collect();
        let wanted: Vec<Message> =
            all.into_iter().filter(|message| before.is_none_or(|before| message.seq.0 < before)).collect();
        let start = wanted.len().saturating_sub(limit);
        MessagesPage { messages: wanted[start..].to_vec(), as_of: Seq(log.len() as u64), more: start > 0 }
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_timeline(
            length in 1u64..40,
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            seed in any::<u64>(),
        ) {
            let log = log(length);
            let mut delivered = log.clone();
            delivered.extend(again.iter().map(|index| index.get(&log).clone()));
            // A cheap shuffle that proptest can shrink: sort by a keyed hash of the place.
            let mut keyed: Vec<(u64, Event)> = delivered.into_iter().enumerate()
                .map(|(place, event)| ((place as u64 + 1).wrapping_mul(seed | 1).rotate_left(17), event)).collect();
            keyed.sort_by_key(|(key, _)| *key);
            let shuffled: Vec<Event> = keyed.into_iter().map(|(_, event)| event).collect();

            let timeline = applied(&shuffled);
            prop_assert_eq!(&timeline, &applied(&log));
            prop_assert_eq!(timeline.cursor(), Seq(length));
        }

        #[test]
        fn a_page_fetched_amid_the_events_equals_all_events(
            length in 1u64..40, fetched_at in 0usize..40, first_live in 0usize..40, limit in 1usize..50,
        ) {
            let log = log(length);
            let fetched_at = fetched_at.min(log.len());
            let first_live = first_live.min(fetched_at);
            let mut timeline = applied(&log[first_live..fetched_at]);
            timeline.take_in(page(&log[..fetched_at], None, limit));
            log[first_live..].iter().for_each(|event| timeline.apply(event));
            while timeline.has_more_before() {
                let before = timeline.oldest().map(|seq| seq.0);
                timeline.take_in(page(&log, before, limit));
            }
            prop_assert_eq!(timeline.cursor(), Seq(length));
            prop_assert!(timeline.messages().eq(applied(&log).messages()));
        }

        #[test]
        fn the_cursor_never_passes_a_hole(length in 2u64..40, hole in 1u64..40) {
            let hole = hole.min(length);
            let events: Vec<Event> = log(length).into_iter().filter(|event| event.seq.0 != hole).collect();
            prop_assert_eq!(applied(&events).cursor(), Seq(hole - 1));
        }
    }

    #[test]
    fn after_a_reset_nothing_is_known() {
        let mut timeline = applied(&log(5));
        timeline.reset();
        assert_eq!(timeline, Timeline::default());
    }
}
