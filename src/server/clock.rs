//! The server's own clock, by which sessions, guests' nicknames, invites, sanctions and retention expire.
//!
//! The machine's clock may be wrong: a board without a battery starts in another year. Everything would expire at once. So
//! this clock runs with the machine's uptime, and follows the machine's clock only over plausible steps: sleep, a correction,
//! a server that was off over the holidays. A larger step is logged and becomes an offset between the two clocks, until the
//! machine's clock steps back.
//!
//! Times that users see (when something was written, until when somebody is muted) are the machine's.
//!
//! Nodes that share a database must agree, so for them "the machine's clock" is the database's: a node asks for the time now
//! and then, and adds its own uptime since. A step of the node's own clock changes nothing.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use crate::domain::Timestamp;

/// Runs while the machine sleeps, and cannot be set.
#[cfg(any(target_os = "linux", target_os = "android"))]
const RUNNING: ClockId = ClockId::Boottime;
/// Cannot be set.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const RUNNING: ClockId = ClockId::Monotonic;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// The largest plausible step of the machine's clock while the server runs, in either direction, in milliseconds.
const LONGEST_STEP: i64 = DAY;

/// The longest plausible time for a server to have been off, in milliseconds.
const LONGEST_BREAK: i64 = 7 * DAY;

/// One clock per process, because there is one machine.
static CLOCK: Mutex<Clock> =
    Mutex::new(Clock { last: None, offset: Offset { since: Timestamp(0), ahead: 0 }, database: None });

/// The present moment.
pub(super) fn now() -> Timestamp {
    let (at, news) = clock().read_now();
    tell(news);
    moment(at)
}

/// The present moment by the machine's clock; on a node that shares a database, by the database's.
pub(crate) fn machine_time() -> Timestamp {
    moment(clock().wall(running()))
}

/// For how long the machine has been running. No clock that is set changes it.
pub(super) fn uptime() -> Duration {
    running()
}

/// From now on, follows the clock of a database, which has just answered that it is `database`. `asked` is the uptime before
/// it was asked.
pub(super) fn follow_database(database: Timestamp, asked: Duration) {
    clock().follow_database(signed(database), asked, running());
}

/// Converts a time of this clock to the machine's clock, for users.
pub(super) fn shown(at: Timestamp) -> Timestamp {
    let ahead = clock().offset.ahead;
    Timestamp(at.0.saturating_add_signed(ahead))
}

/// Continues the clock of an earlier run: `last` is when that was last known to run, and `ahead` the offset then.
pub(super) fn resume(last: Timestamp, ahead: i64) {
    let news = {
        let (mut clock, running) = (clock(), running());
        let wall = clock.wall(running);
        clock.resume(signed(last), ahead, wall, running)
    };
    tell(news);
}

/// The current offset of the machine's clock.
pub(super) fn offset() -> Offset {
    clock().offset
}

/// How many milliseconds the machine's clock is ahead of this one, and since when by this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) since: Timestamp,
    pub(super) ahead: i64,
}

#[derive(Debug)]
struct Clock {
    last: Option<Last>,
    offset: Offset,
    /// `None`: the machine's own clock counts.
    database: Option<DatabaseTime>,
}

/// What a database's clock showed, and the machine's uptime then.
#[derive(Clone, Copy, Debug)]
struct DatabaseTime {
    at: i64,
    running: Duration,
}

impl DatabaseTime {
    fn after(self, running: Duration) -> i64 {
        self.at.saturating_add(millis(running.saturating_sub(self.running)))
    }
}

/// The last reading, and the machine's uptime then.
#[derive(Clone, Copy, Debug)]
struct Last {
    at: i64,
    running: Duration,
}

/// What to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// The machine's clock made an implausible step, and is this many milliseconds ahead now.
    Set(i64),
    /// The machine's clock is plausible again.
    SetBack,
}

impl Clock {
    fn read_now(&mut self) -> (i64, Option<News>) {
        let running = running();
        self.read(self.wall(running), running)
    }

    /// What counts as the machine's clock.
    fn wall(&self, running: Duration) -> i64 {
        self.database.map_or_else(|| signed(Timestamp::now()), |database| database.after(running))
    }

