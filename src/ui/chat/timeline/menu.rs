//! What can be done with a message: a small bar on its row, or a sheet on a touch screen.
//!
//! There is one menu for all rows. It is open where the pointer is, where a finger has touched, or at the message that
//! the arrow keys have reached. What it shows and does is in [`actions`], which comes later.

use leptos::{ev, prelude::*, tachys::html::attribute::any_attribute::AnyAttribute};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event};

use crate::{
    domain::CommandId,
    protocol::ErrorCode,
    ui::{
        chat::{
            composer::Draft,
            timeline::{actions, model::RowSignals},
        },
        i18n::texts,
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
            reactive::on,
        },
    },
};

/// The menu of one timeline. A handle: copies are the same menu.
#[derive(Clone, Copy)]
pub(crate) struct Menu {
    /// What is being written below.
    pub(crate) draft: Draft,
    /// Where it is.
    pub(crate) place: RwSignal<MenuState>,
    /// Whether the conversation is one in which somebody keeps order.
    pub(crate) is_room: bool,
    actions: Lazy<Actions>,
}

/// What it shows at a message, and what it makes of something that happens in the timeline.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    pub(crate) view: fn(Menu, RowSignals) -> Boxed,
    pub(crate) hear: fn(Menu, &Event),
}

lazy!(ACTIONS, load_actions, fill_actions, Actions = actions::ACTIONS);

/// Where the menu is, and what it shows.
#[derive(Clone, Copy, Default)]
pub(crate) struct MenuState {
    /// The message.
    at: Option<CommandId>,
    pub(crate) step: MenuView,
    /// Whether there is more space above the message than below.
    pub(crate) is_low: bool,
    /// Whether a finger has opened it, or nobody knows what.
    pub(crate) is_touched: bool,
}

impl MenuState {
    /// Whether it is at this message, open or closed.
    pub(crate) fn is_at(self, id: CommandId) -> bool {
        self.at == Some(id)
    }

    /// Whether it is open.
    pub(crate) fn is_open(self) -> bool {
        self.step != MenuView::Closed
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum MenuView {
    #[default]
    Choose,
    MoreEmoji,
    ConfirmDeletion,
    Report,
    /// What came of a report; the error is missing where the server was not reached.
    Reported(Result<(), Option<ErrorCode>>),
    /// Nothing, until Enter opens it again.
    Closed,
}

impl Menu {
    pub(crate) fn new(draft: Draft, is_room: bool) -> Self {
        Self { draft, place: RwSignal::default(), is_room, actions: Lazy::new(&ACTIONS, load_actions) }
    }

    /// What it shows at a message.
    pub(crate) fn view(self, followed: RowSignals) -> Boxed {
        self.actions.view(texts(), |actions| (actions.view)(self, followed))
    }

    /// Hears of everything that happens in the timeline.
    pub(crate) fn listeners(self) -> Vec<AnyAttribute> {
        let listener =
            |name| ev::on(ev::Custom::<Event>::new(name), on(move |event: Event| self.heard(event))).into_any_attr();
        ["click", "pointerover", "pointerleave", "focusin", "focusout", "keydown"].map(listener).into()
    }

    fn heard(self, event: Event) {
        if let Some(actions) = self.actions.get() {
            return (actions.hear)(self, &event);
        }
        match (event.type_().as_str(), row_of(&event).and_then(|(_, id)| id)) {
            ("click", id) => self.actions.later(move |actions| match actions {
                Some(actions) => (actions.hear)(self, &event),
                None => self.open(id, true),
            }),
            ("pointerover" | "focusin", id) => self.open(id, false),
            ("pointerleave", _) => self.leave(),
            _ => {}
        }
    }

    /// Opens it at a message.
    pub(crate) fn open(self, id: Option<CommandId>, is_touched: bool) {
        self.actions.load();
        if id.is_some() && self.place.get_untracked().at != id {
            self.place.set(MenuState { at: id, is_touched, ..MenuState::default() });
        }
    }

    pub(crate) fn leave(self) {
        self.place.set(MenuState::default());
    }
}

/// The row in which something happened, and whose message it is.
pub(crate) fn row_of(event: &Event) -> Option<(Element, Option<CommandId>)> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest("[data-id]").ok()??;
    let id = row.get_attribute("data-id").and_then(|id| id.parse().ok());
    Some((row, id))
}
