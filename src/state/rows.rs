//! The rows of the page that show a timeline: days, the unread line, notices, and messages grouped by author.

use crate::{
    domain::{CommandId, RoomChange, Seq, Timestamp, UserId},
    state::{blocks::Blocks, outgoing::Outgoing, timeline::Timeline},
};

/// The longest time between two messages of one group, in milliseconds.
const MAX_GROUP_GAP: u64 = 5 * 60 * 1_000;

/// A row. The content of a message is in the timeline or the outbox, under its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A day separator.
    Day {
        /// The number of the day in the reader's time zone.
        day: i64,
        /// The time of the day's first message.
        at: Timestamp,
    },
    /// The line above the first unread message.
    New,
    /// A message.
    Message {
        /// The command that sent it, so that the row stays the same from the composer to the log.
        id: CommandId,
        /// Whether author and time are shown above it; otherwise the row above is of the same group.
        starts_group: bool,
    },
    /// What happened to a room. Consecutive changes of who is in it share one row.
    Notices {
        /// The command that did it, or the first of them.
        first: CommandId,
        /// The commands after the first, in order.
        more: Vec<CommandId>,
    },
}

/// Identifies a row across updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A day separator, by the number of its day.
    Day(i64),
    /// The unread line.
    New,
    /// A message, by the command that sent it.
    Message(CommandId),
    /// Notices, by the command of the first one and by their number, because a row that has got another notice is rendered
    /// again.
    Notices(CommandId, usize),
}

impl Row {
    /// The key that identifies the row.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Day { day, .. } => RowKey::Day(*day),
            Self::New => RowKey::New,
            Self::Message { id, .. } => RowKey::Message(*id),
            Self::Notices { first, more } => RowKey::Notices(*first, more.len()),
        }
    }
}

/// What a message has to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowContent {
    /// A text, at this position.
    Text(Seq),
    /// That somebody joined or left.
    MembersChanged,
    /// Something else that happened to the room, or a moderator's action.
    Notice,
    /// A tombstone, or a text that is not in the log yet.
    Other,
}

