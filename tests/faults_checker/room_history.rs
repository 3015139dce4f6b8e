//! A correct history of a room, with mentions, a thread and settings, to put flaws into.

use std::{collections::BTreeMap, sync::Arc};

use teahouse::domain::{
    Body, CommandId, Conversation, ConversationId, ConversationKind, Event, EventKind, Mention, Mentioned, Message,
    Nickname, Reply, Room, RoomChange, RoomName, RoomTopic, Seq, Timestamp, User, UserId, Visibility,
};

use super::{
    history::{
        Ack, Command, CommandKind, History, Log, LogEntry, LoggedSetting, Observation, Outcome, ReaderRecord,
        UserSetting,
    },
    test_history::{TestHistory, body, served},
};

/// The history, and who is in it.
pub(crate) struct RoomHistory {
    pub(crate) test: TestHistory,
    /// Owns the room.
    pub(crate) ming: User,
    pub(crate) ling: User,
    /// Comes in later.
    pub(crate) mei: User,
}

pub(crate) fn mention(start: u32, end: u32, user: &User) -> Mention {
    Mention { start, end, whom: Mentioned::User(user.clone()) }
}

fn everyone(start: u32, end: u32) -> Mention {
    Mention { start, end, whom: Mentioned::Everyone }
}

/// A reply in the thread of the third event.
fn reply(text: &str, mentions: Vec<Mention>, to: u64, participants: Vec<UserId>) -> EventKind {
    let reply = Some(Reply { to: Seq(to), thread: Seq(3) });
    EventKind::Message { body: body(text), mentions, reply, participants }
}

impl RoomHistory {
    /// Ming makes a room and adds Ling, who mentions him and begins a thread. He answers three times, once after she muted it,
    /// and deletes his second answer, which was pinned. Mei comes after she was named.
    pub(crate) fn correct() -> Self {
        let user = |name| User::guest(UserId::generate(), Nickname::parse(name).expect(name));
        let (ming, ling, mei) = (user("小明"), user("阿玲"), user("小梅"));
        let room = ConversationId::generate();
        let history = History { users: vec![ming.clone(), ling.clone(), mei.clone()], ..History::default() };
        let mut test = TestHistory { history, log: Log::default(), conversation: room };
        test.log.conversations.insert(room, Vec::new());
        let (visibility, topic) = (Visibility::Private, RoomTopic::none());
        let name = RoomName::parse("Tea").unwrap_or_else(|_| unreachable!("a name"));
        let to_ming = "@小明 @小梅 你好";
        let first = EventKind::Message {
            body: body(to_ming),
            mentions: vec![mention(0, 7, &ming)],
            reply: None,
            participants: vec![],
        };
        let edit =
            EventKind::Edit { seq: Seq(3), body: body("@小梅 @小明"), mentions: vec![mention(8, 15, &ming)] };

        test.happens(&ming, EventKind::Room(RoomChange::Created { name, topic, visibility }));
        test.happens(&ming, EventKind::Room(RoomChange::Added { user: ling.clone() }));
        test.happens(&ling, first);
        test.happens(&ming, EventKind::Room(RoomChange::Added { user: mei.clone() }));
        test.happens(&ming, reply("@room 看", vec![everyone(0, 5)], 3, vec![]));
        test.happens(&ling, edit);
        test.happens(&ming, reply("yes", vec![], 5, vec![ling.id]));
        test.sets(&ling, UserSetting::ThreadMuted { thread: Seq(3), on: true });
        test.happens(&ming, reply("again", vec![], 3, vec![]));
        test.happens(&ming, EventKind::Pin { seq: Seq(7), on: true });
        test.happens(&ming, EventKind::Deletion { seq: Seq(7) });
        test.sets(&ling, UserSetting::Muted(true));
        test.sets(&ling, UserSetting::UnreadFrom(Seq(5)));

        let events = test.log_events().clone();
        let seen = events.iter().map(|event| Observation::Event(Arc::new(event.clone())));
        let seen = [Observation::StartsAfter(room, Seq::ZERO)].into_iter().chain(seen).collect();
        let reader = ReaderRecord { name: "a reader".to_owned(), connections: vec![seen], views: vec![] };
        test.history.readers.push(reader);
        let mut messages = served(&events);
        let edited = &mut messages[2];
        (edited.body, edited.mentions) = (body("@小梅 @小明"), vec![mention(8, 15, &ming)]);
        (edited.revision, edited.edited_at, edited.replies) = (Seq(8), Some(events[5].at), 3);
        let deleted = &mut messages[5];
        (deleted.body, deleted.deleted, deleted.revision) = (Body::deleted(), true, Seq(10));
        test.history.served.insert(room, messages);
        // The log keeps no text of a message that was deleted.
        test.log_events()[6].kind = erased(&events[6].kind);

        let listed = |read_seq, unread, mentions| listed(room, Seq(read_seq), unread, mentions);
        test.history.last_lists = BTreeMap::from([
            (ming.id, vec![listed(8, 0, 0)]),
            (ling.id, vec![Conversation { muted: true, ..listed(4, 2, 1) }]),
            (mei.id, vec![listed(4, 2, 1)]),
        ]);
        test.history.copied =
            test.log.entries.iter().map(|(position, event)| LogEntry { position: *position, event: *event }).collect();
        Self { test, ming, ling, mei }
    }

