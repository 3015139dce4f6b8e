//! The signs that complete what follows them.

use crate::ui::chat::composer::completion::{
    emoji_names::{EMOJI_NAMES, EMOJI_NAMES_AFTER_WIDE_SIGN},
    mentions::MENTIONS,
    source::CompletionSource,
};

/// What can be completed.
pub(super) const SOURCES: [CompletionSource; 3] = [MENTIONS, EMOJI_NAMES, EMOJI_NAMES_AFTER_WIDE_SIGN];
