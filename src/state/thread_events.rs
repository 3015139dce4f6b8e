//! What the events of a conversation mean for the timeline of one of its threads.

use crate::domain::{Event, EventKind, Seq};

/// The event as it is for a thread: messages that are not in the thread, and notices, only take up their positions in the log.
pub fn in_thread(event: Event, thread: Seq) -> Event {
    let is_of_it = match &event.kind {
        EventKind::Message { .. } => {
            event.seq == thread || event.kind.reply().is_some_and(|reply| reply.thread == thread)
        }
        EventKind::Notice(_) | EventKind::Room(_) => false,
        _ => true,
    };
    if is_of_it { event } else { Event { kind: EventKind::Other, ..event } }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::in_thread;
    use crate::{
        domain::{
            Body, CommandId, ConversationId, Event, EventKind, Message, MessagesPage, Nickname, Reply, Seq, Timestamp,
            User, UserId,
        },
        state::{
            fold::fold,
            timeline::{PageRange, Timeline},
        },
    };

    fn event(seq: u64, kind: EventKind) -> Event {
        Event {
            conversation: ConversationId::from_uuid(Uuid::nil()),
            seq: Seq(seq),
            at: Timestamp(seq),
            author: User::guest(UserId::from_uuid(Uuid::from_u128(1)), Nickname::from_trusted("Ada".into())),
            id: CommandId::from_uuid(Uuid::from_u128(seq.into())),
            kind,
        }
    }

    /// A log in which each message may answer an earlier one, and in which some are deleted.
    fn log() -> impl Strategy<Value = Vec<Event>> {
        let step = (any::<prop::sample::Index>(), 0..4u8);
        prop::collection::vec(step, 1..40).prop_map(|steps| {
            let mut events: Vec<Event> = Vec::new();
            for (seq, (index, what)) in (1..).zip(steps) {
                let messages: Vec<&Event> =
                    events.iter().filter(|event| matches!(event.kind, EventKind::Message { .. })).collect();
                let target = (!messages.is_empty()).then(|| index.get(&messages));
                let body = Body::from_trusted(format!("{seq}"));
                let kind = match (what, target) {
                    (0, Some(target)) => EventKind::Deletion { seq: target.seq },
                    (1 | 2, Some(target)) => {
                        let thread = target.kind.reply().map_or(target.seq, |reply| reply.thread);
                        let reply = Some(Reply { to: target.seq, thread });
                        EventKind::Message { body, mentions: Vec::new(), reply, participants: Vec::new() }
                    }
                    _ => EventKind::message(body),
                };
                events.push(event(seq, kind));
            }
            events
        })
    }

    /// The messages of a thread after these events, as the server would answer.
    fn thread_after(events: &[Event], thread: Seq) -> Vec<Message> {
        let mut messages: Vec<Message> = events.iter().cloned().filter_map(Message::from_event).collect();
        for event in events {
            messages
                .iter_mut()
                .filter(|it| event.kind.changed_message() == Some(it.seq))
                .for_each(|it| fold(it, event));
        }
        let is_of_it = |it: &Message| it.seq == thread || it.reply.is_some_and(|reply| reply.thread == thread);
        messages.into_iter().filter(is_of_it).collect()
    }

    proptest! {
        #[test]
        fn a_thread_that_is_followed_is_as_one_that_is_fetched(events in log(), at in any::<prop::sample::Index>()) {
            let read = at.index(events.len()) + 1;
            let first = events[..read].iter().find(|event| matches!(event.kind, EventKind::Message { .. }));
            let Some(thread) = first.map(|event| event.seq) else { return Ok(()) };
            let mut timeline = Timeline::default();
            let messages = thread_after(&events[..read], thread);
            let page = MessagesPage { messages, as_of: Seq(read as u64), more: false };
            timeline.apply_page(PageRange::Newest, page);
            for event in &events {
                timeline.apply(&in_thread(event.clone(), thread));
            }
            let followed: Vec<Message> = timeline.messages().cloned().collect();
            prop_assert_eq!(followed, thread_after(&events, thread));
        }
    }
}
