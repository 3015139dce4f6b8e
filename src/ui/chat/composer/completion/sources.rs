//! The signs that complete what follows them.

use crate::ui::chat::composer::completion::{mentions::MENTIONS, source::Source};

/// What can be completed.
pub(super) const SOURCES: [Source; 1] = [MENTIONS];
