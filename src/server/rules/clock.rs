//! Saving the server's clock, so that it continues after a restart.

use crate::{
    domain::Timestamp,
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        facts::Facts,
        mutation::Mutation,
        undecided::Undecided,
    },
};

/// How often the running time is saved, in milliseconds. More often would wake up a disk that sleeps.
const SAVE_INTERVAL_MS: u64 = 10 * 60 * 1_000;

/// Saves that the server is running now, and how far the machine's clock is ahead of the server's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaveClock;

impl Command for SaveClock {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let (now, saved) = (context.now, facts.saved_clock()?);
        let mut draft = DecisionDraft::default();
        // A saved time that is later than now is not recent: the server's clock was set back.
        let is_recent = |ran_at: Timestamp| now.server.0.checked_sub(ran_at.0).is_some_and(|ms| ms <= SAVE_INTERVAL_MS);
        if !saved.ran_at.is_some_and(is_recent) {
            draft.push(Mutation::SaveRunningTime(now.server));
        }
        if saved.ahead != now.ahead {
            draft.push(Mutation::SaveClockOffset { since: now.ahead_since, ahead: now.ahead });
        }
        Ok(draft.finish(()))
    }
}
