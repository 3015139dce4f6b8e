//! Tests of [`Conversations`].

use uuid::Uuid;

use super::*;
use crate::domain::{Body, CommandId, Mention, Mentioned, Nickname, Reply, Role, RoomChange, RoomName, RoomTopic};

fn user(number: u128) -> User {
    User::guest(UserId::from_uuid(Uuid::from_u128(number)), Nickname::parse("Ada").expect("a nickname"))
}

fn event(seq: u64, author: u128) -> Event {
    Event {
        conversation: ConversationId::from_uuid(Uuid::nil()),
        seq: Seq(seq),
        at: Timestamp(seq),
        author: user(author),
        id: CommandId::from_uuid(Uuid::from_u128(seq.into())),
        kind: EventKind::message(Body::parse("hi").expect("a body")),
    }
}

fn room() -> Room {
    Room { lobby: true, member_count: 2, ..Room::named(RoomName::from_trusted("Lobby".into())) }
}

fn lobby() -> Conversations {
    let kind = ConversationKind::Room(room());
    Conversations::new(vec![Conversation { kind, last_seq: Seq(0), unread: 0, ..direct(0, user(2).into()) }])
}

/// Applies events after which the unread count is known.
fn apply(conversations: &mut Conversations, blocks: &Blocks, events: &[Event]) {
    for event in events {
        assert_eq!(conversations.apply(event, user(1).id, blocks), UnreadCount::Known, "{event:?}");
    }
}

#[test]
fn messages_of_others_count_once_until_they_are_read() {
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[event(1, 2), event(1, 2)]);
    assert_eq!(conversations.attention(), 1, "delivered twice");
    apply(&mut conversations, &Blocks::default(), &[event(2, 2)]);
    assert_eq!(conversations.attention(), 2);
    let lobby = event(1, 2).conversation;
    assert_eq!(conversations.mark_read(lobby, Seq(1)), UnreadCount::Known, "all events are messages");
    assert_eq!(conversations.attention(), 1);
    assert_eq!(conversations.mark_read(lobby, Seq(1)), UnreadCount::Known, "known already");
    assert_eq!(conversations.mark_read(lobby, Seq(2)), UnreadCount::Known);
    assert_eq!(conversations.attention(), 0);
    let left = Event { kind: EventKind::AccountDeleted, ..event(4, 3) };
    apply(&mut conversations, &Blocks::default(), &[event(3, 2), left, event(5, 2)]);
    assert_eq!(
        conversations.mark_read(lobby, Seq(3)),
        UnreadCount::Unknown,
        "it is not known which of the two later events is a message"
    );
}

#[test]
fn every_change_updates_the_unread_count() {
    let changed = |seq, author, kind| Event { kind, ..event(seq, author) };
    let deleted = |seq, author, target| changed(seq, author, EventKind::Deletion { seq: Seq(target) });
    let edited = |seq, author, target| {
        changed(seq, author, EventKind::edit(Seq(target), Body::parse("changed").expect("a body")))
    };
    let reacted = |seq, author, target| {
        let emoji = crate::domain::Emoji::parse("🍵").expect("an emoji");
        changed(seq, author, EventKind::Reaction { seq: Seq(target), emoji, on: true })
    };
    let system = UserId::SYSTEM.as_uuid().as_u128();
    // User 1 is the reader: the case, its events in order, and the unread count after them.
    for (what, events, unread) in [
        ("its author deletes it", vec![event(1, 2), deleted(2, 2, 1)], 0),
        ("a moderator deletes it", vec![event(1, 2), deleted(2, 3, 1)], 0),
        ("the reader deletes it, as a moderator", vec![event(1, 2), deleted(2, 1, 1)], 0),
        ("it is deleted for its age", vec![event(1, 2), deleted(2, system, 1)], 0),
        ("one of two is deleted", vec![event(1, 2), event(2, 3), deleted(3, 2, 1)], 1),
        ("both are deleted", vec![event(1, 2), event(2, 2), deleted(3, 2, 2), deleted(4, 2, 1)], 0),
        ("it is edited", vec![event(1, 2), edited(2, 2, 1)], 1),
        ("it is edited, then deleted", vec![event(1, 2), edited(2, 2, 1), deleted(3, 2, 1)], 0),
        ("somebody reacts to it", vec![event(1, 2), reacted(2, 3, 1)], 1),
        ("the reader reacts to it", vec![event(1, 2), reacted(2, 1, 1)], 1),
        ("the reader answers", vec![event(1, 2), event(2, 1)], 0),
        ("the reader answers, and then it is deleted", vec![event(1, 2), event(2, 1), deleted(3, 2, 1)], 0),
        ("what was read is deleted", vec![event(1, 2), event(2, 1), event(3, 2), deleted(4, 2, 1)], 1),
        ("the reader's own message is deleted", vec![event(1, 1), event(2, 2), deleted(3, 3, 1)], 1),
        ("a deletion comes twice", vec![event(1, 2), event(2, 2), deleted(3, 2, 1), deleted(3, 2, 1)], 1),
        ("the author leaves for good", vec![event(1, 2), changed(2, 2, EventKind::AccountDeleted)], 1),
    ] {
        let mut conversations = lobby();
        apply(&mut conversations, &Blocks::default(), &events);
        assert_eq!(conversations.attention(), unread, "{what}");
    }
}

