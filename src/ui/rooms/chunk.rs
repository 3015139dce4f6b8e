//! Access to the chunk `chat`.

use leptos::prelude::*;

use crate::{
    domain::{CommandId, ConversationId},
    ui::{
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
        },
        rooms::{
            create::new_room, directory::directory, notices::notices, outsider::outsider, panel::panel, room::Panel,
        },
    },
};

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub(crate) struct RoomFunctions {
    /// The dialog that creates a room, and opens it. Closing the dialog sets the signal to `false`.
    pub(crate) new_room: fn(RwSignal<bool>) -> Boxed,
    /// The directory.
    pub(crate) directory: fn() -> Boxed,
    /// What somebody sees of a room who is not in it, or who may not know of it.
    pub(crate) outsider: fn(ConversationId) -> Boxed,
    /// The panel beside a room. Closing it sets the signal to `None`.
    pub(crate) panel: fn(ConversationId, Panel, RwSignal<Option<Panel>>) -> Boxed,
    /// The content of a row of notices: those with these ids, of the timeline of this conversation.
    pub(crate) notices: fn(ConversationId, &[CommandId]) -> Boxed,
}

const FUNCTIONS: RoomFunctions = RoomFunctions { new_room, directory, outsider, panel, notices };

lazy!(chat: ROOM_FUNCTIONS, load_room_functions, fill_room_functions, RoomFunctions = FUNCTIONS, styles "dialog.css", "room_panel.css");

/// The chunk. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyRooms(Lazy<RoomFunctions>);

impl LazyRooms {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&ROOM_FUNCTIONS, load_room_functions))
    }

    /// Fetches the chunk without waiting for the page to be idle, because it is needed now. Not for closures of views.
    pub(crate) fn load(self) {
        if !cfg!(feature = "ssr") {
            self.0.load();
        }
    }

    /// A view that a function of the chunk makes, once the chunk is loaded. The server has it at once.
    #[cfg_attr(feature = "ssr", expect(clippy::unused_self, reason = "the server loads nothing"))]
    pub(crate) fn view(self, view: impl FnOnce(RoomFunctions) -> Boxed) -> Boxed {
        #[cfg(feature = "ssr")]
        return view(FUNCTIONS);
        #[cfg(not(feature = "ssr"))]
        self.0.view(crate::ui::i18n::texts(), view)
    }
}
