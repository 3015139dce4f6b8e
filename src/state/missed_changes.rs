//! What has changed of the messages that a user had read, while the user was away.

use crate::{
    domain::{Body, Emoji, Event, EventKind, Seq, User, UserId},
    state::blocks::Blocks,
};

/// Changes that others have made to messages, each with the messages, the oldest first. What was changed and changed back is
/// not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissedChanges {
    /// Who edited messages.
    pub edited: Vec<(User, Vec<Seq>)>,
    /// Deleted messages.
    pub deleted: Vec<Seq>,
    /// Reactions to the reader's own messages.
    pub reactions: Vec<MissedReaction>,
    /// Messages that were pinned.
    pub pinned: Vec<Seq>,
}

/// Reactions with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedReaction {
    /// The emoji.
    pub emoji: Emoji,
    /// Who reacted, in order.
    pub users: Vec<User>,
    /// The messages.
    pub messages: Vec<Seq>,
}

impl MissedChanges {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What else has to be known of the changed messages.
pub trait ReadMessages {
    /// Who wrote a message.
    fn author(&self, message: Seq) -> Option<UserId>;
    /// The text that the reader has seen.
    fn text_before(&self, message: Seq) -> Option<Body>;
}

/// Sums up the events that have changed messages since the reader `me` read them, in order. Nothing of users in `blocks` is
/// told, nor what the reader did.
pub fn missed_changes(events: &[Event], me: UserId, blocks: &Blocks, messages: &dyn ReadMessages) -> MissedChanges {
    let mut missed = MissedChanges::default();
    let is_told = |event: &Event, message: Seq| {
        let is_hidden = |user: UserId| blocks.contains(user);
        event.author.id != me && !is_hidden(event.author.id) && !messages.author(message).is_some_and(is_hidden)
    };
    let deletions = events.iter().filter_map(|event| match event.kind {
        EventKind::Deletion { seq } => Some((event, seq)),
        _ => None,
    });
    let all_deleted: Vec<Seq> = deletions.clone().map(|(_, seq)| seq).collect();
    for (event, seq) in deletions {
        if is_told(event, seq) {
            insert(&mut missed.deleted, seq);
        }
    }
    for (index, event) in events.iter().enumerate() {
        let Some(seq) = event.kind.target().filter(|seq| !all_deleted.contains(seq) && is_told(event, *seq)) else {
            continue;
        };
        // Only the last event of a kind says how the message is now.
        let (before, after) = (&events[..index], &events[index + 1..]);
        if after.iter().any(|later| undoes(event, later)) {
            continue;
        }
        match &event.kind {
            EventKind::Edit { body, .. } if messages.text_before(seq).as_ref() != Some(body) => {
                let known = missed.edited.iter_mut().find(|(user, _)| user.id == event.author.id);
                match known {
                    Some((_, edited)) => insert(edited, seq),
                    None => missed.edited.push((event.author.clone(), vec![seq])),
                }
            }
            EventKind::Reaction { emoji, on: true, .. } if messages.author(seq) == Some(me) => {
                let first = before.iter().find(|earlier| undoes(earlier, event)).unwrap_or(event);
                if matches!(first.kind, EventKind::Reaction { on: true, .. }) {
                    add_reaction(&mut missed.reactions, emoji, &event.author, seq);
                }
            }
            EventKind::Pin { on: true, .. } => {
                let first = before.iter().find(|earlier| undoes(earlier, event)).unwrap_or(event);
                if matches!(first.kind, EventKind::Pin { on: true, .. }) {
                    insert(&mut missed.pinned, seq);
                }
            }
            _ => {}
        }
    }
    missed
}

/// Whether a later event decides what an earlier one decided.
fn undoes(earlier: &Event, later: &Event) -> bool {
    match (&earlier.kind, &later.kind) {
        (EventKind::Edit { seq, .. }, EventKind::Edit { seq: other, .. })
        | (EventKind::Pin { seq, .. }, EventKind::Pin { seq: other, .. }) => seq == other,
        (EventKind::Reaction { seq, emoji, .. }, EventKind::Reaction { seq: other, emoji: other_emoji, .. }) => {
            seq == other && emoji == other_emoji && earlier.author.id == later.author.id
        }
        _ => false,
    }
}

fn add_reaction(reactions: &mut Vec<MissedReaction>, emoji: &Emoji, user: &User, message: Seq) {
    let index = reactions.iter().position(|known| known.emoji == *emoji).unwrap_or_else(|| {
        reactions.push(MissedReaction { emoji: emoji.clone(), users: Vec::new(), messages: Vec::new() });
        reactions.len() - 1
    });
    let reaction = &mut reactions[index];
    if !reaction.users.iter().any(|known| known.id == user.id) {
        reaction.users.push(user.clone());
    }
    insert(&mut reaction.messages, message);
}

/// Inserts a message in order, once.
fn insert(messages: &mut Vec<Seq>, message: Seq) {
    if let Err(index) = messages.binary_search(&message) {
        messages.insert(index, message);
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::*;
    use crate::domain::{CommandId, ConversationId, Nickname, Timestamp};

    const ME: u128 = 1;
    const LING: u128 = 2;
    const ZOE: u128 = 3;

    /// Messages by seq: the author, and the text that the reader has seen.
    struct KnownMessages(HashMap<Seq, (u128, &'static str)>);

    impl ReadMessages for KnownMessages {
        fn author(&self, message: Seq) -> Option<UserId> {
            self.0.get(&message).map(|(author, _)| user(*author).id)
        }

        fn text_before(&self, message: Seq) -> Option<Body> {
            self.0.get(&message).map(|(_, text)| body(text))
        }
    }

    fn user(number: u128) -> User {
        let name = ["", "Me", "阿玲", "Zoë"][usize::try_from(number).expect("a small number")];
        User::guest(UserId::from_uuid(Uuid::from_u128(number)), Nickname::parse(name).expect("a nickname"))
    }

    fn body(text: &str) -> Body {
        Body::parse(text).expect("a body")
    }

    fn edit(message: u64, text: &str) -> EventKind {
        EventKind::edit(Seq(message), body(text))
    }

    fn deletion(message: u64) -> EventKind {
        EventKind::Deletion { seq: Seq(message) }
    }

    fn tea(message: u64, on: bool) -> EventKind {
        EventKind::Reaction { seq: Seq(message), emoji: Emoji::parse("🍵").expect("an emoji"), on }
    }

    /// What the reader missed of messages 1 and 2, which are the reader's own, and of 3 and 4, which are 阿玲's.
    fn missed(changes: Vec<(u128, EventKind)>, blocks: &Blocks) -> MissedChanges {
        let known = [(1, ME), (2, ME), (3, LING), (4, LING)].map(|(seq, author)| (Seq(seq), (author, "before")));
        let event = |(index, (author, kind)): (usize, (u128, EventKind))| {
            let seq = Seq(10 + index as u64);
            Event {
                conversation: ConversationId::from_uuid(Uuid::nil()),
                seq,
                at: Timestamp(seq.0),
                author: user(author),
                id: CommandId::of_position(seq),
                kind,
            }
        };
        let events: Vec<Event> = changes.into_iter().enumerate().map(event).collect();
        missed_changes(&events, user(ME).id, blocks, &KnownMessages(known.into()))
    }

    fn missed_of_all(changes: Vec<(u128, EventKind)>) -> MissedChanges {
        missed(changes, &Blocks::default())
    }

    #[test]
    fn edits_are_told_by_author_and_each_message_once() {
        let changes = vec![(LING, edit(4, "a")), (LING, edit(3, "b")), (LING, edit(4, "c")), (ME, edit(1, "mine"))];
        let expected = MissedChanges { edited: vec![(user(LING), vec![Seq(3), Seq(4)])], ..MissedChanges::default() };
        assert_eq!(missed_of_all(changes), expected);
    }

    #[test]
    fn a_text_that_was_changed_back_is_not_told() {
        assert!(missed_of_all(vec![(LING, edit(3, "other")), (LING, edit(3, "before"))]).is_empty());
    }

    #[test]
    fn of_a_deleted_message_only_the_deletion_is_told() {
        let changes = vec![(LING, edit(3, "other")), (ZOE, tea(1, true)), (ZOE, deletion(3)), (ZOE, deletion(1))];
        let expected = MissedChanges { deleted: vec![Seq(1), Seq(3)], ..MissedChanges::default() };
        assert_eq!(missed_of_all(changes), expected);
        assert!(missed_of_all(vec![(ME, deletion(3))]).is_empty());
    }

    #[test]
    fn reactions_are_told_by_emoji_and_to_the_readers_messages_only() {
        let changes = vec![(ZOE, tea(1, true)), (LING, tea(2, true)), (ZOE, tea(2, true)), (ZOE, tea(3, true))];
        let reaction = MissedReaction {
            emoji: Emoji::parse("🍵").expect("an emoji"),
            users: vec![user(ZOE), user(LING)],
            messages: vec![Seq(1), Seq(2)],
        };
        assert_eq!(missed_of_all(changes), MissedChanges { reactions: vec![reaction], ..MissedChanges::default() });
    }

    #[test]
    fn a_reaction_that_was_taken_back_or_given_again_is_not_told() {
        assert!(missed_of_all(vec![(ZOE, tea(1, true)), (ZOE, tea(1, false))]).is_empty());
        assert!(missed_of_all(vec![(ZOE, tea(1, false))]).is_empty());
        assert!(missed_of_all(vec![(ZOE, tea(1, false)), (ZOE, tea(1, true))]).is_empty());
        let others = vec![(ZOE, tea(1, true)), (LING, tea(1, false)), (LING, tea(1, true))];
        let told = missed_of_all(others);
        assert_eq!(told.reactions.iter().flat_map(|it| &it.users).map(|it| it.id).collect::<Vec<_>>(), [user(ZOE).id]);
    }

    #[test]
    fn a_pin_is_told_unless_the_message_was_pinned_before() {
        let pin = |message: u64, on: bool| EventKind::Pin { seq: Seq(message), on };
        let changes = vec![
            (LING, pin(3, true)),
            (LING, pin(1, false)),
            (LING, pin(1, true)),
            (LING, pin(4, true)),
            (ZOE, pin(4, false)),
        ];
        assert_eq!(missed_of_all(changes), MissedChanges { pinned: vec![Seq(3)], ..MissedChanges::default() });
    }

    #[test]
    fn nothing_of_blocked_users_is_told() {
        let changes = vec![(LING, edit(3, "other")), (ZOE, deletion(4)), (LING, tea(1, true))];
        assert!(missed(changes, &Blocks::new(vec![user(LING)])).is_empty());
    }
}
