//! The address of a database.

use std::fmt;

/// The address of a PostgreSQL database, like `postgres://user:password@host/database`. It is checked when the store is
/// opened: an error that clap finds would repeat the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address, with the password that it may contain.
    pub(crate) fn with_password(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(text: String) -> Self {
        Self(text.trim().to_owned())
    }
}

/// Hides all of the address, because a password may stand anywhere in it.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseUrl(..)")
    }
}
