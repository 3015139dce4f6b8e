//! One conversation's messages, from events that come in order and pages fetched at any time.

use std::{collections::HashMap, mem, ops::Range};

use super::fold::{fold, name_anew};
use crate::domain::{Body, CommandId, Event, EventKind, Message, MessagesPage, Seq};

/// How many messages are kept that nobody has scrolled to: what has come since, below the reader or, for one who is at the
/// end, above. Each one costs memory and a row; what is dropped is fetched again when the reader comes near.
const LONGEST: usize = 120;

/// By how much that is exceeded before anything is dropped: a few at a time, so that none of it takes long.
const SLACK: usize = 8;

/// How many changes to messages that are not here are kept.
const MOST_CHANGES: usize = 1_000;

/// What a client knows of one conversation: a stretch of its messages without holes, as they stand at its cursor.
///
/// Usually the stretch ends with the newest message. After too much was missed, it may begin where the reader is and
/// end at a gap; behind that lies what has come since, and pages fetched [`PageRange::Newer`] close it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    messages: Messages,
    /// The last message before the gap, if there is one.
    gap: Option<Seq>,
    /// What was here before too much was missed: shown until a new stretch is here, but not kept up to date.
    frozen: Option<Messages>,
    /// Every event up to here has been applied.
    cursor: Seq,
    /// Events that came before others, or before the first page, that belong before them.
    ahead: Vec<Event>,
    /// Changes to messages that are not here, in order: a page that is under way may bring them as they were before.
    changes: Vec<Event>,
    /// The last event of which nothing is here any more: a page that was read before it came would lack it.
    forgotten: Seq,
    loaded: bool,
    more_before: bool,
    generation: u32,
}

/// Messages in the order of their positions, and where to find them. Sorted vectors: they grow at their ends, and are
/// the least code to load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Messages {
    sorted: Vec<Message>,
    by_id: HashMap<CommandId, Seq>,
}

impl Messages {
    fn place(&self, seq: Seq) -> Result<usize, usize> {
        self.sorted.binary_search_by_key(&seq, |message| message.seq)
    }

    /// Those up to and including `last`.
    fn up_to(&self, last: Option<Seq>) -> &[Message] {
        let end = last.map_or(self.sorted.len(), |last| self.sorted.partition_point(|message| message.seq <= last));
        &self.sorted[..end]
    }

    /// Puts a message in its place, unless what is there has more folded into it.
    fn put(&mut self, message: Message) {
        self.by_id.insert(message.id, message.seq);
        match self.place(message.seq) {
            Ok(place) if self.sorted[place].revision < message.revision => self.sorted[place] = message,
            Ok(_) => {}
            Err(place) => self.sorted.insert(place, message),
        }
    }
}

/// Which messages to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRange {
    /// The newest: a new start.
    Newest,
    /// From this message on: a new start.
    From(Seq),
    /// Those before this message, which is the oldest here.
    Older(Seq),
    /// Those after this message, behind which is a gap.
    Newer(Seq),
}

impl Timeline {
    /// Applies an event. Applying it again changes nothing; one that comes too early waits for those before it.
    pub fn apply(&mut self, event: &Event) {
        if event.seq > self.cursor
            && let Err(place) = self.ahead.binary_search_by_key(&event.seq, |other| other.seq)
        {
            self.ahead.insert(place, event.clone());
        }
        if self.loaded {
            self.advance();
        }
    }

