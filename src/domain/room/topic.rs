//! The topics of rooms.

use serde::{Deserialize, Serialize};

/// The longest topic, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_TOPIC_CHARACTERS: usize = 250;

/// What a room is about: one line of text, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomTopic(String);

/// A text is too long for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a topic has at most {MAX_TOPIC_CHARACTERS} characters")]
pub struct TopicError;

impl RoomTopic {
    /// Makes a text one line: control characters and runs of white space become one space.
    ///
    /// # Errors
    /// [`TopicError`] if it has more than [`MAX_TOPIC_CHARACTERS`], or more than four bytes for each of so many.
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        crate::domain::one_line::one_line(text, MAX_TOPIC_CHARACTERS).map(Self).ok_or(TopicError)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the room has no topic.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// No topic.
    pub const fn none() -> Self {
        Self(String::new())
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
    fn a_topic_is_one_line_of_bounded_length() {
        assert_eq!(RoomTopic::parse(" Tea,\n\tcups "), Ok(RoomTopic("Tea, cups".into())));
        assert!(RoomTopic::parse("").is_ok_and(|topic| topic.is_empty()));
        assert!(RoomTopic::parse(&"茶".repeat(MAX_TOPIC_CHARACTERS)).is_ok());
        assert_eq!(RoomTopic::parse(&"茶".repeat(MAX_TOPIC_CHARACTERS + 1)), Err(TopicError));
    }
}
