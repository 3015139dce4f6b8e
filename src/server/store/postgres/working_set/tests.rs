//! The working set against the reference store: whatever happens, what it knows is true.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::{
    domain::ConversationId,
    server::{
        rules::{
            Command as _, Context, Facts, Ids as _, Known, Now, ReleaseNickname, Undecided,
            tests::{
                any_command::AnyCommand,
                clock::{CountedIds, START, later, with_machine_ahead},
                resolve::Resolver,
                step::{Step, history, on_histories},
            },
        },
        store::{
            memory::State,
            postgres::{
                facts::plan,
                questions::{Answer, MessagesAround, MessagesOf, Question, SessionCutoffs, UserPair},
                working_set::WorkingSet,
            },
        },
    },
};

/// Asks a question.
fn ask(facts: &mut dyn Facts, question: Question) -> Known<Answer> {
    use {Answer as A, Question as Q};
    Ok(match question {
        Q::User(id) => A::User(facts.user(id)?),
        Q::UserWithNickname(key) => A::UserWithNickname(facts.user_with_nickname(&key)?),
        Q::HasOwnerBesides(except) => A::HasOwnerBesides(facts.has_owner_besides(except)?),
        Q::AddressesOf(user) => A::AddressesOf(facts.addresses_of(user)?),
        Q::GuestsFrom(address) => A::GuestsFrom(facts.guests_from(address)?),
        Q::GuestsFromNetwork(network) => A::GuestsFromNetwork(facts.guests_from_network(&network)?),
        Q::Guests(()) => A::Guests(facts.guests()?),
        Q::ExpiredGuests(cutoffs) => A::ExpiredGuests(facts.expired_guests(&cutoffs)?),
        Q::SessionByKey(key) => A::SessionByKey(facts.session_by_key(key)?),
        Q::SessionsOf(user) => A::SessionsOf(facts.sessions_of(user)?),
        Q::ExpiredSessions(SessionCutoffs { begun_before, seen_before }) => {
            A::ExpiredSessions(facts.expired_sessions(begun_before, seen_before)?)
        }
        Q::SessionsSeenBefore(before) => A::SessionsSeenBefore(facts.sessions_seen_before(before)?),
        Q::Conversation(id) => A::Conversation(facts.conversation(id)?),
        Q::RoomName(room) => A::RoomName(facts.room_name(room)?),
        Q::PublicRoomWithName(key) => A::PublicRoomWithName(facts.public_room_with_name(&key)?),
        Q::HasRoomOwnerBesides((room, except)) => A::HasRoomOwnerBesides(facts.has_room_owner_besides(room, except)?),
        Q::RoomHeir((room, except)) => A::RoomHeir(facts.room_heir(room, except)?),
        Q::Rooms(()) => A::Rooms(facts.rooms()?),
        Q::DirectOf(UserPair { one, other }) => A::DirectOf(facts.direct_of(one, other)?),
        Q::DirectsOf(user) => A::DirectsOf(facts.directs_of(user)?),
        Q::RoomsOf(user) => A::RoomsOf(facts.rooms_of(user)?),
        Q::HasMessagesBesides((conversation, deleted)) => {
            A::HasMessagesBesides(facts.has_messages_besides(conversation, &deleted)?)
        }
        Q::Membership((conversation, user)) => A::Membership(facts.membership(conversation, user)?),
        Q::UsersOfDirect(direct) => A::UsersOfDirect(facts.users_of_direct(direct)?),
        Q::Command((author, id)) => A::Command(facts.command(author, id)?),
        Q::Message((conversation, seq)) => A::Message(facts.message(conversation, seq)?),
        Q::EmojiOf((conversation, seq)) => A::EmojiOf(facts.emoji_of(conversation, seq)?),
        Q::ThreadListeners((conversation, thread)) => A::ThreadListeners(facts.thread_listeners(conversation, thread)?),
        Q::PinsOf(conversation) => A::PinsOf(facts.pins_of(conversation)?),
        Q::MessagesOf(MessagesOf { author, conversation, after, up_to, limit }) => {
            A::MessagesOf(facts.messages_of(author, conversation, after, up_to, limit)?)
        }
        Q::MessagesAround(MessagesAround { reader, conversation, seq, around }) => {
            A::MessagesAround(facts.messages_around(reader, conversation, seq, around)?)
        }
        Q::OldEvents((conversation, before, limit)) => A::OldEvents(facts.old_events(conversation, before, limit)?),
        Q::SanctionsOf(user) => A::SanctionsOf(facts.sanctions_of(user)?),
        Q::MarkedSanctions(marks) => A::MarkedSanctions(facts.marked_sanctions(&marks)?),
        Q::BannedNetworks(()) => A::BannedNetworks(facts.banned_networks()?),
        Q::HasBlocked((user, other)) => A::HasBlocked(facts.has_blocked(user, other)?),
        Q::BlockedCount(user) => A::BlockedCount(facts.blocked_count(user)?),
        Q::InviteByKey(key) => A::InviteByKey(facts.invite_by_key(key)?),
        Q::Invite(id) => A::Invite(facts.invite(id)?),
        Q::Report(id) => A::Report(facts.report(id)?),
        Q::HasReported((reporter, conversation, seq)) => {
            A::HasReported(facts.has_reported(reporter, conversation, seq)?)
        }
        Q::OpenReportsOf(reporter) => A::OpenReportsOf(facts.open_reports_of(reporter)?),
        Q::NextErasure(()) => A::NextErasure(facts.next_erasure()?),
        Q::SavedClock(()) => A::SavedClock(facts.saved_clock()?),
        Q::MachineCutoff(at) => A::MachineCutoff(facts.machine_cutoff(at)?),
    })
}

