//! A clock that tests turn.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use crate::{
    domain::{CommandId, ConversationId},
    server::{
        rules::{
            Ids, Now,
            tests::clock::{CountedIds, START, later, with_machine_ahead},
        },
        store::clock_source::ClockSource,
    },
};

/// A clock that stands still until a test turns it.
#[derive(Debug)]
pub(super) struct TurnedClock(Mutex<Turned>);

#[derive(Debug)]
struct Turned {
    now: Now,
    /// How often a store was opened. Each time, its ids are of another family.
    openings: u8,
}

impl Default for TurnedClock {
    fn default() -> Self {
        Self(Mutex::new(Turned { now: START, openings: 0 }))
    }
}

impl TurnedClock {
    fn turned(&self) -> MutexGuard<'_, Turned> {
        self.0.lock().expect("no test goes on after a panic")
    }

    pub(super) fn turn(&self, minutes: u16) {
        let mut turned = self.turned();
        turned.now = later(turned.now, minutes);
    }

    /// Sets the machine's clock so many hours from the server's.
    pub(super) fn set_machine_ahead(&self, hours: i8) {
        let mut turned = self.turned();
        turned.now = with_machine_ahead(turned.now, hours);
    }
}

impl ClockSource for TurnedClock {
    fn now(&self) -> Now {
        self.turned().now
    }

    fn ids(&self) -> Box<dyn Ids> {
        let mut turned = self.turned();
        turned.openings += 1;
        Box::new(CountedIds::new(100 + turned.openings))
    }
}

/// The clock of several nodes, which take their ids from one source: so they make the same ids as one node would.
pub(super) struct ClockOfNodes {
    clock: Arc<dyn ClockSource>,
    ids: Arc<Mutex<Box<dyn Ids>>>,
}

impl ClockOfNodes {
    pub(super) fn new(clock: Arc<dyn ClockSource>) -> Self {
        let ids = Arc::new(Mutex::new(clock.ids()));
        Self { clock, ids }
    }
}

impl fmt::Debug for ClockOfNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockOfNodes").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl ClockSource for ClockOfNodes {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn ids(&self) -> Box<dyn Ids> {
        Box::new(SharedIds(Arc::clone(&self.ids)))
    }
}

struct SharedIds(Arc<Mutex<Box<dyn Ids>>>);

impl Ids for SharedIds {
    fn command(&mut self) -> CommandId {
        self.0.lock().expect("no test goes on after a panic").command()
    }

    fn conversation(&mut self) -> ConversationId {
        self.0.lock().expect("no test goes on after a panic").conversation()
    }
}
