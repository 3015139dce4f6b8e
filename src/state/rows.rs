//! A timeline as the rows that a page shows: days, the mark before what is new, messages grouped by author.

use crate::{
    domain::{CommandId, Seq, Timestamp, UserId},
    state::{Blocks, Outgoing, Timeline},
};

/// Messages of one author that are further apart than this, in milliseconds, get a head of their own.
const GROUP_LASTS: u64 = 5 * 60 * 1_000;

/// A row, by what it shows; the content of a message stands in the timeline or the outbox, under its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The messages below are of this day.
    Day {
        /// The day's number in the reader's own zone.
        day: i64,
        /// The day's first message.
        at: Timestamp,
    },
    /// The messages below are new to the reader.
    New,
    /// A message.
    Message {
        /// Its command: the same row from the composer to the log.
        id: CommandId,
        /// Whether author and time stand above it, or above one before it.
        starts_group: bool,
    },
}

/// What makes a row the same row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A day.
    Day(i64),
    /// The mark before what is new.
    New,
    /// A message, by the command that sent it.
    Message(CommandId),
}

impl Row {
    /// What makes it the same row.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Day { day, .. } => RowKey::Day(*day),
            Self::New => RowKey::New,
            Self::Message { id, .. } => RowKey::Message(*id),
        }
    }
}

