//! How a decision ends that is none.

use crate::server::rules::{facts::FactsError, refusal::Refusal};

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undecided {
    Refused(Refusal),
    /// A fact could not be read.
    NoFacts(FactsError),
}

impl From<Refusal> for Undecided {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FactsError> for Undecided {
    fn from(error: FactsError) -> Self {
        Self::NoFacts(error)
    }
}
