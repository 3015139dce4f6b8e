//! Access to the screen, which loads lazily.

use crate::ui::{
    chat::mentions::screen::mentions,
    i18n::texts,
    kit::{
        boxed::Boxed,
        lazy::{Lazy, lazy},
    },
};

lazy!(chat: MENTIONS, load_mentions, fill_mentions, fn() -> Boxed = mentions, styles "told_message.css");

/// The screen. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyMentions(Lazy<fn() -> Boxed>);

impl LazyMentions {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&MENTIONS, load_mentions))
    }

    /// The screen, in place of a conversation. The server has it at once.
    pub(crate) fn view(self) -> Boxed {
        if cfg!(feature = "ssr") {
            return mentions();
        }
        self.0.load();
        self.0.view(texts(), |mentions| mentions())
    }
}
