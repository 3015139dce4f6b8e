//! Completions of a nickname that is being typed.

use serde::{Deserialize, Serialize};

use super::user::User;

/// Users whose nickname somebody may be typing, the best match first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completions {
    /// Members of the conversation.
    pub members: Vec<User>,
    /// Other users, who could be added.
    pub others: Vec<User>,
}
