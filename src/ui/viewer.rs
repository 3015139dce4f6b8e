//! What the server knows of a visitor when it renders the page.

use serde::{Deserialize, Serialize};

use super::{Language, Theme};
use crate::{
    domain::{Me, User},
    protocol::ErrorCode,
};

/// What the server knows of a visitor when it renders the page; the browser starts from the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Where: the path of the page.
    pub path: String,
    /// Who it is, if the cookie tells.
    pub me: Option<Me>,
    /// The language of the cookie, or the browser's.
    pub language: Language,
    /// The theme of the cookie.
    pub theme: Theme,
    /// A few of those who are here, for the door.
    pub faces: Vec<User>,
    /// How many are here.
    pub online_count: u64,
    /// What became of a join form that was sent without WebAssembly.
    pub attempt: JoinAttempt,
}

/// What became of a join form that was sent without WebAssembly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinAttempt {
    /// What was typed.
    pub nickname: Option<String>,
    /// Why it was refused.
    pub error: Option<ErrorCode>,
    /// A name that is free.
    pub suggestion: Option<String>,
}
