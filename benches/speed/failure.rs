//! The error type of this program.

/// Any error that can be shown.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