    /// The database read its clock between `asked` and `answered`. An earlier answer that agrees with that stays, so that time
    /// does not jump with each answer.
    fn follow_database(&mut self, database: i64, asked: Duration, answered: Duration) {
        let travel = millis(answered.saturating_sub(asked));
        let at = match self.database.map(|earlier| earlier.after(answered)) {
            None => database.saturating_add(travel / 2),
            Some(expected) => expected.clamp(database, database.saturating_add(travel)),
        };
        if self.database.is_none_or(|earlier| earlier.after(answered) != at) {
            self.database = Some(DatabaseTime { at, running: answered });
        }
    }

    /// Reads the clock, given the machine's clock and its uptime.
    fn read(&mut self, wall: i64, running: Duration) -> (i64, Option<News>) {
        let expected = match self.last {
            None => wall,
            Some(last) => last.at.saturating_add(millis(running.saturating_sub(last.running))),
        };
        self.follow(expected, LONGEST_STEP, wall, running)
    }

    fn resume(&mut self, last: i64, ahead: i64, wall: i64, running: Duration) -> Option<News> {
        self.offset = Offset { since: moment(last), ahead };
        self.follow(last, LONGEST_BREAK, wall, running).1
    }

    /// Follows the machine's clock if that is at most `longest` after the expected time, without an offset or with the current
    /// one. Otherwise goes on at the expected time, with a new offset.
    fn follow(&mut self, expected: i64, longest: i64, wall: i64, running: Duration) -> (i64, Option<News>) {
        let before = self.offset.ahead;
        let off = |ahead: i64| wall.saturating_sub(ahead).saturating_sub(expected);
        let can_be = |ahead: &i64| (-LONGEST_STEP..=longest).contains(&off(*ahead));
        let ahead = [0, before].into_iter().find(can_be).unwrap_or_else(|| wall.saturating_sub(expected));
        let at = wall.saturating_sub(ahead);
        self.last = Some(Last { at, running });
        if ahead == before {
            return (at, None);
        }
        self.offset = Offset { since: moment(at), ahead };
        (at, Some(if ahead == 0 { News::SetBack } else { News::Set(ahead) }))
    }
}

fn tell(news: Option<News>) {
    match news {
        Some(News::Set(ahead)) => tracing::warn!(
            days_ahead = ahead / DAY,
            "this machine's clock is further from when the server last ran than can be believed: no session, nickname, invite or sanction ends by that"
        ),
        Some(News::SetBack) => tracing::info!("this machine's clock is as it should be again"),
        None => {}
    }
}

