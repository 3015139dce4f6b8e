//! The message menu, whose content and actions load lazily.

use leptos::{ev, prelude::*, tachys::html::attribute::any_attribute::AnyAttribute};
use web_sys::Event;

use crate::{
    domain::{CommandId, Room},
    ui::{
        changes::LazyChanges,
        chat::{
            composer::Draft,
            timeline::{
                menu::{Menu, MenuFunctions, Ways, row_of},
                menu_actions,
                row_signals::RowSignals,
            },
        },
        emoji::LazyEmoji,
        i18n::texts,
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
            reactive::on,
        },
    },
};

/// The menu of one timeline, and the loading of its functions. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct LazyMenu {
    pub(super) menu: Menu,
    functions: Lazy<MenuFunctions>,
}

lazy!(chat: FUNCTIONS, load_functions, fill_functions, MenuFunctions = menu_actions::FUNCTIONS, styles "message_actions.css");

impl LazyMenu {
    pub(super) fn new(draft: Draft, room: Memo<Option<Room>>, ways: Ways) -> Self {
        let (emoji, ways) = (StoredValue::new(LazyEmoji::new()), StoredValue::new(ways));
        let changes = StoredValue::new(LazyChanges::new());
        let menu = Menu { draft, state: RwSignal::default(), room, emoji, changes, ways };
        Self { menu, functions: Lazy::new(&FUNCTIONS, load_functions) }
    }

    /// The menu at a message.
    pub(super) fn view(self, row: RowSignals) -> Boxed {
        self.functions.view(texts(), |functions| (functions.view)(self.menu, row))
    }

    /// The listeners for the element that contains the rows.
    pub(super) fn listeners(self) -> Vec<AnyAttribute> {
        let listener =
            |name| ev::on(ev::Custom::<Event>::new(name), on(move |event: Event| self.on_event(event))).into_any_attr();
        ["click", "pointerover", "pointermove", "pointerleave", "focusin", "focusout", "keydown"].map(listener).into()
    }

    /// Until the functions are loaded, the menu can be opened, but its buttons are missing.
    fn on_event(self, event: Event) {
        if let Some(functions) = self.functions.get() {
            return (functions.on_event)(self.menu, &event);
        }
        match (event.type_().as_str(), row_of(&event).and_then(|(_, id)| id)) {
            ("click", id) => self.functions.when_loaded(move |functions| match functions {
                Some(functions) => (functions.on_event)(self.menu, &event),
                None => self.open(id, true),
            }),
            ("pointerover" | "focusin", id) => self.open(id, false),
            ("pointerleave", _) => self.menu.leave(),
            _ => {}
        }
    }

    /// Opens the menu, and tries again to load the functions if they failed to load before.
    fn open(self, id: Option<CommandId>, is_touch: bool) {
        self.functions.load();
        self.menu.open(id, is_touch);
    }
}
