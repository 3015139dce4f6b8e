//! Access to the panel, which loads lazily.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::{ConversationId, Seq},
    ui::{
        chat::thread::panel::thread_panel,
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
            reactive::effect,
        },
    },
};

type ThreadPanel = fn(ConversationId, Seq) -> Boxed;

lazy!(conversation: PANEL, load_panel, fill_panel, ThreadPanel = thread_panel);

/// The panel. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyThread(Lazy<ThreadPanel>);

impl LazyThread {
    pub(crate) fn new() -> Self {
        let (store, lazy) = (expect_context::<ClientStore>(), Lazy::new(&PANEL, load_panel));
        effect(move || {
            if store.connection_status.get() == ConnectionStatus::Online {
                lazy.load_again();
            }
        });
        Self(lazy)
    }

    /// The panel with a thread of a conversation, by its first message. The server has no messages for it and renders nothing.
    pub(crate) fn view(self, conversation: ConversationId, first: Seq) -> Boxed {
        if cfg!(feature = "ssr") {
            return ().boxed();
        }
        self.0.view(texts(), |panel| panel(conversation, first))
    }
}
