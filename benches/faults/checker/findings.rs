//! What the checker finds.

/// How many examples of each kind are kept.
const EXAMPLES: usize = 5;

/// What is wrong with a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Acked, or told to somebody, and not there; or a hole where something must be.
    pub(crate) lost: FindingGroup,
    /// Done twice, or told twice.
    pub(crate) duplicated: FindingGroup,
    pub(crate) out_of_order: FindingGroup,
    /// There, but not what was asked for, or shown to somebody otherwise than it is.
    pub(crate) wrong: FindingGroup,
}

/// Findings of one kind.
#[derive(Debug, Default)]
pub(crate) struct FindingGroup {
    pub(crate) count: u64,
    pub(crate) examples: Vec<String>,
}

impl FindingGroup {
    pub(super) fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }
}

impl Findings {
    pub(crate) fn groups(&self) -> [(&'static str, &FindingGroup); 4] {
        [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("out of order", &self.out_of_order),
            ("wrong", &self.wrong),
        ]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups().iter().all(|(_, group)| group.count == 0)
    }
}