fn mention(seq: u64, author: u128, whom: Mentioned) -> Event {
    let mentions = vec![Mention { start: 0, end: 2, whom }];
    let body = Body::parse("hi").expect("a body");
    let kind = EventKind::Message { body, mentions, reply: None, participants: Vec::new() };
    Event { kind, ..event(seq, author) }
}

#[test]
fn messages_that_tell_the_reader_are_counted_as_mentions() {
    let me = || Mentioned::User(user(1));
    let participant = |seq, author, participants: Vec<UserId>| {
        let reply = Some(Reply { to: Seq(1), thread: Seq(1) });
        let kind =
            EventKind::Message { body: Body::parse("hi").expect("a body"), mentions: Vec::new(), reply, participants };
        Event { kind, ..event(seq, author) }
    };
    let deleted = |seq, target| Event { kind: EventKind::Deletion { seq: Seq(target) }, ..event(seq, 2) };
    let edited = |seq, target, mentions: Vec<Mention>| {
        let kind = EventKind::Edit { seq: Seq(target), body: Body::parse("hi").expect("a body"), mentions };
        Event { kind, ..event(seq, 2) }
    };
    let of_me = || vec![Mention { start: 0, end: 2, whom: me() }];
    // User 1 is the reader, and has blocked user 9: the case, its events in order, and the counts after them.
    for (what, events, counts) in [
        ("the reader is mentioned", vec![mention(1, 2, me())], (1, 1)),
        ("everyone is mentioned", vec![mention(1, 2, Mentioned::Everyone)], (1, 1)),
        ("somebody else is mentioned", vec![mention(1, 2, Mentioned::User(user(3)))], (1, 0)),
        ("a reply in a thread of the reader's", vec![participant(1, 2, vec![user(1).id])], (1, 1)),
        ("a reply in another thread", vec![participant(1, 2, vec![user(3).id])], (1, 0)),
        ("the reader mentions everyone", vec![event(1, 2), mention(2, 1, Mentioned::Everyone)], (0, 0)),
        ("a blocked user mentions the reader", vec![mention(1, 9, me())], (0, 0)),
        ("the reader answers", vec![mention(1, 2, me()), event(2, 1)], (0, 0)),
        ("the only mention is deleted", vec![mention(1, 2, me()), deleted(2, 1)], (0, 0)),
        ("one of two mentions is deleted", vec![mention(1, 2, me()), mention(2, 2, me()), deleted(3, 1)], (1, 1)),
        ("a message is deleted", vec![event(1, 2), event(2, 2), deleted(3, 1)], (1, 0)),
        ("a mention stays in an edit", vec![mention(1, 2, me()), edited(2, 1, of_me())], (1, 1)),
        ("a message without mentions is edited", vec![event(1, 2), edited(2, 1, Vec::new())], (1, 0)),
    ] {
        let mut conversations = lobby();
        let mut blocks = Blocks::default();
        blocks.set(user(9), true);
        apply(&mut conversations, &blocks, &events);
        assert_eq!((conversations.attention(), conversations.mentions()), counts, "{what}");
    }
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[mention(1, 2, me()), event(2, 2)]);
    assert_eq!(conversations.apply(&deleted(3, 1), user(1).id, &Blocks::default()), UnreadCount::Unknown);
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[mention(1, 2, me())]);
    let edit = edited(2, 1, Vec::new());
    assert_eq!(conversations.apply(&edit, user(1).id, &Blocks::default()), UnreadCount::Unknown);
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[mention(1, 2, me()), event(2, 2)]);
    assert_eq!(conversations.mark_read(event(1, 2).conversation, Seq(1)), UnreadCount::Unknown);
}

