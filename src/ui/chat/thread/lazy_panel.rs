//! Access to the panel, which loads lazily.

use crate::{
    domain::{ConversationId, Seq},
    ui::{
        chat::thread::panel::thread_panel,
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
        },
    },
};

type ThreadPanel = fn(ConversationId, Seq) -> Boxed;

lazy!(chat: PANEL, load_panel, fill_panel, ThreadPanel = thread_panel, styles "room_panel.css", "thread_panel.css");

/// The panel. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyThread(Lazy<ThreadPanel>);

impl LazyThread {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&PANEL, load_panel))
    }

    /// The panel with a thread of a conversation, by its first message. The server has no messages for it and renders nothing.
    pub(crate) fn view(self, conversation: ConversationId, first: Seq) -> Boxed {
        if cfg!(feature = "ssr") {
            return ().boxed();
        }
        self.0.view(texts(), |panel| panel(conversation, first))
    }
}
