//! A history to put flaws into.

use std::{collections::BTreeMap, sync::Arc};

use teahouse::domain::{
    Body, CommandId, ConversationId, Emoji, Event, EventKind, Message, Nickname, Reaction, Seq, Timestamp, User, UserId,
};

use super::{
    checker::{Findings, check},
    history::{Ack, Command, Fate, History, Log, Reader, Sight, View},
};

/// A small talk in which everything happens once.
pub(crate) struct Talk {
    pub(crate) history: History,
    pub(crate) log: Log,
    pub(crate) conversation: ConversationId,
}

pub(crate) fn body(text: &str) -> Body {
    Body::parse(text).expect(text)
}

pub(crate) fn message(text: &str) -> EventKind {
    EventKind::Message { body: body(text) }
}

impl Talk {
    /// Ming and Ling write; one message is edited, one deleted, one reacted to.
    pub(crate) fn sound() -> Self {
        let user = |name| User::guest(UserId::generate(), Nickname::parse(name).expect(name));
        let (ming, ling) = (user("小明"), user("阿玲"));
        let tea = Emoji::parse("🍵").expect("an emoji");
        let conversation = ConversationId::generate();
        let asked = [
            (&ming, message("one")),
            (&ling, message("two")),
            (&ming, message("three")),
            (&ming, EventKind::Edit { seq: Seq(1), body: body("one, edited") }),
            (&ling, EventKind::Reaction { seq: Seq(3), emoji: tea.clone(), on: true }),
            (&ling, EventKind::Deletion { seq: Seq(2) }),
            (&ming, message("four")),
        ];
        let mut talk = Self { history: History::default(), log: Log::default(), conversation };
        let mut told = Vec::new();
        for (seq, (author, kind)) in (1..).zip(asked) {
            let (id, at) = (CommandId::random(), Timestamp(1_000 + seq));
            let event = Event { conversation, seq: Seq(seq), at, author: author.clone(), id, kind };
            talk.acked(&event);
            told.push(event);
        }
        let mut logged = told.clone();
        // What was edited or deleted since.
        logged[0].kind = EventKind::Message { body: Body::deleted() };
        logged[1].kind = EventKind::Message { body: Body::deleted() };

        let mut messages = Vec::from([0, 1, 2, 6_usize].map(|place| {
            let event = &told[place];
            let EventKind::Message { body } = &event.kind else { unreachable!("those are the messages") };
            let (seq, id, at, author, body) = (event.seq, event.id, event.at, event.author.clone(), body.clone());
            Message {
                seq,
                id,
                at,
                author,
                body,
                revision: seq,
                edited_at: None,
                deleted: false,
                reactions: vec![],
                notice: None,
            }
        }));
        (messages[0].body, messages[0].revision, messages[0].edited_at) =
            (body("one, edited"), Seq(4), Some(told[3].at));
        (messages[1].body, messages[1].revision, messages[1].deleted) = (Body::deleted(), Seq(6), true);
        (messages[2].revision, messages[2].reactions) = (Seq(5), vec![Reaction { emoji: tea, users: vec![ling] }]);

        let mut sights = vec![Sight::From(conversation, Seq::ZERO)];
        sights.extend(told.into_iter().map(|event| Sight::Event(Arc::new(event))));
        sights.push(Sight::CaughtUp(conversation, Seq(7)));
        let view = View { conversation, cursor: Seq(7), is_whole: true, messages: messages.clone() };
        let reader = Reader { name: "a reader".to_owned(), connections: vec![sights], views: vec![view] };
        talk.history.readers.push(reader);
        talk.history.served = BTreeMap::from([(conversation, messages)]);
        talk.log.conversations.insert(conversation, logged);
        talk
    }

    /// The event's command was sent and acked.
    pub(crate) fn acked(&mut self, event: &Event) {
        let ack = Ack { conversation: event.conversation, seq: Some(event.seq), at: event.at };
        self.history.commands.push(Command {
            author: event.author.id,
            id: event.id,
            conversation: event.conversation,
            kind: event.kind.clone(),
            fate: Fate::Acked,
            acks: vec![ack],
            may_be_late: false,
        });
    }

    pub(crate) fn events(&mut self) -> &mut Vec<Event> {
        self.log.conversations.get_mut(&self.conversation).expect("the conversation")
    }

    pub(crate) fn sights(&mut self) -> &mut Vec<Sight> {
        &mut self.history.readers[0].connections[0]
    }

    pub(crate) fn view(&mut self) -> &mut Vec<Message> {
        &mut self.history.readers[0].views[0].messages
    }

    pub(crate) fn served(&mut self) -> &mut Vec<Message> {
        self.history.served.get_mut(&self.conversation).expect("the conversation")
    }

    /// How much of each kind is found: lost, duplicated, out of order, wrong.
    pub(crate) fn found(&self) -> [u64; 4] {
        let findings = check(&self.history, &self.log);
        assert_eq!(findings.are_none(), counts(&findings) == [0; 4]);
        for (_, kind) in findings.kinds() {
            assert_eq!(kind.examples.is_empty(), kind.count == 0, "each kind comes with examples");
        }
        counts(&findings)
    }
}

fn counts(findings: &Findings) -> [u64; 4] {
    findings.kinds().map(|(_, kind)| kind.count)
}