#[test]
fn after_the_mark_was_set_back_a_deleted_message_may_be_the_reader_s_own() {
    let deletion = |seq, target| Event { kind: EventKind::Deletion { seq: Seq(target) }, ..event(seq, 3) };
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[event(1, 2), event(2, 1)]);
    let set_back = Conversation { read_seq: Seq(0), unread: 1, ..conversations.all[0].clone() };
    conversations.put(set_back);
    apply(&mut conversations, &Blocks::default(), &[event(3, 2), event(4, 2), deletion(5, 4)]);
    assert_eq!(conversations.attention(), 2, "the user wrote nothing after the mark was set back");
    assert_eq!(conversations.apply(&deletion(6, 2), user(1).id, &Blocks::default()), UnreadCount::Unknown);
}

#[test]
fn a_read_mark_that_arrives_before_the_messages_counts() {
    let mut conversations = lobby();
    let lobby = event(1, 2).conversation;
    assert_eq!(conversations.mark_read(lobby, Seq(2)), UnreadCount::Known);
    apply(&mut conversations, &Blocks::default(), &[event(1, 2), event(2, 2), event(3, 2)]);
    assert_eq!(conversations.attention(), 1);
}

#[test]
fn what_was_fetched_before_something_else_came_is_outdated() {
    let mut conversations = lobby();
    apply(&mut conversations, &Blocks::default(), &[event(1, 2), event(2, 2)]);
    let lobby = event(1, 2).conversation;
    assert_eq!(conversations.mark_read(lobby, Seq(2)), UnreadCount::Known);
    let (asked, fetched) = (conversations.generation(), conversations.all[0].clone());
    conversations.put(Conversation { read_seq: Seq(0), unread: 2, ..fetched.clone() });
    assert!(!conversations.put_fetched(fetched.clone(), asked));
    assert_eq!(conversations.attention(), 2);
    assert!(conversations.put_fetched(fetched.clone(), conversations.generation()));
    assert_eq!(conversations.attention(), 0);
    let asked = conversations.generation();
    apply(&mut conversations, &Blocks::default(), &[event(3, 2)]);
    assert!(!conversations.put_fetched(fetched.clone(), asked), "an event is missing");
    conversations.remove(lobby);
    assert!(!conversations.put_fetched(fetched.clone(), asked), "the user has left");
    let asked = conversations.generation();
    conversations.outdate_fetches();
    assert!(!conversations.put_fetched(fetched, asked), "the user has blocked somebody");
}

#[test]
fn events_of_a_room_change_what_its_members_know_of_it() {
    let name = RoomName::parse("Tea").expect("a name");
    let topic = RoomTopic::parse("Cups").expect("a topic");
    let appointed = |user: User, role| ModerationNotice {
        action: Action::Appoint,
        user,
        scope: Scope::Room,
        until: None,
        role: Some(role),
        not_member: false,
    };
    let removed = ModerationNotice { action: Action::Remove, role: None, ..appointed(user(4), Role::Member) };
    let banned = ModerationNotice { action: Action::Ban, ..removed.clone() };
    let mut conversations = lobby();
    for (what, kind, expected) in [
        ("a name", EventKind::Room(RoomChange::Renamed { name: name.clone() }), Room { name, ..room() }),
        ("a topic", EventKind::Room(RoomChange::Topic { topic: topic.clone() }), Room { topic, ..room() }),
        ("somebody joins", EventKind::Room(RoomChange::Joined), Room { member_count: 3, ..room() }),
        ("somebody is added", EventKind::Room(RoomChange::Added { user: user(4) }), Room { member_count: 3, ..room() }),
        ("somebody leaves", EventKind::Room(RoomChange::Left), Room { member_count: 1, ..room() }),
        ("somebody is removed", EventKind::Notice(removed), Room { member_count: 1, ..room() }),
        ("a member is banned", EventKind::Notice(banned.clone()), Room { member_count: 1, ..room() }),
        ("somebody else is banned", EventKind::Notice(ModerationNotice { not_member: true, ..banned }), room()),
        ("an archive", EventKind::Room(RoomChange::Archived), Room { archived: true, ..room() }),
        (
            "the reader's role",
            EventKind::Notice(appointed(user(1), Role::Moderator)),
            Room { role: Role::Moderator, ..room() },
        ),
        ("another's role", EventKind::Notice(appointed(user(2), Role::Owner)), room()),
    ] {
        conversations.put(lobby().all[0].clone());
        apply(&mut conversations, &Blocks::default(), &[Event { kind, ..event(1, 2) }]);
        assert_eq!(conversations.all[0].kind, ConversationKind::Room(expected), "{what}");
        assert_eq!(conversations.attention(), 0, "{what}");
    }
}