    /// Takes in a page that was asked for as `stretch` while this was of the same [`Timeline::generation`].
    pub fn take_in(&mut self, stretch: PageRange, page: MessagesPage) {
        let last = page.messages.last().map(|message| message.seq);
        // What it continues was dropped meanwhile, or what it lacks was.
        let is_late = match stretch {
            PageRange::Newest | PageRange::From(_) => false,
            PageRange::Older(seq) => self.oldest() != Some(seq),
            PageRange::Newer(seq) => self.gap != Some(seq),
        };
        if is_late || self.loaded && page.as_of < self.forgotten {
            return;
        }
        match stretch {
            // Two were under way, and the other one has been kept up to date since.
            PageRange::Newest | PageRange::From(_) if self.loaded => return,
            // Nothing is left from there on.
            PageRange::From(_) if last.is_none() => return self.forget(),
            PageRange::Newest | PageRange::From(_) => {
                let from_end = stretch == PageRange::Newest;
                self.ahead.retain(|event| event.seq > page.as_of);
                *self = Self {
                    ahead: mem::take(&mut self.ahead),
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
            self.put(message);
        }
        self.advance();
    }

    /// Drops what is far from the reader, who is at the end, or else at the message `reader`. Whether it did: it can be
    /// fetched again as [`PageRange::Older`] or, behind a gap, as [`PageRange::Newer`].
    pub fn trim(&mut self, reader: Option<Seq>) -> bool {
        self.trim_to(LONGEST, SLACK, reader)
    }

    fn trim_to(&mut self, longest: usize, slack: usize, reader: Option<Seq>) -> bool {
        let all = self.messages.sorted.len();
        if !self.loaded || all <= longest + slack {
            return false;
        }
        // What is not shown because it lies behind the gap, or what is to lie there.
        let behind = self.messages.up_to(self.gap.or(reader)).len();
        match (self.gap, reader) {
            (None, None) => {
                self.drop(0..all - longest);
                self.more_before = true;
            }
            (None, Some(_)) if all > behind + longest + slack => {
                self.gap = Some(self.messages.sorted[behind + longest - 1].seq);
            }
            (Some(_), _) if all > behind + longest + slack => self.drop(behind..all - longest),
            _ => return false,
        }
        true
    }

    fn drop(&mut self, places: Range<usize>) {
        for message in self.messages.sorted.drain(places) {
            self.messages.by_id.remove(&message.id);
            self.forgotten = self.forgotten.max(message.revision);
        }
    }

    /// Too much was missed: what is here stays in view, but a new stretch must be fetched.
    pub fn reset(&mut self) {
        let frozen = if self.loaded {
            let mut messages = mem::take(&mut self.messages);
            messages.sorted.truncate(messages.up_to(self.gap).len());
            Some(messages)
        } else {
            self.frozen.take()
        };
        *self = Self { frozen, generation: self.generation + 1, ..Self::default() };
    }

    /// What is here belongs to no history that the server knows.
    pub fn forget(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// All events up to here have been applied; where this stands after a page is fetched, a client can resume.
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Counts new starts. A page that was asked for before one is of no use after it.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether a stretch has been fetched, and is kept up to date.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether there are messages, or none, to be shown: a stretch, or what was here before a reset.
    pub fn is_known(&self) -> bool {
        self.loaded || self.frozen.is_some()
    }

    /// Whether there are older messages to fetch.
    pub fn has_more_before(&self) -> bool {
        self.more_before
    }

    /// The last message before a gap, where newer ones are to be fetched.
    pub fn gap(&self) -> Option<Seq> {
        self.gap
    }

    /// The oldest message here.
    pub fn oldest(&self) -> Option<Seq> {
        self.shown().sorted.first().map(|message| message.seq)
    }

    /// The messages of the stretch, by position.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.shown().up_to(self.gap).iter()
    }

    /// The message that this command sent.
    pub fn by_id(&self, id: CommandId) -> Option<&Message> {
        let shown = self.shown();
        let place = shown.place(*shown.by_id.get(&id)?).ok()?;
        shown.sorted.get(place)
    }

    fn shown(&self) -> &Messages {
        self.frozen.as_ref().unwrap_or(&self.messages)
    }

    fn advance(&mut self) {
        let ahead = mem::take(&mut self.ahead);
        for event in ahead {
            if event.seq == self.cursor.next() {
                self.cursor = event.seq;
                self.fold(event);
            } else {
                self.ahead.push(event);
            }
        }
    }

    fn fold(&mut self, event: Event) {
        if event.kind == EventKind::AccountDeleted {
            self.messages.sorted.iter_mut().for_each(|message| name_anew(message, &event.author));
            return self.put_aside(event);
        }
        if let Some(target) = event.kind.target() {
            match self.messages.place(target) {
                Ok(place) => fold(&mut self.messages.sorted[place], &event),
                Err(_) => self.put_aside(event),
            }
            return;
        }
        let (body, notice) = match event.kind {
            EventKind::Message { body } => (body, None),
            EventKind::Notice(notice) => (Body::deleted(), Some(notice)),
            _ => return,
        };
        self.put(Message {
            seq: event.seq,
            id: event.id,
            at: event.at,
            author: event.author,
            body,
            revision: event.seq,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice,
        });
    }

    /// Keeps a change to messages that are not here.
    fn put_aside(&mut self, kind: Event) {
        self.changes.push(kind);
        if self.changes.len() > MOST_CHANGES {
            self.forgotten = self.forgotten.max(self.changes.remove(0).seq);
        }
    }

    /// Puts a message in its place, with the changes that came before it did.
    fn put(&mut self, mut message: Message) {
        for event in &self.changes {
            if event.kind == EventKind::AccountDeleted {
                name_anew(&mut message, &event.author);
            } else if event.kind.target() == Some(message.seq) {
                fold(&mut message, event);
            }
        }
        self.changes.retain(|event| event.kind.target() != Some(message.seq));
        self.messages.put(message);
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Action, ConversationId, Emoji, ModerationNotice, Nickname, Scope, Timestamp, User, UserId};

    /// What happens at one place of a log; targets are taken from the messages before it.
    #[derive(Clone, Debug)]
    enum TimelineStep {
        Message,
        Notice,
        Edit(prop::sample::Index),
        Delete(prop::sample::Index),
        React(prop::sample::Index, u8, bool),
        DeleteAccount,
    }

    fn step() -> impl Strategy<Value = TimelineStep> {
        prop_oneof![
            4 => Just(TimelineStep::Message),
            1 => Just(TimelineStep::Notice),
            2 => any::<prop::sample::Index>().prop_map(TimelineStep::Edit),
            1 => any::<prop::sample::Index>().prop_map(TimelineStep::Delete),
            2 => (any::<prop::sample::Index>(), 0u8..3, any::<bool>()).prop_map(|(at, who, on)| TimelineStep::React(at, who, on)),
            1 => Just(TimelineStep::DeleteAccount),
        ]
    }

    /// A log as the server would write it.
    fn log(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Event>> {
        prop::collection::vec(step(), length).prop_map(|steps| {
            let mut messages: Vec<Seq> = Vec::new();
            let mut events = Vec::new();
            // Who has deleted the account does nothing any more: somebody else does it.
            let mut gone: Vec<u64> = Vec::new();
            let present = |mut user: u64, gone: &[u64]| {
                while gone.contains(&user) {
                    user += 3;
                }
                user
            };
            for (seq, step) in (1..).map(Seq).zip(steps) {
                let mut author = present(seq.0 % 3, &gone);
                let kind = match step {
                    TimelineStep::Edit(at) if !messages.is_empty() => {
                        let seq = *at.get(&messages);
                        EventKind::Edit { seq, body: body("changed", events.len()) }
                    }
                    TimelineStep::Delete(at) if !messages.is_empty() => {
                        let place = at.index(messages.len());
                        EventKind::Deletion { seq: messages.remove(place) }
                    }
                    TimelineStep::React(at, who, on) if !messages.is_empty() => {
                        author = present(u64::from(who), &gone);
                        let emoji = Emoji::parse(["👍", "🍵", "❤️"][usize::from(who)]).expect("an emoji");
                        EventKind::Reaction { seq: *at.get(&messages), emoji, on }
                    }
                    TimelineStep::Notice => EventKind::Notice(ModerationNotice {
                        action: Action::Mute,
                        user: user(present(1, &gone)),
                        scope: Scope::Room,
                        until: None,
                        role: None,
                    }),
                    TimelineStep::DeleteAccount => {
                        gone.push(author);
                        EventKind::AccountDeleted
                    }
                    _ => {
                        messages.push(seq);
                        EventKind::Message { body: body("message", events.len()) }
                    }
                };
                events.push(event(seq, author, kind));
            }
            events
        })
    }

    fn body(word: &str, number: usize) -> Body {
        Body::parse(&format!("{word} {number}")).expect("a body")
    }

    fn user(number: u64) -> User {
        let nickname = Nickname::parse("小明").expect("a nickname");
        User::guest(UserId::from_uuid(Uuid::from_u128(number.into())), nickname)
    }

    fn event(seq: Seq, author: u64, kind: EventKind) -> Event {
        let mut author = user(author);
        if kind == EventKind::AccountDeleted {
            author.nickname = Nickname::former();
        }
        Event {
            conversation: ConversationId::from_uuid(Uuid::nil()),
            seq,
            at: Timestamp(1_700_000_000_000 + seq.0),
            author,
            id: CommandId::from_uuid(Uuid::from_u128(seq.0.into())),
            kind,
        }
    }

    /// All messages, as they stand after these events.
    fn folded(events: &[Event]) -> Vec<Message> {
        let mut timeline = Timeline { loaded: true, ..Timeline::default() };
        events.iter().for_each(|event| timeline.apply(event));
        timeline.messages().cloned().collect()
    }

    /// What the server would answer after these events.
    fn page(events: &[Event], stretch: PageRange, limit: usize) -> MessagesPage {
        let all = folded(events);
        let (messages, more) = match stretch {
            PageRange::Newest | PageRange::Older(_) => {
                let before = if let PageRange::Older(seq) = stretch { seq } else { Seq(u64::MAX) };
                let wanted: Vec<Message> = all.into_iter().filter(|message| message.seq < before).collect();
                let start = wanted.len().saturating_sub(limit);
                (wanted[start..].to_vec(), start > 0)
            }
            PageRange::From(seq) | PageRange::Newer(seq) => {
                let from = if let PageRange::From(_) = stretch { seq } else { seq.next() };
                let wanted: Vec<Message> = all.into_iter().filter(|message| message.seq >= from).collect();
                let more = wanted.len() > limit;
                (wanted.into_iter().take(limit).collect(), more)
            }
        };
        MessagesPage { messages, as_of: Seq(events.len() as u64), more }
    }

    /// Fetches the rest on both sides.
    fn complete(timeline: &mut Timeline, events: &[Event], limit: usize) {
        if !timeline.is_loaded() {
            timeline.take_in(PageRange::Newest, page(events, PageRange::Newest, limit));
        }
        while let Some(gap) = timeline.gap() {
            timeline.take_in(PageRange::Newer(gap), page(events, PageRange::Newer(gap), limit));
        }
        while let Some(oldest) = timeline.oldest().filter(|_| timeline.has_more_before()) {
            timeline.take_in(PageRange::Older(oldest), page(events, PageRange::Older(oldest), limit));
        }
    }

    fn is_complete(timeline: &Timeline, events: &[Event]) -> Result<(), TestCaseError> {
        prop_assert_eq!(timeline.cursor(), Seq(events.len() as u64));
        prop_assert_eq!(timeline.messages().cloned().collect::<Vec<_>>(), folded(events));
        Ok(())
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_timeline(
            log in log(1..40),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            seed in any::<u64>(),
        ) {
            let mut delivered = log.clone();
            delivered.extend(again.iter().map(|index| index.get(&log).clone()));
            // A cheap shuffle that proptest can shrink: sort by a keyed hash of the place.
            let mut keyed: Vec<(u64, Event)> = delivered.into_iter().enumerate()
                .map(|(place, event)| ((place as u64 + 1).wrapping_mul(seed | 1).rotate_left(17), event)).collect();
            keyed.sort_by_key(|(key, _)| *key);
            let shuffled: Vec<Event> = keyed.into_iter().map(|(_, event)| event).collect();
            prop_assert_eq!(folded(&shuffled), folded(&log));
        }

        #[test]
        fn state_after_resume_from_any_cursor_is_a_fresh_fetch(
            log in log(1..60), fetched_at in 0usize..60, resumed_at in 0usize..60, limit in 1usize..30,
        ) {
            let fetched_at = fetched_at.min(log.len());
            let resumed_at = resumed_at.clamp(fetched_at, log.len());
            let mut timeline = Timeline::default();
            timeline.take_in(PageRange::Newest, page(&log[..fetched_at], PageRange::Newest, limit));
            log[fetched_at..resumed_at].iter().for_each(|event| timeline.apply(event));
            // The connection is lost; all that was missed is replayed from the cursor.
            prop_assert_eq!(timeline.cursor(), Seq(resumed_at as u64));
            log[resumed_at..].iter().for_each(|event| timeline.apply(event));
            complete(&mut timeline, &log, limit);
            is_complete(&timeline, &log)?;
        }

        #[test]
        fn a_page_may_be_older_or_newer_than_the_events(
            log in log(1..60), first_live in 0usize..60, read_at in 0usize..60, older_read_at in 0usize..60,
            limit in 1usize..10,
        ) {
            let first_live = first_live.min(log.len());
            let read_at = read_at.clamp(first_live, log.len());
            let older_read_at = older_read_at.clamp(read_at, log.len());
            let mut timeline = Timeline::default();
            // Live events arrive while the first page is under way, and while an older one is.
            log[first_live..].iter().take(10).for_each(|event| timeline.apply(event));
            timeline.take_in(PageRange::Newest, page(&log[..read_at], PageRange::Newest, limit));
            log[first_live..].iter().for_each(|event| timeline.apply(event));
            if timeline.has_more_before() && let Some(oldest) = timeline.oldest() {
                let stretch = PageRange::Older(oldest);
                timeline.take_in(stretch, page(&log[..older_read_at], stretch, limit));
            }
            complete(&mut timeline, &log, limit);
            is_complete(&timeline, &log)?;
        }

        #[test]
        fn after_a_reset_reading_goes_on_from_any_place(
            log in log(2..60), fetched_at in 0usize..60, reset_at in 0usize..60, read_at in 0usize..60,
            place in any::<prop::sample::Index>(), limit in 1usize..10,
        ) {
            let fetched_at = fetched_at.min(log.len());
            let reset_at = reset_at.clamp(fetched_at, log.len());
            let read_at = read_at.clamp(reset_at, log.len());
            let mut timeline = Timeline::default();
            timeline.take_in(PageRange::Newest, page(&log[..fetched_at], PageRange::Newest, limit));
            let before: Vec<Message> = timeline.messages().cloned().collect();
            timeline.reset();
            prop_assert_eq!(timeline.messages().cloned().collect::<Vec<_>>(), before.clone(), "still in view");
            // Live events come meanwhile.
            log[reset_at..read_at].iter().for_each(|event| timeline.apply(event));
            let stretch = if before.is_empty() { PageRange::Newest } else { PageRange::From(place.get(&before).seq) };
            timeline.take_in(stretch, page(&log[..read_at], stretch, limit));
            log[read_at..].iter().for_each(|event| timeline.apply(event));
            complete(&mut timeline, &log, limit);
            is_complete(&timeline, &log)?;
        }

        #[test]
        fn what_was_dropped_can_be_had_again(
            log in log(1..90), reader in prop::option::of(any::<prop::sample::Index>()), longest in 1usize..10,
            every in 1usize..9, asked_at in 0usize..90, answered_at in 0usize..90, limit in 1usize..12,
        ) {
            let mut timeline = Timeline::default();
            timeline.take_in(PageRange::Newest, page(&[], PageRange::Newest, limit));
            let mut place = None;
            // What is asked for at one moment, read by the server a little later, and taken in later still.
            let (mut asked, mut answers) = (None, Vec::new());
            for (said, event) in log.iter().enumerate() {
                timeline.apply(event);
                if said == asked_at {
                    let older = timeline.oldest().filter(|_| timeline.has_more_before()).map(PageRange::Older);
                    asked = timeline.gap().map(PageRange::Newer).or(older);
                }
                if said == asked_at + 3 {
                    answers.extend(asked.map(|stretch| (stretch, page(&log[..=said], stretch, limit))));
                }
                if said % every == 0 {
                    let shown: Vec<Seq> = timeline.messages().map(|message| message.seq).collect();
                    place = place.or_else(|| reader.filter(|_| !shown.is_empty()).map(|reader| *reader.get(&shown)));
                    timeline.trim_to(longest, 2, place);
                    prop_assert!(place.is_none_or(|place| timeline.messages().any(|message| message.seq == place)));
                    prop_assert!(timeline.messages.sorted.len() <= 3 * (longest + 2 + every) + limit + said.min(limit));
                }
                if said >= answered_at {
                    for (stretch, page) in answers.drain(..) {
                        timeline.take_in(stretch, page);
                    }
                }
            }
            complete(&mut timeline, &log, limit);
            is_complete(&timeline, &log)?;
        }

        #[test]
        fn the_cursor_never_passes_a_hole(log in log(2..40), hole in any::<prop::sample::Index>()) {
            let hole = hole.get(&log).seq;
            let mut timeline = Timeline { loaded: true, ..Timeline::default() };
            log.iter().filter(|event| event.seq != hole).for_each(|event| timeline.apply(event));
            prop_assert_eq!(timeline.cursor(), Seq(hole.0 - 1));
        }
    }

    #[test]
    fn of_many_messages_the_last_are_kept_or_those_around_the_reader() {
        let events: Vec<Event> =
            (1..=500).map(|seq| event(Seq(seq), 1, EventKind::Message { body: body("message", 0) })).collect();
        for (reader, shown) in [(None, 381..=500u64), (Some(Seq(7)), 1..=127)] {
            let mut timeline = Timeline::default();
            timeline.take_in(PageRange::Newest, page(&[], PageRange::Newest, 9));
            for event in &events {
                timeline.apply(event);
                timeline.trim(reader);
            }
            while timeline.trim(reader) {}
            let seqs: Vec<u64> = timeline.messages().map(|message| message.seq.0).collect();
            let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
            assert!(shown.start().abs_diff(first) <= 8 && shown.end().abs_diff(last) <= 8, "{first}–{last}");
            assert!(timeline.messages.sorted.len() <= 2 * (LONGEST + SLACK) + 7);
            assert_eq!((timeline.has_more_before(), timeline.gap().is_some()), (reader.is_none(), reader.is_some()));
        }
    }

    #[test]
    fn a_first_page_that_comes_late_takes_nothing_back() {
        let events: Vec<Event> =
            (1..=5).map(|seq| event(Seq(seq), 1, EventKind::Message { body: body("message", 0) })).collect();
        let mut timeline = Timeline::default();
        timeline.take_in(PageRange::Newest, page(&events[..3], PageRange::Newest, 9));
        timeline.apply(&events[3]);
        timeline.take_in(PageRange::Newest, page(&events[..3], PageRange::Newest, 9));
        timeline.apply(&events[4]);
        assert_eq!((timeline.cursor(), timeline.messages().count()), (Seq(5), 5));
    }

    #[test]
    fn what_a_later_server_tells_is_passed_over() {
        let mut timeline = Timeline::default();
        timeline.take_in(PageRange::Newest, page(&[], PageRange::Newest, 9));
        timeline.apply(&event(Seq(1), 1, EventKind::Other));
        timeline.apply(&event(Seq(2), 1, EventKind::Message { body: body("message", 0) }));
        assert_eq!((timeline.cursor(), timeline.messages().count()), (Seq(2), 1));
    }

    #[test]
    fn a_gap_hides_what_is_behind_it() {
        let events: Vec<Event> =
            (1..=9).map(|seq| event(Seq(seq), 1, EventKind::Message { body: body("message", 0) })).collect();
        let mut timeline = Timeline::default();
        timeline.take_in(PageRange::From(Seq(2)), page(&events[..8], PageRange::From(Seq(2)), 3));
        timeline.apply(&events[8]);
        let shown = |timeline: &Timeline| timeline.messages().map(|message| message.seq.0).collect::<Vec<_>>();
        assert_eq!(shown(&timeline), [2, 3, 4]);
        assert_eq!((timeline.gap(), timeline.cursor()), (Some(Seq(4)), Seq(9)));
        complete(&mut timeline, &events, 3);
        assert_eq!(shown(&timeline), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
