//! Nicknames: how they are shown, the key that must be unique, and the rules for new ones.

#[cfg(feature = "ssr")]
mod key;
mod name;
#[cfg(feature = "ssr")]
mod rules;

#[cfg(feature = "ssr")]
pub use key::NicknameKey;
pub use name::{MAX_NICKNAME_CHARACTERS, Nickname, NicknameError};
