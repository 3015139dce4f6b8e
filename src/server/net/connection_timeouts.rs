//! How long an HTTP connection may be silent.
//!
//! Between two requests a connection may be silent longer than within one: a proxy keeps its connections for the next
//! client, and if the server closes one just as the proxy uses it again, that client gets an error.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The time-outs of HTTP connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionTimeouts {
    /// Until the first request begins, and from a request's first byte to the end of its head.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// Replaces the other two, where it is shorter, while the server is nearly full.
    pub(crate) crowded: Duration,
}

/// Tracks in which phase of a request a connection is, and since when.
#[derive(Debug)]
pub(crate) struct RequestTimer(Mutex<RequestPhase>);

/// What the server waits for.
#[derive(Clone, Copy, Debug)]
enum RequestPhase {
    /// The first byte of the first request, since then.
    FirstRequest(Instant),
    /// The end of a request's head, which began then.
    Head { began: Instant, is_first: bool },
    /// Its own response. This phase has no time-out here.
    Response,
    /// The first byte of another request, since then.
    NextRequest(Instant),
}

/// What to do with a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerAction {
    /// Check again at this time, or when something has arrived.
    CheckAt(Instant),
    /// A response is being made: check again when something has happened.
    AwaitResponse,
    /// Drop it: it has sent no complete request and gets no response.
    Drop,
    /// Close it once the last response has been sent.
    Finish,
}

impl RequestTimer {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new(RequestPhase::FirstRequest(now)))
    }

    /// Starts waiting for the first request anew, after the TLS handshake.
    pub(crate) fn restart(&self, now: Instant) {
        *self.phase() = RequestPhase::FirstRequest(now);
    }

    /// Notes that bytes have arrived.
    pub(crate) fn bytes_received(&self, now: Instant) {
        let mut phase = self.phase();
        match *phase {
            RequestPhase::FirstRequest(_) => *phase = RequestPhase::Head { began: now, is_first: true },
            RequestPhase::NextRequest(_) => *phase = RequestPhase::Head { began: now, is_first: false },
            RequestPhase::Head { .. } | RequestPhase::Response => {}
        }
    }

    /// Notes that a request's head is complete.
    pub(crate) fn request_received(&self) {
        *self.phase() = RequestPhase::Response;
    }

    /// Notes that the response has been made.
    pub(crate) fn response_made(&self, now: Instant) {
        *self.phase() = RequestPhase::NextRequest(now);
    }

    /// What to do with the connection now.
    pub(crate) fn action(&self, timeouts: ConnectionTimeouts, is_crowded: bool, now: Instant) -> TimerAction {
        let (since, usual, at_timeout) = match *self.phase() {
            RequestPhase::FirstRequest(since) => (since, timeouts.head, TimerAction::Drop),
            RequestPhase::Head { began, is_first: true } => (began, timeouts.head, TimerAction::Drop),
            RequestPhase::Head { began, is_first: false } => (began, timeouts.head, TimerAction::Finish),
            RequestPhase::NextRequest(since) => (since, timeouts.idle, TimerAction::Finish),
            RequestPhase::Response => return TimerAction::AwaitResponse,
        };
        let timeout = if is_crowded { usual.min(timeouts.crowded) } else { usual };
        let end = since + timeout;
        // During a long wait the server may become crowded, so check more often than at its end.
        if end <= now { at_timeout } else { TimerAction::CheckAt(end.min(now + timeouts.head)) }
    }

    fn phase(&self) -> MutexGuard<'_, RequestPhase> {
        // Nothing under this lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: ConnectionTimeouts = ConnectionTimeouts {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        crowded: Duration::from_secs(3),
    };

    /// The action `milliseconds` after `begin`.
    fn at(timer: &RequestTimer, is_crowded: bool, begin: Instant, milliseconds: u64) -> TimerAction {
        timer.action(TIMEOUTS, is_crowded, after(begin, milliseconds))
    }

    fn after(begin: Instant, milliseconds: u64) -> Instant {
        begin + Duration::from_millis(milliseconds)
    }

    fn check_at(begin: Instant, milliseconds: u64) -> TimerAction {
        TimerAction::CheckAt(after(begin, milliseconds))
    }

    #[test]
    fn a_connection_may_be_silent_longer_between_requests_than_within_one() {
        let begin = Instant::now();
        let timer = RequestTimer::new(begin);
        assert_eq!(at(&timer, false, begin, 0), check_at(begin, 10_000), "for the first request to begin");
        assert_eq!(at(&timer, false, begin, 10_000), TimerAction::Drop);
        timer.bytes_received(after(begin, 9_000));
        timer.bytes_received(after(begin, 18_000));
        assert_eq!(at(&timer, false, begin, 18_999), check_at(begin, 19_000), "from its first byte");
        assert_eq!(at(&timer, false, begin, 19_000), TimerAction::Drop);

        timer.request_received();
        timer.bytes_received(after(begin, 20_000));
        assert_eq!(at(&timer, false, begin, 1_000_000), TimerAction::AwaitResponse);
        timer.response_made(after(begin, 100_000));
        assert_eq!(at(&timer, false, begin, 174_999), check_at(begin, 175_000));
        assert_eq!(at(&timer, false, begin, 175_000), TimerAction::Finish);
        timer.bytes_received(after(begin, 160_000));
        assert_eq!(at(&timer, false, begin, 169_999), check_at(begin, 170_000));
        assert_eq!(at(&timer, false, begin, 170_000), TimerAction::Finish);
    }

    #[test]
    fn while_the_server_is_crowded_all_timeouts_are_short() {
        let begin = Instant::now();
        let timer = RequestTimer::new(begin);
        assert_eq!(at(&timer, true, begin, 2_999), check_at(begin, 3_000));
        assert_eq!(at(&timer, true, begin, 3_000), TimerAction::Drop);
        timer.bytes_received(begin);
        assert_eq!(at(&timer, true, begin, 3_000), TimerAction::Drop);
        timer.request_received();
        assert_eq!(at(&timer, true, begin, 1_000_000), TimerAction::AwaitResponse);
        timer.response_made(begin);
        assert_eq!(at(&timer, false, begin, 4_000), check_at(begin, 14_000), "it is checked again");
        assert_eq!(at(&timer, true, begin, 3_000), TimerAction::Finish);
    }
}
