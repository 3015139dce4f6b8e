//! A correct history, to put flaws into.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use teahouse::domain::{
    Action, Body, CommandId, ConversationId, Emoji, Event, EventKind, Message, ModerationNotice, Nickname, Reaction,
    RoomChange, Scope, Seq, Timestamp, User, UserId,
};

use super::{
    checker::{Findings, check},
    history::{Ack, Command, CommandKind, History, Log, LogEntry, Observation, Outcome, ReaderRecord, View, Visit},
};

/// A short conversation with one event of each kind.
pub(crate) struct TestHistory {
    pub(crate) history: History,
    pub(crate) log: Log,
    pub(crate) conversation: ConversationId,
}

pub(crate) fn body(text: &str) -> Body {
    Body::parse(text).expect(text)
}

pub(crate) fn message(text: &str) -> EventKind {
    EventKind::message(body(text))
}

/// Events that were never changed, as messages.
pub(crate) fn served(events: &[Event]) -> Vec<Message> {
    events.iter().cloned().filter_map(Message::from_event).collect()
}

impl TestHistory {
    /// Ming and Ling write. One message is edited, one deleted, one reacted to.
    pub(crate) fn correct() -> Self {
        let user = |name| User::guest(UserId::generate(), Nickname::parse(name).expect(name));
        let (ming, ling) = (user("小明"), user("阿玲"));
        let tea = Emoji::parse("🍵").expect("an emoji");
        let conversation = ConversationId::generate();
        let commands = [
            (&ming, message("one")),
            (&ling, message("two")),
            (&ming, message("three")),
            (&ming, EventKind::edit(Seq(1), body("one, edited"))),
            (&ling, EventKind::Reaction { seq: Seq(3), emoji: tea.clone(), on: true }),
            (&ling, EventKind::Deletion { seq: Seq(2) }),
            (&ming, message("four")),
        ];
        let history = History {
            users: vec![ming.clone(), ling.clone()],
            lasting_members: BTreeMap::from([(conversation, vec![ming.id, ling.id])]),
            ..History::default()
        };
        let mut test = Self { history, log: Log::default(), conversation };
        let mut events = Vec::new();
        for (seq, (author, kind)) in (1..).zip(commands) {
            let (id, at) = (CommandId::random(), Timestamp(1_000 + seq));
            let event = Event { conversation, seq: Seq(seq), at, author: author.clone(), id, kind };
            test.add_acked_command(&event);
            events.push(event);
        }
        let mut logged = events.clone();
        // The log keeps no text of a message that was deleted.
        logged[1].kind = EventKind::message(Body::deleted());

        let mut messages = served(&[0, 1, 2, 6_usize].map(|index| events[index].clone()));
        (messages[0].body, messages[0].revision, messages[0].edited_at) =
            (body("one, edited"), Seq(4), Some(events[3].at));
        (messages[1].body, messages[1].revision, messages[1].deleted) = (Body::deleted(), Seq(6), true);
        (messages[2].revision, messages[2].reactions) = (Seq(5), vec![Reaction { emoji: tea, users: vec![ling] }]);

        let mut observations = vec![Observation::StartsAfter(conversation, Seq::ZERO)];
        observations.extend(events.into_iter().map(|event| Observation::Event(Arc::new(event))));
        observations.push(Observation::CaughtUp(conversation, Seq(7)));
        let view_messages =
            View { conversation, cursor: Seq(7), starts_at_first_message: true, messages: messages.clone() };
        let reader =
            ReaderRecord { name: "a reader".to_owned(), connections: vec![observations], views: vec![view_messages] };
        test.history.readers.push(reader);
        test.history.served = BTreeMap::from([(conversation, messages)]);
        // A user signs up, and then come the events.
        test.log.entries.insert(1, None);
        test.log
            .entries
            .extend((2..).zip(&logged).map(|(position, event)| (position, Some((conversation, event.seq)))));
        let copied = test.log.entries.iter().map(|(position, event)| LogEntry { position: *position, event: *event });
        test.history.copied = copied.collect();
        test.log.conversations.insert(conversation, logged);
        test
    }

