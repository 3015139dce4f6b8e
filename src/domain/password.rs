//! The rules for new passwords.

use std::ops::RangeInclusive;

/// How long a password may be, in characters (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
pub const PASSWORD_CHARACTERS: RangeInclusive<usize> = 8..=256;

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Shorter or longer than [`PASSWORD_CHARACTERS`].
    #[error("a password has {} to {} characters", PASSWORD_CHARACTERS.start(), PASSWORD_CHARACTERS.end())]
    Length,
    /// On the list of passwords that attackers try first.
    #[error("this is one of the passwords that attackers try first")]
    Common,
    /// The nickname or the name of the site, with little added.
    #[error("this is little more than the nickname or the name of this site")]
    Obvious,
    /// A repetition or a sequence.
    #[error("this is little more than a repetition or a simple sequence")]
    Predictable,
}