/// The rows of `timeline` followed by what is on its way.
///
/// `day_of` tells the number of a moment's day in the reader's own zone; messages of others after `new_after` that still say
/// something are new, and those of `blocks` are left out.
pub fn rows<'a>(
    timeline: &Timeline,
    outgoing: impl Iterator<Item = &'a Outgoing>,
    me: UserId,
    new_after: Option<Seq>,
    blocks: &Blocks,
    day_of: impl Fn(Timestamp) -> i64,
) -> Vec<Row> {
    let shown = timeline.messages().filter(|message| !blocks.hide(message));
    let sent = shown
        .map(|message| (message.id, message.author.id, message.at, Some(message.seq).filter(|_| message.is_said())));
    let on_their_way = outgoing
        .filter(|outgoing| timeline.by_id(outgoing.id).is_none())
        .map(|outgoing| (outgoing.id, me, outgoing.typed_at, None));

    let mut rows = Vec::new();
    let mut day_above = None;
    let mut group_above: Option<(UserId, Timestamp)> = None;
    let mut new_below = new_after;
    for (id, author, at, seq) in sent.chain(on_their_way) {
        // A message on its way has this machine's time, which may be behind the server's: no day twice.
        let day = day_of(at).max(day_above.unwrap_or(i64::MIN));
        if day_above != Some(day) {
            rows.push(Row::Day { day, at });
            day_above = Some(day);
            group_above = None;
        }
        if author != me && new_below.is_some_and(|after| seq.is_some_and(|seq| seq > after)) {
            rows.push(Row::New);
            new_below = None;
            group_above = None;
        }
        let starts_group = group_above.is_none_or(|(author_above, at_above)| {
            author_above != author || at.0.saturating_sub(at_above.0) > GROUP_LASTS
        });
        rows.push(Row::Message { id, starts_group });
        group_above = Some((author, at));
    }
    rows
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{Body, ConversationId, Event, EventKind, MessagesPage, Nickname, User},
        state::{OutboxCommand, OutgoingStatus, PageRange},
    };

    const MINUTE: u64 = 60_000;

    fn id(number: u64) -> CommandId {
        CommandId::from_uuid(Uuid::from_u128(number.into()))
    }

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    /// A timeline of (author, minute).
    fn timeline(messages: &[(u128, u64)]) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.take_in(PageRange::Newest, MessagesPage { messages: Vec::new(), as_of: Seq::ZERO, more: false });
        for (seq, (author, minute)) in (1..).zip(messages) {
            let nickname = Nickname::parse("Ada").expect("a nickname");
            timeline.apply(&Event {
                conversation: ConversationId::from_uuid(Uuid::nil()),
                seq: Seq(seq),
                at: Timestamp(minute * MINUTE),
                author: User::guest(user(*author), nickname),
                id: id(seq),
                kind: EventKind::Message { body: Body::parse("hi").expect("a body") },
            });
        }
        timeline
    }

    fn shown(timeline: &Timeline, new_after: Option<Seq>) -> String {
        let day_of = |at: Timestamp| i64::try_from(at.0 / (24 * 60 * MINUTE)).expect("a small number");
        rows(timeline, std::iter::empty(), user(1), new_after, &Blocks::default(), day_of)
            .iter()
            .map(|row| match row {
                Row::Day { .. } => 'D',
                Row::New => 'N',
                Row::Message { starts_group: true, .. } => 'M',
                Row::Message { starts_group: false, .. } => '.',
            })
            .collect()
    }

    #[test]
    fn messages_of_one_author_share_a_head_for_a_while() {
        assert_eq!(shown(&timeline(&[(1, 0), (1, 1), (2, 2), (2, 3), (2, 9), (1, 9)]), None), "DM.M.MM");
    }

    #[test]
    fn a_new_day_starts_a_new_group() {
        assert_eq!(shown(&timeline(&[(1, 1439), (1, 1440)]), None), "DMDM");
    }

    #[test]
    fn the_mark_stands_before_the_first_new_message_of_somebody_else() {
        let timeline = timeline(&[(2, 0), (1, 0), (2, 0), (2, 0)]);
        assert_eq!(shown(&timeline, Some(Seq(1))), "DMMNM.");
        assert_eq!(shown(&timeline, Some(Seq(4))), "DMMM.");
    }

    #[test]
    fn the_mark_stands_before_what_still_says_something() {
        let mut timeline = timeline(&[(1, 0), (2, 1), (2, 2), (2, 3)]);
        let delete = |timeline: &mut Timeline, seq, target| {
            timeline.apply(&Event {
                conversation: ConversationId::from_uuid(Uuid::nil()),
                seq: Seq(seq),
                at: Timestamp(5 * MINUTE),
                author: User::guest(user(2), Nickname::parse("Ada").expect("a nickname")),
                id: id(seq),
                kind: EventKind::Deletion { seq: Seq(target) },
            });
        };
        for (seq, target, expected) in [(5, 3, "DMNM.."), (6, 2, "DMM.NM"), (7, 4, "DMM..")] {
            delete(&mut timeline, seq, target);
            assert_eq!(shown(&timeline, Some(Seq(1))), expected);
        }
    }

    #[test]
    fn what_a_blocked_user_writes_is_left_out() {
        let timeline = timeline(&[(1, 0), (2, 1), (1, 2)]);
        let mut blocks = Blocks::default();
        blocks.apply(User::guest(user(2), Nickname::parse("Ada").expect("a nickname")), true);
        let rows = rows(&timeline, std::iter::empty(), user(1), Some(Seq(1)), &blocks, |_| 0);
        let ids = rows.iter().filter_map(|row| match row {
            Row::Message { id, .. } => Some(*id),
            _ => None,
        });
        assert_eq!(ids.collect::<Vec<_>>(), [id(1), id(3)]);
        assert!(!rows.contains(&Row::New));
    }

    #[test]
    fn a_message_on_its_way_stands_last_and_only_once() {
        let timeline = timeline(&[(2, 0), (1, 0)]);
        let outgoing = |number| Outgoing {
            id: id(number),
            conversation: ConversationId::from_uuid(Uuid::nil()),
            deed: OutboxCommand::Send { body: "hi".into() },
            typed_at: Timestamp(0),
            status: OutgoingStatus::Pending,
        };
        let rows = rows(&timeline, [outgoing(2), outgoing(7)].iter(), user(1), None, &Blocks::default(), |_| 0);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[3], Row::Message { id: id(7), starts_group: false });
    }
}
