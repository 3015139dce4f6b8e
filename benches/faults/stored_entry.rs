//! Entries of the commit log that are no events, as they are stored.

use serde::Deserialize;
use teahouse::domain::{ConversationId, Seq, UserId};

use super::history::{LoggedSetting, UserSetting};

/// The entries that matter here.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredEntry {
    ConversationSet {
        user: UserId,
        conversation: ConversationId,
        setting: UserSetting,
    },
    ThreadMuted {
        user: UserId,
        conversation: ConversationId,
        thread: Seq,
        on: bool,
    },
    #[serde(other)]
    Other,
}

/// Reads an entry. Returns `None` if no user has set anything with it.
pub(crate) fn logged_setting(json: &str) -> serde_json::Result<Option<LoggedSetting>> {
    Ok(match serde_json::from_str(json)? {
        StoredEntry::ConversationSet { user, conversation, setting } => {
            Some(LoggedSetting { user, conversation, setting })
        }
        StoredEntry::ThreadMuted { user, conversation, thread, on } => {
            Some(LoggedSetting { user, conversation, setting: UserSetting::ThreadMuted { thread, on } })
        }
        StoredEntry::Other => None,
    })
}
