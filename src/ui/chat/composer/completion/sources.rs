//! The signs that complete what follows them.

use crate::ui::chat::composer::completion::{mentions::MENTIONS, source::CompletionSource};

/// What can be completed.
pub(super) const SOURCES: [CompletionSource; 1] = [MENTIONS];
