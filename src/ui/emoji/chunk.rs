//! Access to the chunk `emoji`.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, ConnectionStatus},
    ui::{
        emoji::picker::{PickerUse, picker},
        i18n::texts,
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
            reactive::effect,
        },
    },
};

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub(crate) struct EmojiFunctions {
    /// The picker.
    pub(crate) picker: fn(PickerUse) -> Boxed,
}

const FUNCTIONS: EmojiFunctions = EmojiFunctions { picker };

lazy!(emoji: EMOJI_FUNCTIONS, load_emoji_functions, fill_emoji_functions, EmojiFunctions = FUNCTIONS);

/// The chunk. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyEmoji(Lazy<EmojiFunctions>);

impl LazyEmoji {
    pub(crate) fn new() -> Self {
        let (store, lazy) = (expect_context::<ClientStore>(), Lazy::new(&EMOJI_FUNCTIONS, load_emoji_functions));
        effect(move || {
            if store.connection_status.get() == ConnectionStatus::Online {
                lazy.load_again();
            }
        });
        Self(lazy)
    }

    /// Fetches the chunk, because it is needed now.
    pub(crate) fn load(self) {
        self.0.load();
    }

    /// The picker, once the chunk is loaded.
    pub(crate) fn picker(self, use_of_it: PickerUse) -> Boxed {
        self.0.view(texts(), |functions| (functions.picker)(use_of_it))
    }
}