fn clock() -> MutexGuard<'static, Clock> {
    // No code under this lock panics half-way through a change.
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn running() -> Duration {
    clock_gettime(RUNNING).try_into().unwrap_or_default()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn signed(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

fn moment(at: i64) -> Timestamp {
    Timestamp(u64::try_from(at).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1_000;
    const YEAR_2026: i64 = 1_795_000_000_000;

    fn started(wall: i64) -> Clock {
        let mut clock = Clock { last: None, offset: Offset { since: Timestamp(0), ahead: 0 }, database: None };
        assert_eq!(clock.read(wall, Duration::ZERO), (wall, None));
        clock
    }

    fn after(hours: i64) -> Duration {
        Duration::from_millis(u64::try_from(hours * HOUR).expect("a time"))
    }

    #[test]
    fn it_follows_the_machine_s_clock_as_far_as_that_can_be() {
        for step in [0, 1, -1, 5_000, -5_000, HOUR, -HOUR, 14 * HOUR, -14 * HOUR, DAY, -DAY] {
            let mut clock = started(YEAR_2026);
            let wall = YEAR_2026 + HOUR + step;
            assert_eq!(clock.read(wall, after(1)), (wall, None), "a step of {step} ms");
            assert_eq!(clock.offset.ahead, 0);
        }
    }

    #[test]
    fn a_step_that_cannot_be_true_is_no_time_that_has_passed() {
        for days in [2, 8, 15, 31, 400, 36_500, -2, -15, -400, -20_000] {
            let step = days * DAY;
            let mut clock = started(YEAR_2026);
            let (at, news) = clock.read(YEAR_2026 + HOUR + step, after(1));
            assert_eq!((at, news), (YEAR_2026 + HOUR, Some(News::Set(step))), "{days} days");
            // It is told of once, and goes on.
            assert_eq!(clock.read(YEAR_2026 + 2 * HOUR + step, after(2)), (YEAR_2026 + 2 * HOUR, None));
            // And back.
            let back = YEAR_2026 + 3 * HOUR;
            assert_eq!(clock.read(back, after(3)), (back, Some(News::SetBack)));
            assert_eq!(clock.read(back + HOUR, after(4)), (back + HOUR, None));
        }
    }

    #[test]
    fn one_wrong_time_after_another_ends_nothing_either() {
        let mut clock = started(YEAR_2026);
        for (hour, wall) in (1..).zip([0, YEAR_2026 * 2, 1, YEAR_2026 + 90 * DAY, i64::MAX, YEAR_2026 - 90 * DAY]) {
            assert_eq!(clock.read(wall, after(hour)).0, YEAR_2026 + hour * HOUR, "{wall}");
        }
    }

    #[test]
    fn a_server_that_was_off_for_a_week_knows_it_and_for_longer_it_cannot_tell() {
        for (days, at, ahead) in [
            (0, 0, 0),
            (3, 3, 0),
            (7, 7, 0),
            // The clock was set back a little meanwhile.
            (-1, -1, 0),
            (8, 0, 8),
            (400, 0, 400),
            (-3, 0, -3),
            (-20_000, 0, -20_000),
        ] {
            let mut clock = started(0);
            let news = clock.resume(YEAR_2026, 0, YEAR_2026 + days * DAY, after(1));
            assert_eq!(news.is_some(), ahead != 0, "{days} days");
            assert_eq!(clock.offset.ahead, ahead * DAY, "{days} days");
            let wall = YEAR_2026 + days * DAY + HOUR;
            assert_eq!(clock.read(wall, after(2)).0, YEAR_2026 + at * DAY + HOUR, "{days} days");
        }
    }

    #[test]
    fn a_clock_that_is_still_wrong_after_a_restart_is_told_of_no_more() {
        let mut clock = started(0);
        let wall = YEAR_2026 + 403 * DAY;
        assert_eq!(clock.resume(YEAR_2026, 400 * DAY, wall, after(1)), None, "three days off");
        assert_eq!(clock.read(wall, after(1)), (YEAR_2026 + 3 * DAY, None));
        let mut clock = started(0);
        assert_eq!(clock.resume(YEAR_2026, 400 * DAY, YEAR_2026 + DAY, after(1)), Some(News::SetBack));
    }

    #[test]
    fn a_board_without_a_battery_is_right_as_soon_as_its_clock_is() {
        // It begins in 1970, and learns the time a minute later.
        let mut clock = started(0);
        assert!(clock.resume(YEAR_2026, 0, 0, after(1)).is_some());
        let wall = YEAR_2026 + 8 * HOUR;
        assert_eq!(clock.read(wall, after(1)), (wall, Some(News::SetBack)), "eight hours off");
    }

    #[test]
    fn the_database_s_clock_is_followed_as_exactly_as_its_answers_are_quick() {
        let mut clock = started(YEAR_2026 - DAY);
        let second = Duration::from_secs;
        clock.follow_database(YEAR_2026, second(10), second(14));
        assert_eq!(clock.wall(second(14)), YEAR_2026 + 2_000, "the answer took two seconds, perhaps");
        clock.follow_database(YEAR_2026 + 5_000, second(15), second(19));
        assert_eq!(clock.wall(second(19)), YEAR_2026 + 7_000, "this agrees");
        clock.follow_database(YEAR_2026 + 10_000, second(20), second(20));
        assert_eq!(clock.wall(second(21)), YEAR_2026 + 11_000, "an exact answer");
        clock.follow_database(YEAR_2026 + 15_000, second(20), second(90));
        assert_eq!(clock.wall(second(90)), YEAR_2026 + 80_000, "a node that was frozen for a minute");
        clock.follow_database(YEAR_2026 + HOUR, second(91), second(93));
        assert_eq!(clock.wall(second(93)), YEAR_2026 + HOUR, "the database's clock was set");
    }
}
