//! Why the store did not carry out a command or a query.

use crate::server::rules::Refusal;

/// Why the store did not carry out a command or a query. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk is full, an I/O error happened, or the store is closing. The log has the cause.
    #[error("the store is not available")]
    Unavailable,
    /// The data folder has reached its disk quota.
    #[error("the disk quota is used up")]
    QuotaUsedUp,
}