/// The rows of `timeline`, followed by the `outgoing` messages that it does not contain yet.
///
/// `day_of` gives the number of a timestamp's day in the reader's time zone. Messages of others after `new_after` are unread
/// unless they are deleted. Messages of users in `blocks` are left out.
pub fn rows<'a>(
    timeline: &Timeline,
    outgoing: impl Iterator<Item = &'a Outgoing>,
    me: UserId,
    new_after: Option<Seq>,
    blocks: &Blocks,
    day_of: impl Fn(Timestamp) -> i64,
) -> Vec<Row> {
    let shown = timeline.messages().filter(|message| !blocks.hides(message));
    let sent = shown.map(|message| {
        let content = match &message.room {
            _ if message.has_text() => RowContent::Text(message.seq),
            Some(RoomChange::Joined | RoomChange::Left | RoomChange::Added { .. }) => RowContent::MembersChanged,
            None if !message.is_notice() => RowContent::Other,
            _ => RowContent::Notice,
        };
        (message.id, message.author.id, message.at, content)
    });
    let unsent = outgoing
        .filter(|outgoing| timeline.by_id(outgoing.id).is_none())
        .map(|outgoing| (outgoing.id, me, outgoing.typed_at, RowContent::Other));

    let mut rows = Vec::new();
    let mut day_above = None;
    let mut group_above: Option<(UserId, Timestamp)> = None;
    let mut new_below = new_after;
    let mut members_changed_above = false;
    for (id, author, at, content) in sent.chain(unsent) {
        // An unsent message has this page's time, which may be behind the server's: never show a day twice.
        let day = day_of(at).max(day_above.unwrap_or(i64::MIN));
        if day_above != Some(day) {
            rows.push(Row::Day { day, at });
            day_above = Some(day);
            group_above = None;
            members_changed_above = false;
        }
        if let RowContent::Notice | RowContent::MembersChanged = content {
            let is_membership = content == RowContent::MembersChanged;
            match rows.last_mut() {
                Some(Row::Notices { more, .. }) if is_membership && members_changed_above => more.push(id),
                _ => rows.push(Row::Notices { first: id, more: Vec::new() }),
            }
            members_changed_above = is_membership;
            group_above = None;
            continue;
        }
        members_changed_above = false;
        if author != me && matches!((content, new_below), (RowContent::Text(seq), Some(after)) if seq > after) {
            rows.push(Row::New);
            new_below = None;
            group_above = None;
        }
        let starts_group = group_above.is_none_or(|(author_above, at_above)| {
            author_above != author || at.0.saturating_sub(at_above.0) > MAX_GROUP_GAP
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
        state::{
            outgoing::{OutboxCommand, OutgoingStatus},
            timeline::PageRange,
        },
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
        timeline.apply_page(PageRange::Newest, MessagesPage { messages: Vec::new(), as_of: Seq::ZERO, more: false });
        for (seq, (author, minute)) in (1..).zip(messages) {
            let nickname = Nickname::parse("Ada").expect("a nickname");
            timeline.apply(&Event {
                conversation: ConversationId::from_uuid(Uuid::nil()),
                seq: Seq(seq),
                at: Timestamp(minute * MINUTE),
                author: User::guest(user(*author), nickname),
                id: id(seq),
                kind: EventKind::message(Body::parse("hi").expect("a body")),
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
                Row::Notices { more, .. } if more.is_empty() => 'E',
                Row::Notices { .. } => 'S',
            })
            .collect()
    }

    #[test]
    fn messages_of_one_author_form_a_group_for_a_while() {
        assert_eq!(shown(&timeline(&[(1, 0), (1, 1), (2, 2), (2, 3), (2, 9), (1, 9)]), None), "DM.M.MM");
    }

    #[test]
    fn a_new_day_starts_a_new_group() {
        assert_eq!(shown(&timeline(&[(1, 1439), (1, 1440)]), None), "DMDM");
    }

    #[test]
    fn the_unread_line_precedes_the_first_new_message_of_another_user() {
        let timeline = timeline(&[(2, 0), (1, 0), (2, 0), (2, 0)]);
        assert_eq!(shown(&timeline, Some(Seq(1))), "DMMNM.");
        assert_eq!(shown(&timeline, Some(Seq(4))), "DMMM.");
    }

    #[test]
    fn the_unread_line_does_not_precede_deleted_messages() {
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
    fn consecutive_changes_of_members_share_a_row() {
        let mut timeline = timeline(&[(2, 0)]);
        let mut happen = |changes: &[RoomChange], message: bool| {
            for change in changes {
                let seq = timeline.cursor().next();
                timeline.apply(&Event {
                    conversation: ConversationId::from_uuid(Uuid::nil()),
                    seq,
                    at: Timestamp(MINUTE),
                    author: User::guest(user(u128::from(seq.0)), Nickname::parse("Ada").expect("a nickname")),
                    id: id(seq.0),
                    kind: EventKind::Room(change.clone()),
                });
            }
            if message {
                let seq = timeline.cursor().next();
                timeline.apply(&Event {
                    conversation: ConversationId::from_uuid(Uuid::nil()),
                    seq,
                    at: Timestamp(MINUTE),
                    author: User::guest(user(2), Nickname::parse("Ada").expect("a nickname")),
                    id: id(seq.0),
                    kind: EventKind::message(Body::parse("hi").expect("a body")),
                });
            }
            shown(&timeline, Some(Seq(1)))
        };
        assert_eq!(happen(&[RoomChange::Joined], false), "DME");
        assert_eq!(happen(&[RoomChange::Joined, RoomChange::Left], false), "DMS");
        assert_eq!(happen(&[RoomChange::Archived, RoomChange::Restored], false), "DMSEE", "other changes stand alone");
        assert_eq!(happen(&[RoomChange::Left], true), "DMSEEENM", "a message begins a new group, and is what is new");
        assert_eq!(happen(&[RoomChange::Left], false), "DMSEEENME");
    }

    #[test]
    fn messages_of_blocked_users_are_left_out() {
        let timeline = timeline(&[(1, 0), (2, 1), (1, 2)]);
        let mut blocks = Blocks::default();
        blocks.set(User::guest(user(2), Nickname::parse("Ada").expect("a nickname")), true);
        let rows = rows(&timeline, std::iter::empty(), user(1), Some(Seq(1)), &blocks, |_| 0);
        let ids = rows.iter().filter_map(|row| match row {
            Row::Message { id, .. } => Some(*id),
            _ => None,
        });
        assert_eq!(ids.collect::<Vec<_>>(), [id(1), id(3)]);
        assert!(!rows.contains(&Row::New));
    }

    #[test]
    fn an_unsent_message_comes_last_and_only_once() {
        let timeline = timeline(&[(2, 0), (1, 0)]);
        let outgoing = |number| Outgoing {
            id: id(number),
            conversation: ConversationId::from_uuid(Uuid::nil()),
            command: OutboxCommand::Send { body: "hi".into(), reply_to: None },
            typed_at: Timestamp(0),
            status: OutgoingStatus::Pending,
        };
        let rows = rows(&timeline, [outgoing(2), outgoing(7)].iter(), user(1), None, &Blocks::default(), |_| 0);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[3], Row::Message { id: id(7), starts_group: false });
    }
}
