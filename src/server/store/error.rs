//! Why the store did not carry out a command or a query.

use crate::server::rules::Refusal;

/// Why the store did not carry out a command or a query. Nothing was changed, as far as the store knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk is full, an I/O error happened, the database cannot be reached, or the store is closing. The log has the cause.
    /// If the connection to the database broke during a commit and did not come back for some time, the command may have
    /// taken effect.
    #[error("the store is not available")]
    Unavailable,
    /// The data folder has reached its disk quota.
    #[error("the disk quota is used up")]
    QuotaUsedUp,
}