    /// A visitor who is added to a room with its second event and removed with its fourth, and hears these events. The fifth and
    /// last one is of this kind.
    pub(crate) fn of_a_visit(heard: RangeInclusive<u64>, last: EventKind) -> Self {
        let user = |name| User::guest(UserId::generate(), Nickname::parse(name).expect(name));
        let (keeper, visitor) = (user("阿玲"), user("小明"));
        let (action, scope) = (Action::Remove, Scope::Room);
        let removal =
            ModerationNotice { action, user: visitor.clone(), scope, until: None, role: None, not_member: false };
        let kinds = [
            message("one"),
            EventKind::Room(RoomChange::Added { user: visitor.clone() }),
            message("two"),
            EventKind::Notice(removal),
            last,
        ];
        let room = ConversationId::generate();
        let mut test = Self { history: History::default(), log: Log::default(), conversation: room };
        let mut events = Vec::new();
        for (seq, kind) in (1..).zip(kinds) {
            let (id, at) = (CommandId::random(), Timestamp(1_000 + seq));
            let event = Event { conversation: room, seq: Seq(seq), at, author: keeper.clone(), id, kind };
            test.add_acked_command(&event);
            test.log.entries.insert(seq, Some((room, event.seq)));
            test.history.copied.push(LogEntry { position: seq, event: Some((room, event.seq)) });
            events.push(event);
        }
        let mut observations = vec![Observation::StartsAfter(room, Seq(heard.start() - 1))];
        let heard = events.iter().filter(|event| heard.contains(&event.seq.0));
        observations.extend(heard.map(|event| Observation::Event(Arc::new(event.clone()))));
        let record = ReaderRecord { name: "a visitor".into(), connections: vec![observations], views: Vec::new() };
        test.history.visits.push(Visit { room, visitor: visitor.id, record });
        test.history.served.insert(room, served(&events));
        test.log.conversations.insert(room, events);
        test
    }

    /// Adds the event's command as sent and acknowledged.
    pub(crate) fn add_acked_command(&mut self, event: &Event) {
        let ack = Ack { conversation: event.conversation, seq: Some(event.seq), at: event.at };
        self.history.commands.push(Command {
            author: event.author.id,
            id: event.id,
            conversation: event.conversation,
            kind: CommandKind::Event(event.kind.clone()),
            outcome: Outcome::Acked,
            acks: vec![ack],
            may_be_late: false,
        });
    }

    pub(crate) fn log_events(&mut self) -> &mut Vec<Event> {
        self.log.conversations.get_mut(&self.conversation).expect("the conversation")
    }

    pub(crate) fn observations(&mut self) -> &mut Vec<Observation> {
        &mut self.history.readers[0].connections[0]
    }

    pub(crate) fn view_messages(&mut self) -> &mut Vec<Message> {
        &mut self.history.readers[0].views[0].messages
    }

    pub(crate) fn served_messages(&mut self) -> &mut Vec<Message> {
        self.history.served.get_mut(&self.conversation).expect("the conversation")
    }

    /// Whether one of the findings says this.
    pub(crate) fn finds(&self, text: &str) -> bool {
        let findings = check(&self.history, &self.log);
        findings.groups().iter().any(|(_, group)| group.examples.iter().any(|example| example.contains(text)))
    }

    /// Returns how many findings there are: lost, duplicated, out of order, wrong.
    pub(crate) fn finding_counts(&self) -> [u64; 4] {
        let findings = check(&self.history, &self.log);
        assert_eq!(findings.is_empty(), counts(&findings) == [0; 4]);
        for (_, kind) in findings.groups() {
            assert_eq!(kind.examples.is_empty(), kind.count == 0, "a group has examples if it has findings");
        }
        counts(&findings)
    }
}

fn counts(findings: &Findings) -> [u64; 4] {
    findings.groups().map(|(_, kind)| kind.count)
}
