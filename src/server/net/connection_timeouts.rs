//! How long a connection may say nothing.
//!
//! Between two requests it may for longer than within one: a proxy keeps its connections for the next client, and one that
//! is closed just when it is used again costs that client an error.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// For how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    /// Until the first request begins; and from a request's first byte to the end of its head.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// In the place of both while the server is nearly full.
    pub(crate) crowded: Duration,
}

/// What is known of the requests of one connection.
#[derive(Debug)]
pub(crate) struct Patience(Mutex<RequestPhase>);

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum RequestPhase {
    /// The first request, which has not begun.
    First(Instant),
    /// The rest of a request's head, which began then.
    Head { began: Instant, is_first: bool },
    /// The server's answer.
    Answer,
    /// Another request.
    Next(Instant),
}

/// What is to be done about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Look again then, or when something has happened.
    Wait(Instant),
    /// Nothing, until something has happened.
    Answering,
    /// It has had no answer yet, and gets none.
    Drop,
    /// It has had its answers; what is still being sent of the last one comes to its end.
    Finish,
}

impl Patience {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new(RequestPhase::First(now)))
    }

    /// It is about to be served.
    pub(crate) fn begin(&self, now: Instant) {
        *self.turn() = RequestPhase::First(now);
    }

    /// Something has come.
    pub(crate) fn heard(&self, now: Instant) {
        let mut turn = self.turn();
        match *turn {
            RequestPhase::First(_) => *turn = RequestPhase::Head { began: now, is_first: true },
            RequestPhase::Next(_) => *turn = RequestPhase::Head { began: now, is_first: false },
            RequestPhase::Head { .. } | RequestPhase::Answer => {}
        }
    }

    /// A request's head has come.
    pub(crate) fn asked(&self) {
        *self.turn() = RequestPhase::Answer;
    }

    /// It is answered.
    pub(crate) fn answered(&self, now: Instant) {
        *self.turn() = RequestPhase::Next(now);
    }

    /// What to do now. While `is_crowded`, others need its place.
    pub(crate) fn verdict(&self, waits: Waits, is_crowded: bool, now: Instant) -> Verdict {
        let shorter = |usual: Duration| if is_crowded { usual.min(waits.crowded) } else { usual };
        let (since, usual, over) = match *self.turn() {
            RequestPhase::First(since) => (since, waits.head, Verdict::Drop),
            RequestPhase::Head { began, is_first: true } => (began, waits.head, Verdict::Drop),
            RequestPhase::Head { began, is_first: false } => (began, waits.head, Verdict::Finish),
            RequestPhase::Next(since) => (since, waits.idle, Verdict::Finish),
            RequestPhase::Answer => return Verdict::Answering,
        };
        let end = since + shorter(usual);
        // The server may be crowded by the time that a long wait is half over.
        if end <= now { over } else { Verdict::Wait(end.min(now + waits.head)) }
    }

    fn turn(&self) -> MutexGuard<'_, RequestPhase> {
        // Nothing under this lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: Waits =
        Waits { head: Duration::from_secs(10), idle: Duration::from_secs(75), crowded: Duration::from_secs(3) };

    /// What becomes of a connection when that much time has passed since `begin`, in milliseconds.
    fn at(patience: &Patience, is_crowded: bool, begin: Instant, milliseconds: u64) -> Verdict {
        patience.verdict(WAITS, is_crowded, after(begin, milliseconds))
    }

    fn after(begin: Instant, milliseconds: u64) -> Instant {
        begin + Duration::from_millis(milliseconds)
    }

    fn wait_until(begin: Instant, milliseconds: u64) -> Verdict {
        Verdict::Wait(after(begin, milliseconds))
    }

    #[test]
    fn between_two_requests_there_is_more_time_than_within_one() {
        let begin = Instant::now();
        let patience = Patience::new(begin);
        assert_eq!(at(&patience, false, begin, 0), wait_until(begin, 10_000), "for the first request to begin");
        assert_eq!(at(&patience, false, begin, 10_000), Verdict::Drop);
        patience.heard(after(begin, 9_000));
        patience.heard(after(begin, 18_000));
        assert_eq!(at(&patience, false, begin, 18_999), wait_until(begin, 19_000), "from its first byte");
        assert_eq!(at(&patience, false, begin, 19_000), Verdict::Drop);

        patience.asked();
        patience.heard(after(begin, 20_000));
        assert_eq!(at(&patience, false, begin, 1_000_000), Verdict::Answering);
        patience.answered(after(begin, 100_000));
        assert_eq!(at(&patience, false, begin, 174_999), wait_until(begin, 175_000));
        assert_eq!(at(&patience, false, begin, 175_000), Verdict::Finish);
        patience.heard(after(begin, 160_000));
        assert_eq!(at(&patience, false, begin, 169_999), wait_until(begin, 170_000));
        assert_eq!(at(&patience, false, begin, 170_000), Verdict::Finish);
    }

    #[test]
    fn while_the_server_is_crowded_nobody_is_waited_for_long() {
        let begin = Instant::now();
        let patience = Patience::new(begin);
        assert_eq!(at(&patience, true, begin, 2_999), wait_until(begin, 3_000));
        assert_eq!(at(&patience, true, begin, 3_000), Verdict::Drop);
        patience.heard(begin);
        assert_eq!(at(&patience, true, begin, 3_000), Verdict::Drop);
        patience.asked();
        assert_eq!(at(&patience, true, begin, 1_000_000), Verdict::Answering);
        patience.answered(begin);
        assert_eq!(at(&patience, false, begin, 4_000), wait_until(begin, 14_000), "it is looked at again");
        assert_eq!(at(&patience, true, begin, 3_000), Verdict::Finish);
    }
}
