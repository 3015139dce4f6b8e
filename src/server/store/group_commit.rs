//! Group commit: estimates how many commands will arrive together, so that they share a commit.
//!
//! Commands that are sent at the same moment do not arrive at the same moment. A commit that starts with the first of them
//! leaves the rest to a second commit, and the delivery writes to every connection twice. So when commands arrived during
//! a commit, the next commit waits until as many commands are there as both had together, but at most twice as long as a
//! commit takes. It does not wait for groups of fewer than [`MIN_GROUP`].

use std::time::Duration;

/// Smaller groups are not worth waiting for: an additional commit costs less than the wait.
const MIN_GROUP: usize = 4;

/// The longest wait.
const MAX_WAIT: Duration = Duration::from_millis(2);

/// What the next commit waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupCommit {
    /// How many commands the commit should have in all; 0: do not wait.
    pub(crate) expected: usize,
    /// How long to wait for them at most.
    pub(crate) max_wait: Duration,
    /// How many commands were there after the last wait that was in vain; 0 after any other commit.
    pub(crate) missed: usize,
}

impl GroupCommit {
    /// The estimate after a commit of `committed` commands that took `elapsed`. `arrived` counts those and the commands that
    /// came too late for it.
    pub(crate) fn after_commit(self, committed: usize, arrived: usize, elapsed: Duration) -> Self {
        if committed == 0 {
            // The commit only saved read marks.
            return self;
        }
        let max_wait = (2 * elapsed).min(MAX_WAIT);
        if committed < self.expected {
            // The missing commands have arrived since, or will not come: the next commit does not wait.
            Self { expected: 0, max_wait, missed: arrived }
        } else {
            let group = arrived.max(self.missed);
            Self { expected: if group < MIN_GROUP { 0 } else { group }, max_wait, missed: 0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_micros(200);

    #[test]
    fn small_groups_are_not_waited_for() {
        for arrived in 1..MIN_GROUP {
            assert_eq!(GroupCommit::default().after_commit(1, arrived, COMMIT).expected, 0);
        }
    }

    #[test]
    fn commands_that_came_too_late_are_expected_next_time() {
        let group = GroupCommit::default().after_commit(13, 32, COMMIT);
        assert_eq!((group.expected, group.max_wait), (32, 2 * COMMIT));
        // All of them came.
        assert_eq!(group.after_commit(32, 32, COMMIT).expected, 32);
    }

    #[test]
    fn after_a_wait_in_vain_the_next_commit_does_not_wait_but_the_one_after_does() {
        let late = GroupCommit::default().after_commit(13, 32, COMMIT).after_commit(20, 32, COMMIT);
        assert_eq!(late.expected, 0);
        assert_eq!(late.after_commit(12, 12, COMMIT).expected, 32);
    }

    #[test]
    fn a_group_that_does_not_come_again_is_waited_for_once() {
        let group = GroupCommit::default().after_commit(13, 32, COMMIT).after_commit(1, 1, COMMIT);
        assert_eq!(group.expected, 0);
        assert_eq!(
            group.after_commit(1, 1, COMMIT),
            GroupCommit { max_wait: group.max_wait, ..GroupCommit::default() }
        );
    }

    #[test]
    fn a_commit_of_read_marks_does_not_change_the_estimate() {
        let group = GroupCommit::default().after_commit(13, 32, COMMIT);
        assert_eq!(group.after_commit(0, 0, COMMIT), group);
    }

    #[test]
    fn a_slow_disk_does_not_make_the_wait_long() {
        assert_eq!(GroupCommit::default().after_commit(2, 4, Duration::from_secs(1)).max_wait, MAX_WAIT);
    }
}
