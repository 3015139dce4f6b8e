//! What people write, and what becomes of it.

use serde::{Deserialize, Serialize};

use super::{CommandId, Emoji, Millis, Notice, Seq, User};

/// The longest message, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_BODY_CHARACTERS: usize = 4_000;

/// A message's text: trimmed, 1 to [`MAX_BODY_CHARACTERS`] user-perceived characters, lines ended by `\n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(String);

/// Why a text is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing that can be seen.
    #[error("the message is empty")]
    Empty,
    /// More than [`MAX_BODY_CHARACTERS`].
    #[error("the message is longer than {MAX_BODY_CHARACTERS} characters")]
    TooLong,
}

impl Body {
    /// Trims `text` and holds it to the rules.
    ///
    /// # Errors
    /// [`BodyError`] when nothing visible is left, or too much.
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, BodyError> {
        use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
        use unicode_segmentation::UnicodeSegmentation as _;

        let text = text.trim();
        let visible = |c: char| {
            !matches!(c.general_category_group(), GeneralCategoryGroup::Separator | GeneralCategoryGroup::Other)
        };
        if !text.chars().any(visible) {
            return Err(BodyError::Empty);
        }
        // Every user-perceived character takes at least one byte, so most texts need no segmentation.
        if text.len() > MAX_BODY_CHARACTERS && text.graphemes(true).nth(MAX_BODY_CHARACTERS).is_some() {
            return Err(BodyError::TooLong);
        }
        Ok(Self(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }))
    }

    /// What is left of a deleted message: nothing.
    pub const fn deleted() -> Self {
        Self(String::new())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that was held to the rules already, or will be before anybody else sees it.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

/// A message as it stands now: its event with all later changes folded in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its position in the conversation.
    pub seq: Seq,
    /// The id of the command that sent it.
    pub id: CommandId,
    /// When it was committed.
    pub at: Millis,
    /// Who wrote it.
    pub author: User,
    /// What it says; empty once it is deleted, and for a notice.
    pub body: Body,
    /// The position of the last event folded in; an event at or before it changes nothing.
    pub revision: Seq,
    /// When its author last changed what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Millis>,
    /// Whether only its place is left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// What others felt about it, sorted by emoji.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// What was done to a user, where this is told and not something that was said. Nothing changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl Message {
    /// Whether it says something that its author may change or take back.
    pub fn is_said(&self) -> bool {
        !self.deleted && self.notice.is_none()
    }
}

/// An emoji, and who put it to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What they put.
    pub emoji: Emoji,
    /// At least one user, in the order in which they came.
    pub users: Vec<User>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_trimmed_and_keeps_its_lines() {
        let body = Body::parse("  你好\r\n  world \n").expect("a fine message");
        assert_eq!(body.as_str(), "你好\n  world");
    }

    #[test]
    fn nothing_visible_is_an_empty_message() {
        for text in ["", "  \n\t", "\u{200b}\u{2060}", "\u{0}"] {
            assert_eq!(Body::parse(text), Err(BodyError::Empty), "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_as_people_count() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert!(Body::parse(&family.repeat(MAX_BODY_CHARACTERS)).is_ok());
        assert!(Body::parse(&"好".repeat(MAX_BODY_CHARACTERS)).is_ok());
        assert_eq!(Body::parse(&"好".repeat(MAX_BODY_CHARACTERS + 1)), Err(BodyError::TooLong));
        assert_eq!(Body::parse(&"x".repeat(MAX_BODY_CHARACTERS + 1)), Err(BodyError::TooLong));
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(text in any::<String>()) {
            if let Ok(body) = Body::parse(&text) {
                prop_assert_eq!(Body::parse(body.as_str()), Ok(body));
            }
        }
    }
}
