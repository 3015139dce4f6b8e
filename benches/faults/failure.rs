//! Why something could not be done.

/// Any error, with its message.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
