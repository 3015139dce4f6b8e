//! Where a store takes the time and new ids from. Tests turn a clock of their own.

use std::{fmt, time::Duration};

use crate::{
    domain::{CommandId, ConversationId, Timestamp},
    server::{
        clock,
        rules::{Ids, Now},
    },
};

/// The clock of a store.
pub(crate) trait ClockSource: fmt::Debug + Send + Sync + 'static {
    /// The present moment by both clocks.
    fn now(&self) -> Now;

    /// Continues the server's clock of an earlier run: `ran_at` is when that was last known to run, and `ahead` by how many
    /// milliseconds the machine's clock was ahead then. A store calls it when it is opened.
    fn resume(&self, ran_at: Timestamp, ahead: i64) {
        let _ = (ran_at, ahead);
    }

    /// Follows the clock of a database, which has just answered that it is `database`. `asked` is the [`clock::uptime`] before
    /// it was asked. A store that many nodes share calls it before anything else.
    fn follow_database(&self, database: Timestamp, asked: Duration) {
        let _ = (database, asked);
    }

    /// Where the store takes new ids from.
    fn ids(&self) -> Box<dyn Ids> {
        Box::new(GeneratedIds)
    }
}

/// The clock of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl ClockSource for SystemClock {
    fn now(&self) -> Now {
        let server = clock::now();
        let clock::Offset { since, ahead } = clock::offset();
        Now { server, machine: clock::machine_time(), ahead, ahead_since: since }
    }

    fn resume(&self, ran_at: Timestamp, ahead: i64) {
        clock::resume(ran_at, ahead);
    }

    fn follow_database(&self, database: Timestamp, asked: Duration) {
        clock::follow_database(database, asked);
    }
}

/// New ids that sort after those generated before (UUIDv7, RFC 9562).
#[derive(Clone, Copy, Debug)]
pub(crate) struct GeneratedIds;

impl Ids for GeneratedIds {
    fn command(&mut self) -> CommandId {
        CommandId::generate()
    }

    fn conversation(&mut self) -> ConversationId {
        ConversationId::generate()
    }
}
