//! What the checker found.

/// How many examples are kept of each group.
const EXAMPLES: usize = 5;

/// Everything that is wrong with a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Acknowledged or delivered, but not in the log; or a hole in the sequence.
    pub(crate) lost: FindingGroup,
    /// Took effect twice, or was delivered twice.
    pub(crate) duplicated: FindingGroup,
    pub(crate) out_of_order: FindingGroup,
    /// In the log, but not what was asked for; or a client saw something else.
    pub(crate) wrong: FindingGroup,
}

/// Findings of the same kind.
#[derive(Debug, Default)]
pub(crate) struct FindingGroup {
    pub(crate) count: u64,
    pub(crate) examples: Vec<String>,
}

impl FindingGroup {
    pub(crate) fn add(&mut self, example: impl FnOnce() -> String) {
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
