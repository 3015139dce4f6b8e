//! The state of the message menu.
//!
//! A timeline has one menu for all its rows. It is at the message under the pointer, at the one that was touched, or at the
//! one that the arrow keys have reached. On a wide screen it is a small bar on the row, on a touch screen a sheet.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event};

use crate::{
    domain::{CommandId, Room, Seq},
    protocol::ErrorCode,
    ui::{
        changes::LazyChanges,
        chat::{composer::Draft, timeline::row_signals::RowSignals},
        context::router::Navigator,
        emoji::LazyEmoji,
        kit::{boxed::Boxed, dom::closest},
    },
};

/// The menu of one timeline. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct Menu {
    /// The draft in the composer, which also submits the menu's commands.
    pub(super) draft: Draft,
    pub(super) state: RwSignal<MenuState>,
    /// The room, in which moderators may delete messages of others; `None` in a direct.
    pub(super) room: Memo<Option<Room>>,
    /// The emoji picker.
    pub(super) emoji: StoredValue<LazyEmoji>,
    /// The versions of a message.
    pub(super) changes: StoredValue<LazyChanges>,
    /// The ways to other messages.
    pub(super) ways: StoredValue<Ways>,
}

/// The ways to a message that another one replies to, back, and to a thread. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    /// The message to scroll to.
    pub(super) target: RwSignal<Option<Seq>>,
    /// The reply that the user came from.
    pub(super) back: RwSignal<Option<Seq>>,
    pub(super) navigator: Navigator,
}

impl Ways {
    /// Goes from a reply to the message that it answers.
    pub(super) fn to_original(self, original: Seq, reply: Seq) {
        // A message on its way has no place to come back to.
        self.back.set(Some(reply).filter(|reply| *reply > Seq::ZERO));
        self.target.set(Some(original));
    }
}

/// The functions of the menu that load lazily.
#[derive(Clone, Copy)]
pub(super) struct MenuFunctions {
    /// Renders the menu at a message.
    pub(super) view: fn(Menu, RowSignals) -> Boxed,
    /// Handles an event in the timeline.
    pub(super) on_event: fn(Menu, &Event),
}

/// Where the menu is, and what it shows.
#[derive(Clone, Copy, Default)]
pub(super) struct MenuState {
    /// The message that the menu is at.
    message: Option<CommandId>,
    pub(super) view: MenuView,
    /// Whether large content opens upwards, because there is more space above the message than below.
    pub(super) opens_upwards: bool,
    /// Whether the keyboard has led to what the menu shows. Then the focus goes back to the message afterwards.
    pub(super) is_by_keyboard: bool,
    /// Whether to show the sheet for touch screens.
    pub(super) is_touch: bool,
}

impl MenuState {
    /// Whether the menu is at this message, open or closed.
    pub(super) fn is_at(self, id: CommandId) -> bool {
        self.message == Some(id)
    }

    /// Whether the menu is at any message.
    pub(super) fn is_at_message(self) -> bool {
        self.message.is_some()
    }

    /// Whether the menu shows its buttons, a form or an answer.
    pub(super) fn has_buttons(self) -> bool {
        self.is_open() && !matches!(self.view, MenuView::MoreEmoji | MenuView::Versions)
    }

    /// Whether the menu shows anything.
    pub(super) fn is_open(self) -> bool {
        self.view != MenuView::Closed
    }
}

/// What the menu shows.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum MenuView {
    /// The actions, and the most frequent emoji.
    #[default]
    Actions,
    /// The emoji picker.
    MoreEmoji,
    /// The texts that the message has had.
    Versions,
    /// The question whether to delete the message.
    ConfirmDeletion,
    /// The form to report the message.
    Report,
    /// The outcome of a report. An error without a code means that the server was not reached.
    Reported(Result<(), Option<ErrorCode>>),
    /// Whether the link to the message was copied.
    LinkCopied(bool),
    /// Nothing, until Enter opens the menu again.
    Closed,
}

impl Menu {
    /// Opens the menu at a message, unless it is there already.
    pub(super) fn open(self, id: Option<CommandId>, is_touch: bool) {
        if id.is_some() && self.state.get_untracked().message != id {
            self.state.set(MenuState { message: id, is_touch, ..MenuState::default() });
        }
    }

    /// Takes the menu away from its message.
    pub(super) fn leave(self) {
        self.state.set(MenuState::default());
    }
}

/// The class of the element around the menu.
pub(super) fn menu_class(is_touch: bool, opens_upwards: bool) -> &'static str {
    match (is_touch, opens_upwards) {
        (true, _) => "message-actions sheet",
        (_, true) => "message-actions low",
        _ => "message-actions",
    }
}

/// The row in which an event happened, and the id of its message.
pub(super) fn row_of(event: &Event) -> Option<(Element, Option<CommandId>)> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = closest(&target, "[data-id]")?;
    let id = row.get_attribute("data-id").and_then(|id| id.parse().ok());
    Some((row, id))
}
