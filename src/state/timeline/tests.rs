//! Tests of [`Timeline`].

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{Action, Body, ConversationId, Emoji, ModerationNotice, Nickname, Scope, Timestamp, User, UserId};

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
                    EventKind::edit(seq, body("changed", events.len()))
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
                    not_member: false,
                }),
                TimelineStep::DeleteAccount => {
                    gone.push(author);
                    EventKind::AccountDeleted
                }
                _ => {
                    messages.push(seq);
                    EventKind::message(body("message", events.len()))
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
fn page(events: &[Event], range: PageRange, limit: usize) -> MessagesPage {
    let all = folded(events);
    let (messages, more) = match range {
        PageRange::Newest | PageRange::Older(_) => {
            let before = if let PageRange::Older(seq) = range { seq } else { Seq(u64::MAX) };
            let wanted: Vec<Message> = all.into_iter().filter(|message| message.seq < before).collect();
            let start = wanted.len().saturating_sub(limit);
            (wanted[start..].to_vec(), start > 0)
        }
        PageRange::From(seq) | PageRange::Newer(seq) => {
            let from = if let PageRange::From(_) = range { seq } else { seq.next() };
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
        timeline.apply_page(PageRange::Newest, page(events, PageRange::Newest, limit));
    }
    while let Some(gap) = timeline.gap() {
        timeline.apply_page(PageRange::Newer(gap), page(events, PageRange::Newer(gap), limit));
    }
    while let Some(oldest) = timeline.oldest().filter(|_| timeline.has_more_before()) {
        timeline.apply_page(PageRange::Older(oldest), page(events, PageRange::Older(oldest), limit));
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
        timeline.apply_page(PageRange::Newest, page(&log[..fetched_at], PageRange::Newest, limit));
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
        timeline.apply_page(PageRange::Newest, page(&log[..read_at], PageRange::Newest, limit));
        log[first_live..].iter().for_each(|event| timeline.apply(event));
        if timeline.has_more_before() && let Some(oldest) = timeline.oldest() {
            let range = PageRange::Older(oldest);
            timeline.apply_page(range, page(&log[..older_read_at], range, limit));
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
        timeline.apply_page(PageRange::Newest, page(&log[..fetched_at], PageRange::Newest, limit));
        let before: Vec<Message> = timeline.messages().cloned().collect();
        timeline.reset();
        prop_assert_eq!(timeline.messages().cloned().collect::<Vec<_>>(), before.clone(), "still in view");
        // Live events come meanwhile.
        log[reset_at..read_at].iter().for_each(|event| timeline.apply(event));
        let range = if before.is_empty() { PageRange::Newest } else { PageRange::From(place.get(&before).seq) };
        timeline.apply_page(range, page(&log[..read_at], range, limit));
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
        timeline.apply_page(PageRange::Newest, page(&[], PageRange::Newest, limit));
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
                answers.extend(asked.map(|range| (range, page(&log[..=said], range, limit))));
            }
            if said % every == 0 {
                let shown: Vec<Seq> = timeline.messages().map(|message| message.seq).collect();
                place = place.or_else(|| reader.filter(|_| !shown.is_empty()).map(|reader| *reader.get(&shown)));
                timeline.trim_to(longest, 2, place);
                prop_assert!(place.is_none_or(|place| timeline.messages().any(|message| message.seq == place)));
                prop_assert!(timeline.messages.as_slice().len() <= 3 * (longest + 2 + every) + limit + said.min(limit));
            }
            if said >= answered_at {
                for (range, page) in answers.drain(..) {
                    timeline.apply_page(range, page);
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
    let events: Vec<Event> = (1..=500).map(|seq| event(Seq(seq), 1, EventKind::message(body("message", 0)))).collect();
    for (reader, shown) in [(None, 381..=500u64), (Some(Seq(7)), 1..=127)] {
        let mut timeline = Timeline::default();
        timeline.apply_page(PageRange::Newest, page(&[], PageRange::Newest, 9));
        for event in &events {
            timeline.apply(event);
            timeline.trim(reader);
        }
        while timeline.trim(reader) {}
        let seqs: Vec<u64> = timeline.messages().map(|message| message.seq.0).collect();
        let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
        assert!(shown.start().abs_diff(first) <= 8 && shown.end().abs_diff(last) <= 8, "{first}–{last}");
        assert!(timeline.messages.as_slice().len() <= 2 * (MAX_DISTANT_MESSAGES + TRIM_SLACK) + 7);
        assert_eq!((timeline.has_more_before(), timeline.gap().is_some()), (reader.is_none(), reader.is_some()));
    }
}

#[test]
fn a_first_page_that_comes_late_takes_nothing_back() {
    let events: Vec<Event> = (1..=5).map(|seq| event(Seq(seq), 1, EventKind::message(body("message", 0)))).collect();
    let mut timeline = Timeline::default();
    timeline.apply_page(PageRange::Newest, page(&events[..3], PageRange::Newest, 9));
    timeline.apply(&events[3]);
    timeline.apply_page(PageRange::Newest, page(&events[..3], PageRange::Newest, 9));
    timeline.apply(&events[4]);
    assert_eq!((timeline.cursor(), timeline.messages().count()), (Seq(5), 5));
}

#[test]
fn what_a_later_server_tells_is_passed_over() {
    let mut timeline = Timeline::default();
    timeline.apply_page(PageRange::Newest, page(&[], PageRange::Newest, 9));
    timeline.apply(&event(Seq(1), 1, EventKind::Other));
    timeline.apply(&event(Seq(2), 1, EventKind::message(body("message", 0))));
    assert_eq!((timeline.cursor(), timeline.messages().count()), (Seq(2), 1));
}

#[test]
fn a_gap_hides_what_is_behind_it() {
    let events: Vec<Event> = (1..=9).map(|seq| event(Seq(seq), 1, EventKind::message(body("message", 0)))).collect();
    let mut timeline = Timeline::default();
    timeline.apply_page(PageRange::From(Seq(2)), page(&events[..8], PageRange::From(Seq(2)), 3));
    timeline.apply(&events[8]);
    let shown = |timeline: &Timeline| timeline.messages().map(|message| message.seq.0).collect::<Vec<_>>();
    assert_eq!(shown(&timeline), [2, 3, 4]);
    assert_eq!((timeline.gap(), timeline.cursor()), (Some(Seq(4)), Seq(9)));
    complete(&mut timeline, &events, 3);
    assert_eq!(shown(&timeline), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}