    /// Changes an event in the log and as the reader received it.
    pub(crate) fn change_event(&mut self, seq: u64, change: impl Fn(&mut EventKind)) {
        let index = usize::try_from(seq).expect("a small number");
        change(&mut self.test.log_events()[index - 1].kind);
        self.change_received(seq, change);
    }

    /// Changes an event as the reader received it.
    pub(crate) fn change_received(&mut self, seq: u64, change: impl Fn(&mut EventKind)) {
        let index = usize::try_from(seq).expect("a small number");
        let Observation::Event(event) = &mut self.test.observations()[index] else { unreachable!("an event") };
        change(&mut Arc::make_mut(event).kind);
    }

    pub(crate) fn list_of(&mut self, user: UserId) -> &mut Vec<Conversation> {
        self.test.history.last_lists.get_mut(&user).expect("a list")
    }

    /// The message of this event, as the server returned it at the end.
    pub(crate) fn served_message(&mut self, seq: u64) -> &mut Message {
        self.test.served_messages().iter_mut().find(|message| message.seq == Seq(seq)).expect("a message")
    }
}

impl TestHistory {
    fn next_position(&self) -> u64 {
        self.log.entries.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    fn happens(&mut self, author: &User, kind: EventKind) {
        let (conversation, position) = (self.conversation, self.next_position());
        let seq = self.log_events().last().map_or(Seq(1), |last| last.seq.next());
        let (id, at) = (CommandId::random(), Timestamp(1_000 + seq.0));
        let event = Event { conversation, seq, at, author: author.clone(), id, kind };
        self.add_acked_command(&event);
        self.log.entries.insert(position, Some((conversation, seq)));
        self.log_events().push(event);
    }

    fn sets(&mut self, user: &User, setting: UserSetting) {
        let (conversation, position) = (self.conversation, self.next_position());
        self.history.commands.push(Command {
            author: user.id,
            id: CommandId::random(),
            conversation,
            kind: CommandKind::Setting(setting),
            outcome: Outcome::Acked,
            acks: vec![Ack { conversation, seq: None, at: Timestamp(1_000) }],
            may_be_late: false,
        });
        self.log.entries.insert(position, None);
        self.log.settings.insert(position, LoggedSetting { user: user.id, conversation, setting });
    }
}

/// A message as the log has it after its deletion.
fn erased(kind: &EventKind) -> EventKind {
    let (reply, participants) = (kind.reply(), kind.participants().to_vec());
    EventKind::Message { body: Body::deleted(), mentions: vec![], reply, participants }
}

fn listed(id: ConversationId, read_seq: Seq, unread: u32, mentions: u32) -> Conversation {
    let (topic, visibility) = (RoomTopic::none(), Visibility::Private);
    let room = Room {
        name: RoomName::parse("Tea").unwrap_or_else(|_| unreachable!("a name")),
        topic,
        visibility,
        posting: teahouse::domain::Posting::default(),
        archived: false,
        lobby: false,
        role: teahouse::domain::Role::default(),
        member_count: 3,
    };
    Conversation {
        id,
        kind: ConversationKind::Room(room),
        last_seq: Seq(10),
        last_message_at: Timestamp(1_008),
        read_seq,
        unread,
        mentions,
        muted: false,
        pinned: false,
    }
}
