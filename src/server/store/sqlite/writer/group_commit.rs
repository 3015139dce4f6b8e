//! Whom a commit waits for.
//!
//! Those who write at the same moment do not arrive at the same moment. A commit that begins with the first of them leaves
//! the others to a second one, and everybody who hears them is written to twice. So after a commit during which others
//! came, the next one waits until as many are there as these were together, for at most twice as long as a commit takes.
//! Whoever writes alone, or with one or two others, is not waited with.

use std::time::Duration;

/// Fewer are not worth a wait: a commit more for two or three costs less than they would wait.
const FEW: usize = 4;

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_millis(2);

/// Who is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupCommit {
    /// So many commands in all.
    pub(crate) count: usize,
    /// They are waited for no longer than this.
    pub(crate) patience: Duration,
    /// How many there were when the last wait was in vain.
    pub(crate) missed: usize,
}

impl GroupCommit {
    /// After a commit of `committed` commands that took so long, when `here` of them have come: these, and those that came
    /// too late for it.
    pub(crate) fn after(self, committed: usize, here: usize, took: Duration) -> Self {
        if committed == 0 {
            // Nobody wrote: read marks were saved, or the journal was emptied.
            return self;
        }
        let patience = (2 * took).min(LONGEST_WAIT);
        if committed < self.count {
            // The others are here by now, or do not come: the next commit waits for nobody.
            Self { count: 0, patience, missed: here }
        } else {
            let company = here.max(self.missed);
            Self { count: if company < FEW { 0 } else { company }, patience, missed: 0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_micros(200);

    #[test]
    fn who_writes_alone_or_with_one_or_two_others_is_not_waited_with() {
        for here in 1..FEW {
            assert_eq!(GroupCommit::default().after(1, here, COMMIT).count, 0);
        }
    }

    #[test]
    fn those_who_came_too_late_are_expected_next_time() {
        let company = GroupCommit::default().after(13, 32, COMMIT);
        assert_eq!((company.count, company.patience), (32, 2 * COMMIT));
        // They did come.
        assert_eq!(company.after(32, 32, COMMIT).count, 32);
    }

    #[test]
    fn after_a_wait_in_vain_the_rest_is_not_waited_for_but_all_are_the_time_after() {
        let late = GroupCommit::default().after(13, 32, COMMIT).after(20, 32, COMMIT);
        assert_eq!(late.count, 0);
        assert_eq!(late.after(12, 12, COMMIT).count, 32);
    }

    #[test]
    fn who_has_gone_is_waited_for_once() {
        let company = GroupCommit::default().after(13, 32, COMMIT).after(1, 1, COMMIT);
        assert_eq!(company.count, 0);
        assert_eq!(company.after(1, 1, COMMIT), GroupCommit { patience: company.patience, ..GroupCommit::default() });
    }

    #[test]
    fn a_commit_of_read_marks_says_nothing_about_who_writes() {
        let company = GroupCommit::default().after(13, 32, COMMIT);
        assert_eq!(company.after(0, 0, COMMIT), company);
    }

    #[test]
    fn a_slow_disk_makes_nobody_wait_long() {
        assert_eq!(GroupCommit::default().after(2, 4, Duration::from_secs(1)).patience, LONGEST_WAIT);
    }
}