/// A state, and a working set that has learned some of it.
struct KnownScene {
    state: State,
    set: WorkingSet,
    /// Everything that was ever asked.
    asked: HashSet<Question>,
    now: Now,
    lobby: ConversationId,
    chosen: CountedIds,
    made: CountedIds,
}

impl KnownScene {
    fn new() -> Self {
        let mut made = CountedIds::new(1);
        let lobby = made.conversation();
        let state = State::new(lobby, START.machine);
        let (set, asked) = (WorkingSet::default(), HashSet::new());
        Self { state, set, asked, now: START, lobby, chosen: CountedIds::new(0), made }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Wait { minutes } => self.now = later(self.now, minutes),
            Step::SetMachineClock { hours } => self.now = with_machine_ahead(self.now, hours),
            Step::Restart => {
                let guests = self.state.sessionless_guests();
                guests.into_iter().for_each(|guest| self.carry_out(&ReleaseNickname(guest).into()));
            }
            _ => {}
        }
        let resolver = Resolver { state: &self.state, ids: &mut self.chosen, now: self.now }.command(step);
        resolver.iter().for_each(|command| self.carry_out(command));
    }

    /// Decides a command by the working set, which learns what it lacks, and applies its mutations. Then all that the set knows
    /// is true.
    fn carry_out(&mut self, command: &AnyCommand) {
        let mutations = loop {
            let mut ids = self.made.clone();
            let mut context = Context { now: self.now, ids: &mut ids, lobby: self.lobby };
            match command.decide(&mut self.set, &mut context) {
                Ok(decision) => break decision.mutations,
                Err(Undecided::Refused(_)) => break Vec::new(),
                Err(Undecided::NoFacts(_)) => self.learn(),
            }
        };
        assert!(self.set.take_missing().is_empty(), "a command that was decided has missed nothing");
        let mut context = Context { now: self.now, ids: &mut self.made, lobby: self.lobby };
        let expected = command.decide(&mut self.state, &mut context).map_or(Vec::new(), |decision| decision.mutations);
        assert_eq!(format!("{mutations:?}"), format!("{expected:?}"), "{command:?}");
        self.asked.extend(self.set.take_asked());
        for mutation in &mutations {
            self.state.apply(mutation, self.now.machine);
            self.set.update(mutation);
        }
        for question in &self.asked {
            if let Ok(known) = ask(&mut self.set, question.clone()) {
                let answer = ask(&mut self.state, question.clone()).expect("every fact can be read");
                assert_eq!(known, answer, "the answer to {question:?} after {mutations:?}");
            }
        }
        self.set.take_missing();
        self.set.take_asked();
    }

    fn learn(&mut self) {
        let missing = self.set.take_missing();
        assert!(!missing.is_empty(), "a command that was not decided lacks an answer");
        for question in missing {
            let answer = ask(&mut self.state, question.clone()).expect("every fact can be read");
            self.set.insert(question, answer);
        }
    }
}

proptest! {
    #![proptest_config(on_histories(128))]

    /// Each command is decided as on the state itself, and afterwards every answer that is known is true.
    #[test]
    fn what_the_set_knows_is_true_after_every_command(steps in history(120), batch in 1..40_usize) {
        let mut scene = KnownScene::new();
        for steps in steps.chunks(batch) {
            steps.iter().for_each(|step| scene.take(step));
            scene.set = WorkingSet::default();
            scene.asked.clear();
        }
    }

    /// Every question is asked of the database, and gets an answer of its kind, even if there are no rows.
    #[test]
    fn every_question_gets_an_answer(steps in history(60)) {
        let mut scene = KnownScene::new();
        steps.iter().for_each(|step| scene.take(step));
        let mut set = WorkingSet::default();
        for query in plan(scene.asked.iter().cloned().collect()) {
            let rows = query.statements.iter().map(|_| Vec::new()).collect();
            for (question, answer) in query.read(rows).expect("answers") {
                set.insert(question, answer);
            }
        }
        for question in scene.asked {
            prop_assert!(ask(&mut set, question.clone()).is_ok(), "{:?}", question);
        }
    }
}
