//! The names of rooms.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::domain::nickname::{Nickname, NicknameError, NicknameKey};

/// The name of a room, by the rules for nicknames: 1 to 32 user-perceived characters, nothing invisible or misleading.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    /// Parses a name. Words that are reserved for nicknames are allowed.
    ///
    /// # Errors
    /// As for [`Nickname::parse_existing`].
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, NicknameError> {
        Nickname::parse_existing(text).map(|name| Self(name.as_str().to_owned()))
    }

    /// The key, which must be unique among public rooms that are not archived: two names that look alike have the same key.
    #[cfg(feature = "ssr")]
    pub fn key(&self) -> NicknameKey {
        Nickname::from_trusted(self.0.clone()).key()
    }

    /// The name as shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Wraps a text that has been parsed before.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_rules_of_nicknames() {
        assert_eq!(RoomName::parse("  茶  Tea ").map(|name| name.0), Ok("茶 Tea".into()));
        assert_eq!(RoomName::parse(" "), Err(NicknameError::Empty));
        assert_eq!(RoomName::parse("a\u{202e}b"), Err(NicknameError::Invisible));
        assert!(RoomName::parse("Moderators").is_ok(), "reserved for nicknames only");
    }

    #[test]
    fn names_that_look_alike_have_the_same_key() {
        let key = |text| RoomName::parse(text).expect(text).key();
        assert_eq!(key("Lobby"), key("LOBBY"));
        assert_eq!(key("News"), key("Ｎｅｗｓ"));
        assert_ne!(key("News"), key("Nest"));
    }
}