#[test]
fn messages_of_blocked_users_do_not_count_as_unread() {
    let mut conversations = lobby();
    let mut blocks = Blocks::default();
    blocks.set(user(2), true);
    apply(&mut conversations, &blocks, &[event(1, 2), event(2, 3)]);
    assert_eq!(conversations.attention(), 1);
    blocks.set(user(2), false);
    apply(&mut conversations, &blocks, &[event(3, 2)]);
    assert_eq!(conversations.attention(), 2);
}

#[test]
fn the_count_is_unknown_when_the_deleted_message_may_be_a_blocked_user_s() {
    let mut conversations = lobby();
    let mut blocks = Blocks::default();
    blocks.set(user(2), true);
    apply(&mut conversations, &blocks, &[event(1, 2), event(2, 3)]);
    let deletion = Event { kind: EventKind::Deletion { seq: Seq(1) }, ..event(3, 4) };
    assert_eq!(conversations.apply(&deletion, user(1).id, &blocks), UnreadCount::Unknown);
    assert_eq!(conversations.attention(), 1, "as before, until the server has answered");
}

#[test]
fn the_direct_with_the_newest_message_comes_first() {
    // Muted, so that none of them calls for attention.
    let with = |number: u128| Conversation { muted: true, ..direct(number, user(number + 100).into()) };
    let to = |number: u128, seq, author, kind: Option<EventKind>| {
        let conversation = ConversationId::from_uuid(Uuid::from_u128(number));
        let message = event(seq, author);
        Event { conversation, kind: kind.unwrap_or_else(|| message.kind.clone()), ..message }
    };
    let order = |conversations: &Conversations| -> Vec<u128> {
        conversations.directs().iter().map(|(direct, _)| direct.id.as_uuid().as_u128()).collect()
    };
    let mut conversations = Conversations::new(vec![with(1), with(2), with(3)]);
    assert_eq!(order(&conversations), [3, 2, 1], "of those in which as much has happened, the one begun last");
    for (what, event, expected) in [
        ("a message of the other user", to(1, 2, 101, None), [1, 3, 2]),
        ("a message of the reader", to(2, 3, 1, None), [2, 1, 3]),
        ("a reaction", to(3, 4, 103, Some(EventKind::Other)), [2, 1, 3]),
        ("a deletion", to(3, 5, 103, Some(EventKind::Deletion { seq: Seq(2) })), [2, 1, 3]),
        ("a message that came before", to(1, 2, 101, None), [2, 1, 3]),
        ("a message in the last one", to(3, 6, 103, None), [3, 2, 1]),
    ] {
        apply(&mut conversations, &Blocks::default(), &[event]);
        assert_eq!(order(&conversations), expected, "{what}");
    }
    conversations.put(Conversation { last_message_at: Timestamp(7), ..with(4) });
    assert_eq!(order(&conversations), [4, 3, 2, 1], "one that has just come into the list");
    let conversation = Conversation { last_message_at: Timestamp(1), ..with(5) };
    conversations.extend(ConversationList { conversations: vec![conversation], older: None });
    assert_eq!(order(&conversations), [4, 3, 2, 1, 5], "one from further down");
    conversations.put(with(4));
    assert_eq!(order(&conversations), [3, 2, 1, 5, 4], "as the server has it");
}

fn direct(number: u128, with: Companion) -> Conversation {
    let id = ConversationId::from_uuid(Uuid::from_u128(number));
    let kind = ConversationKind::Direct { with };
    let (last_seq, last_message_at, read_seq) = (Seq(1), Timestamp(0), Seq(0));
    Conversation { id, kind, last_seq, last_message_at, read_seq, unread: 1, mentions: 0, muted: false, pinned: false }
}

#[test]
fn rooms_are_listed_with_the_lobby_first_and_then_by_newest_message() {
    let named = |number: u128, at: u64, room: Room| {
        let kind = ConversationKind::Room(room);
        Conversation { kind, last_message_at: Timestamp(at), ..direct(number, user(2).into()) }
    };
    let plain = || Room::named(RoomName::from_trusted("Tea".into()));
    // The first 48 bits of an id are the time of its creation.
    let created_late = 7 << 80;
    let conversations = Conversations::new(vec![
        named(1, 5, plain()),
        named(2, 9, Room { archived: true, ..plain() }),
        named(3, 6, plain()),
        direct(4, user(2).into()),
        named(created_late, 0, plain()),
        named(5, 1, Room { lobby: true, ..plain() }),
    ]);
    let listed = |open: Option<u128>| {
        let open = open.map(|open| ConversationId::from_uuid(Uuid::from_u128(open)));
        let ids = conversations.listed_rooms(open).into_iter().map(|(room, _)| room.id.as_uuid().as_u128());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed(Some(1)), [5, created_late, 3, 1]);
    assert_eq!(listed(Some(2)), [5, 2, created_late, 3, 1], "an archived room while it is open");
}

