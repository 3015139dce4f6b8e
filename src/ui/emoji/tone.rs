//! Skin tones.

/// A skin tone: none, or one of the five of Unicode (UTS #51, Fitzpatrick's scale).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SkinTone {
    /// The yellow of emoji without a tone.
    #[default]
    None,
    Light,
    MediumLight,
    Medium,
    MediumDark,
    Dark,
}

impl SkinTone {
    /// All of them, from light to dark.
    pub(super) const ALL: [Self; 6] =
        [Self::None, Self::Light, Self::MediumLight, Self::Medium, Self::MediumDark, Self::Dark];

    /// The character that gives an emoji this tone.
    pub(super) fn modifier(self) -> Option<char> {
        match self {
            Self::None => None,
            Self::Light => Some('\u{1f3fb}'),
            Self::MediumLight => Some('\u{1f3fc}'),
            Self::Medium => Some('\u{1f3fd}'),
            Self::MediumDark => Some('\u{1f3fe}'),
            Self::Dark => Some('\u{1f3ff}'),
        }
    }

    /// A digit that stands for it in storage.
    pub(super) fn digit(self) -> char {
        char::from(b'0' + self as u8)
    }

    /// The tone that a digit stands for.
    pub(super) fn from_digit(digit: char) -> Option<Self> {
        Self::ALL.into_iter().find(|tone| tone.digit() == digit)
    }
}
