//! Histories on the state of the reference store alone: no store, no queue.

use crate::{
    domain::{ConversationId, Timestamp},
    server::{
        rules::{
            account::ReleaseNickname,
            command::Command as _,
            context::{Context, Ids as _, Now},
            mutation::Mutation,
            read_marks::advanced_read_mark,
            refusal::Refusal,
            tests::{
                any_command::AnyCommand,
                clock::{CountedIds, START, later, with_machine_ahead},
                resolve::Resolver,
                step::Step,
            },
            undecided::Undecided,
        },
        store::memory::State,
    },
};

/// A state, and the history that led to it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) state: State,
    pub(super) now: Now,
    pub(super) lobby: ConversationId,
    /// What users choose.
    pub(super) chosen: CountedIds,
    /// What rules make.
    made: CountedIds,
    /// All mutations, with the times at which they were applied.
    pub(super) mutations: Vec<(Mutation, Timestamp)>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut made = CountedIds::new(1);
        let lobby = made.conversation();
        let state = State::new(lobby, START.machine);
        Self { state, now: START, lobby, chosen: CountedIds::new(0), made, mutations: Vec::new() }
    }

    /// The state before anything happened.
    pub(super) fn beginning(&self) -> State {
        State::new(self.lobby, START.machine)
    }

    /// The command that a step means now.
    pub(super) fn resolve(&mut self, step: &Step) -> Option<AnyCommand> {
        Resolver { state: &self.state, ids: &mut self.chosen, now: self.now }.command(step)
    }

    /// Takes a step. Returns the command and its mutations, unless it was no command or was refused.
    pub(super) fn take(&mut self, step: &Step) -> Option<(AnyCommand, Vec<Mutation>)> {
        match *step {
            Step::Wait { minutes } => self.now = later(self.now, minutes),
            Step::SetMachineClock { hours } => self.now = with_machine_ahead(self.now, hours),
            Step::Restart => {
                for guest in self.state.sessionless_guests() {
                    self.carry_out(&ReleaseNickname(guest).into()).expect("it is never refused");
                }
            }
            Step::MarkRead { user, place, seq } => self.mark_read(user, place, seq),
            _ => {}
        }
        let command = self.resolve(step)?;
        match self.carry_out(&command) {
            Ok(mutations) => Some((command, mutations)),
            Err(_refused) => None,
        }
    }

    /// Decides a command and applies its mutations.
    pub(super) fn carry_out(&mut self, command: &AnyCommand) -> Result<Vec<Mutation>, Refusal> {
        let mut context = Context { now: self.now, ids: &mut self.made, lobby: self.lobby };
        match command.decide(&mut self.state, &mut context) {
            Ok(decision) => {
                decision.mutations.iter().for_each(|mutation| self.apply(mutation.clone()));
                Ok(decision.mutations)
            }
            Err(Undecided::Refused(refusal)) => Err(refusal),
            Err(Undecided::NoFacts(_)) => panic!("{command:?}: every fact can be read"),
        }
    }

    fn apply(&mut self, mutation: Mutation) {
        self.state.apply(&mutation, self.now.machine);
        self.mutations.push((mutation, self.now.machine));
    }

    fn mark_read(&mut self, user: u8, place: u8, seq: u8) {
        let resolver = Resolver { state: &self.state, ids: &mut self.chosen, now: self.now };
        let (Some(user), Some(conversation)) = (resolver.user(user), resolver.place(place)) else { return };
        let (user, seq) = (user.id, resolver.seq(conversation, seq));
        if let Ok(Some(seq)) = advanced_read_mark(&mut self.state, user, conversation, seq, 0) {
            self.apply(Mutation::AdvanceReadMark { conversation, user, seq });
        }
    }
}