#[test]
fn what_is_pinned_comes_first_and_then_what_calls_for_attention() {
    let room = |number: u128, lobby: bool| {
        let kind = ConversationKind::Room(Room { lobby, ..Room::named(RoomName::from_trusted("Tea".into())) });
        let at = u64::try_from(number).expect("a small number");
        Conversation { kind, last_message_at: Timestamp(at), unread: 0, ..direct(number, user(2).into()) }
    };
    let all = vec![
        room(1, true),
        room(2, false),
        Conversation { unread: 3, ..room(3, false) },
        Conversation { unread: 9, mentions: 0, muted: true, ..room(4, false) },
        Conversation { unread: 9, mentions: 1, muted: true, ..room(5, false) },
        Conversation { pinned: true, ..room(6, false) },
        Conversation { pinned: true, unread: 1, ..room(7, false) },
    ];
    let order = |all: Vec<Conversation>| {
        let conversations = Conversations::new(all);
        let ids = conversations.listed_rooms(None).into_iter().map(|(room, _)| room.id.as_uuid().as_u128());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(order(all.clone()), [7, 6, 5, 3, 1, 4, 2]);
    let mut with_news_in_the_lobby = all;
    with_news_in_the_lobby[0].unread = 1;
    assert_eq!(order(with_news_in_the_lobby), [7, 6, 1, 5, 3, 4, 2], "the Lobby is first among its equals");
}

#[test]
fn a_muted_conversation_calls_for_attention_by_mentions_only() {
    let muted = |mentions| Conversation { unread: 9, mentions, muted: true, ..direct(1, user(2).into()) };
    let conversations = Conversations::new(vec![muted(0), direct(2, user(3).into()), muted(2)]);
    assert_eq!((conversations.attention(), conversations.mentions()), (3, 2));
}

#[test]
fn a_reset_keeps_followed_conversations_further_down() {
    let [one, two, three] = [1, 2, 3].map(|number| direct(number, user(number).into()));
    let ids = |conversations: &Conversations| {
        let mut ids: Vec<u128> =
            conversations.directs().iter().map(|(direct, _)| direct.id.as_uuid().as_u128()).collect();
        ids.sort_unstable();
        ids
    };
    let mut conversations = Conversations::new(vec![three.clone()]);
    conversations.extend(ConversationList { conversations: vec![two.clone(), one], older: None });
    conversations.reset(vec![three.clone()], Some("2".into()), |id| id == two.id);
    assert_eq!((ids(&conversations), conversations.older()), (vec![2, 3], Some("2")));
    conversations.reset(vec![three], None, |_| true);
    assert_eq!(ids(&conversations), [3], "the whole list is here");
}

#[test]
fn directs_with_former_users_are_grouped_by_nickname() {
    let named = |number: u128, name: &str, at: u64, gone: bool| {
        let nickname = Nickname::parse(name).expect("a nickname");
        let with = Companion { user: User::guest(UserId::from_uuid(Uuid::from_u128(number)), nickname), gone };
        Conversation { last_message_at: Timestamp(at), ..direct(number, with) }
    };
    let unused = Conversation { last_seq: Seq(0), ..named(7, "Carol", 0, true) };
    let conversations = Conversations::new(vec![
        named(1, "script", 10, true),
        named(2, "Bob", 20, true),
        named(3, "Script", 30, true),
        named(4, "小明", 40, false),
        named(5, "小明", 15, true),
        named(6, "script", 40, false),
        unused,
    ]);
    let id = |(direct, _): &(&Conversation, User)| direct.id.as_uuid().as_u128();
    let gone: Vec<Vec<u128>> =
        conversations.former_directs().iter().map(|group| group.iter().map(id).collect()).collect();
    assert_eq!(gone, [vec![3, 1], vec![2], vec![5]]);
}

#[test]
fn a_user_with_the_nickname_of_a_former_user_is_a_namesake() {
    let gone = Companion { user: user(1), gone: true };
    let here = Conversations::new(vec![direct(1, user(1).into())]);
    let mut conversations = Conversations::new(vec![direct(1, gone)]);
    assert!(conversations.is_namesake(&user(2)) && !conversations.is_namesake(&user(1)));
    assert!(!here.is_namesake(&user(2)), "both are here");
    conversations.remove(ConversationId::from_uuid(Uuid::from_u128(1)));
    assert!(!conversations.is_namesake(&user(2)));
}
