//! What can be completed after a sign.

use std::{future::Future, pin::Pin};

use crate::ui::chat::composer::completion::choices::{Choice, Completion};

/// Choices that are being looked up.
pub(super) type PendingChoices = Pin<Box<dyn Future<Output = Vec<Choice>>>>;

/// What can be completed after a sign.
pub(super) struct CompletionSource {
    /// The sign.
    pub(super) sign: char,
    /// Whether to look for choices: the character before the sign, and what was typed after the sign.
    pub(super) may_complete: fn(Option<char>, &str) -> bool,
    /// How long to wait for another letter before looking, in milliseconds.
    pub(super) delay: u32,
    /// Looks for choices, the best first, when the answer is awaited.
    pub(super) find: fn(Completion, String) -> PendingChoices,
}
