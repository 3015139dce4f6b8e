//! How the reader wants messages to be shown and sent.

use serde::Serialize;
use serde_json::Value;

use crate::protocol::{FromJson, field};

/// How the reader wants messages to be shown and sent. The browser keeps it in cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MessagePreferences {
    /// Whether messages show formatted. Otherwise they show as typed.
    pub shows_formatting: bool,
    /// Whether Enter sends a message. Otherwise Ctrl+Enter or ⌘+Enter does.
    pub enter_sends: bool,
}

/// The cookie that is [`OFF`] if messages show as typed.
pub(crate) const FORMATTING_COOKIE: &str = "teahouse_formatting";
/// The cookie that is [`OFF`] if Enter does not send.
pub(crate) const ENTER_COOKIE: &str = "teahouse_enter";
/// The value of a cookie for what is on without it.
pub(crate) const OFF: &str = "off";
/// The value of a cookie that says the same as no cookie.
pub(crate) const ON: &str = "on";

impl Default for MessagePreferences {
    fn default() -> Self {
        Self { shows_formatting: true, enter_sends: true }
    }
}

impl FromJson for MessagePreferences {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { shows_formatting: field(value, "shows_formatting")?, enter_sends: field(value, "enter_sends")? })
    }
}
