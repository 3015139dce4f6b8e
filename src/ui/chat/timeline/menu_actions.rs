//! What the message menu does: its event handler, and the actions of its buttons.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, FocusEvent, HtmlElement, KeyboardEvent, PointerEvent};

use crate::{
    client::{OwnSetting, RequestError, report},
    domain::{CommandId, Message},
    state::OutboxCommand,
    ui::{
        chat::{
            message_view::message_view,
            timeline::{
                button_actions::ButtonAction,
                menu::{Menu, MenuFunctions, MenuView, row_of},
                menu_content::{REPORT_REASON, menu_view},
                menu_reaction::has_keyboard_focus,
                mouse,
            },
        },
        context::router::{message_path, thread_path},
        kit::{
            clipboard::copy_text,
            dom::{closest, focus, input_value, matches},
        },
    },
};

/// The functions that load lazily.
pub(super) const FUNCTIONS: MenuFunctions = MenuFunctions { view: menu_view, on_event: Menu::on_event };

impl Menu {
    fn on_event(self, event: &Event) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
            return self.on_key_down(key, &target);
        }
        let by_mouse = event.dyn_ref::<PointerEvent>().filter(|event| event.pointer_type() == "mouse");
        let (row, id) = row_of(event).unzip();
        match (event.type_().as_str(), row, id.flatten()) {
            ("click", Some(row), Some(id)) => self.on_click(&target, row, id, by_mouse.is_none()),
            ("pointerover" | "pointermove", _, id) => {
                let is_at_message = self.state.get_untracked().is_at_message();
                let follows = by_mouse.is_some_and(|event| mouse::follow(event, is_at_message));
                self.open(id.filter(|_| follows && !has_keyboard_focus()), false);
            }
            ("pointerleave", ..) if by_mouse.is_some() => {
                mouse::left();
                if !has_keyboard_focus() {
                    self.leave();
                }
            }
            ("focusin", _, Some(id)) if matches(&target, ":focus-visible") => self.open(Some(id), false),
            ("focusout", ..) => {
                let next = event.dyn_ref::<FocusEvent>().and_then(|event| event.related_target());
                let next = next.and_then(|next| next.dyn_into::<Element>().ok());
                if next.is_some_and(|next| closest(&next, ".scroller").is_none()) {
                    self.leave();
                }
            }
            _ => {}
        }
    }

    /// Handles a click or a touch in the row of a message.
    fn on_click(self, target: &Element, row: Element, id: CommandId, is_touch: bool) {
        let Some(button) = closest(target, "button") else {
            // The element around the sheet covers the message, so a touch beside the sheet closes it.
            if matches(target, ".message-actions") {
                self.leave();
            } else if closest(target, "a").is_none() {
                self.open(Some(id), is_touch);
            }
            return;
        };
        let has_focus = has_keyboard_focus();
        let message = untrack(|| message_view(self.draft.store(), self.draft.id.conversation, self.draft.timeline, id))
            .map(|view| view.message);
        let argument = button.get_attribute("data-argument").unwrap_or_default();
        let Some(action) = ButtonAction::of_button(&button) else { return };
        match (action, message) {
            (ButtonAction::React, Some(message)) => {
                self.react(&message, argument);
                if closest(&button, ".message-actions").is_some() {
                    self.finish(&row, has_focus);
                } else {
                    // If nobody else has this reaction, its button disappears together with the focus.
                    request_animation_frame(move || {
                        if document().active_element().is_none_or(|element| matches(&element, "body")) {
                            focus(&row);
                        }
                    });
                }
            }
            (ButtonAction::Reply, Some(message)) => {
                self.draft.start_reply(message.seq);
                self.leave();
            }
            (ButtonAction::ToOriginal, Some(message)) => {
                if let Some(reply) = message.reply {
                    self.ways.get_value().to_original(reply.to, message.seq);
                }
            }
            (ButtonAction::OpenThread, Some(message)) => {
                let thread = message.reply.map_or(message.seq, |reply| reply.thread);
                self.ways.get_value().navigator.go_to(&thread_path(self.draft.id.conversation, thread));
                self.leave();
            }
            (ButtonAction::MarkUnread, Some(message)) => {
                let setting = OwnSetting::UnreadFrom(message.seq);
                self.show_outcome(self.draft.store().set_conversation(self.draft.id.conversation, setting));
                self.finish(&row, has_focus);
            }
            (ButtonAction::Edit, Some(message)) => {
                self.draft.start_edit(&message);
                self.draft.focus();
                self.leave();
            }
            (ButtonAction::ConfirmDeletion, Some(message)) => {
                self.draft.submit_command(OutboxCommand::Delete { seq: message.seq });
                self.finish(&row, has_focus);
            }
            (ButtonAction::Block, Some(message)) => {
                self.show_outcome(self.draft.store().set_blocked(message.author.id, true));
                self.finish(&row, has_focus);
            }
            (ButtonAction::Pin | ButtonAction::Unpin, Some(message)) => {
                let (store, on) = (self.draft.store(), action == ButtonAction::Pin);
                self.show_outcome(store.set_message_pinned(self.draft.id.conversation, message.seq, on));
                self.finish(&row, has_focus);
            }
            (ButtonAction::ShowVersions, Some(message)) => {
                self.open(Some(message.id), is_touch);
                self.show(MenuView::Versions, row, true);
            }
            (ButtonAction::CopyLink, Some(message)) => {
                let path = message_path(self.draft.id.conversation, message.seq);
                let is_copied = copy_text(&format!("{}{path}", location().origin().unwrap_or_default()));
                self.show(MenuView::LinkCopied(is_copied), row, false);
            }
            (ButtonAction::Report, _) => self.show(MenuView::Report, row, true),
            (ButtonAction::SendReport, Some(message)) => self.send_report(message, row),
            (ButtonAction::MoreEmoji, _) => {
                self.open(Some(id), is_touch);
                self.emoji.get_value().load();
                self.show(MenuView::MoreEmoji, row, has_focus);
            }
            (ButtonAction::Delete, _) => self.show(MenuView::ConfirmDeletion, row, has_focus),
            (ButtonAction::Back, _) => self.show(MenuView::Actions, row, has_focus),
            (ButtonAction::Retry, _) => {
                if let Ok(command) = argument.parse() {
                    self.draft.store().retry(command);
                }
            }
            (ButtonAction::Discard, _) => {
                if let Ok(command) = argument.parse() {
                    self.draft.store().withdraw(command);
                }
            }
            (
                ButtonAction::React
                | ButtonAction::Reply
                | ButtonAction::ToOriginal
                | ButtonAction::OpenThread
                | ButtonAction::MarkUnread
                | ButtonAction::Edit
                | ButtonAction::ConfirmDeletion
                | ButtonAction::Pin
                | ButtonAction::Unpin
                | ButtonAction::ShowVersions
                | ButtonAction::CopyLink
                | ButtonAction::Block
                | ButtonAction::SendReport,
                None,
            ) => {}
        }
    }

    /// Tells the user if a request is refused.
    fn show_outcome(self, request: impl Future<Output = Result<(), RequestError>> + 'static) {
        spawn_local(async move {
            if let Err(refusal) = request.await {
                self.draft.show_refusal(&refusal);
            }
        });
    }

    /// Whether the user may write here.
    pub(super) fn may_reply(self) -> bool {
        self.room.with_untracked(|room| room.as_ref().is_none_or(|room| !room.archived))
    }

    /// The arrow keys move from message to message. R replies. Enter moves the focus into the menu, Escape back to the message, and from
    /// there to the composer.
    fn on_key_down(self, event: &KeyboardEvent, target: &Element) {
        if event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let row = closest(target, "[data-id]");
        let (key, is_input) = (event.key(), matches(target, "input"));
        match (key.as_str(), row) {
            ("Enter", Some(row)) if is_input => {
                if let Ok(Some(button)) = row.query_selector("[data-action=send-report]")
                    && let Some(button) = button.dyn_ref::<HtmlElement>()
                {
                    button.click();
                }
            }
            (key, _) if is_input && key != "Escape" => return,
            (key @ ("ArrowUp" | "ArrowDown"), row) => {
                let next = match row {
                    None => last_visible_row(target),
                    Some(row) if key == "ArrowUp" => next_row(row, Element::previous_element_sibling),
                    Some(row) => next_row(row, Element::next_element_sibling),
                };
                let Some(next) = next else { return };
                focus(&next);
            }
            ("r", Some(row)) if row == *target => {
                let id = row.get_attribute("data-id").and_then(|id| id.parse().ok());
                let message = id.and_then(|id| self.draft.timeline.with_untracked(|it| it.by_id(id).cloned()));
                let Some(message) = message.filter(|message| message.has_text() && self.may_reply()) else { return };
                self.draft.start_reply(message.seq);
                self.leave();
            }
            ("Enter", Some(row)) if row == *target => self.show(MenuView::Actions, row, true),
            ("Escape", Some(row)) if self.state.get_untracked().is_open() => self.finish(&row, true),
            ("Escape", _) => self.draft.focus(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Sends a report to the moderators and shows its outcome.
    fn send_report(self, message: Message, row: Element) {
        let (conversation, reason) = (self.draft.id.conversation, input_value(REPORT_REASON));
        spawn_local(async move {
            let outcome =
                report(conversation, message.seq, reason).await.map_err(|refusal: RequestError| refusal.code());
            // The menu may be at another message by now.
            let is_here = self.state.try_get_untracked().is_some_and(|state| state.is_at(message.id));
            if is_here {
                self.show(MenuView::Reported(outcome), row, true);
            }
        });
    }

    /// Shows another view of the menu, and moves the focus there if `takes_focus`.
    fn show(self, view: MenuView, row: Element, takes_focus: bool) {
        let scroller = closest(&row, ".scroller").map(|scroller| scroller.get_bounding_client_rect());
        let top = row.get_bounding_client_rect().top();
        let opens_upwards = scroller.is_some_and(|scroller| top - scroller.top() > scroller.bottom() - top);
        self.state.update(|state| {
            state.view = view;
            state.opens_upwards = opens_upwards;
            state.is_by_keyboard = takes_focus;
        });
        if takes_focus {
            let before = document().active_element();
            // In the next frame, when the new buttons exist, unless the user has already moved the focus to one of them.
            request_animation_frame(move || {
                let now = document().active_element();
                let is_unmoved = now == before || now.is_none_or(|element| matches(&element, "body"));
                if is_unmoved
                    && let Ok(Some(first)) =
                        row.query_selector(".toolbar input, .toolbar [tabindex='-1'], .toolbar button")
                {
                    focus(&first);
                }
            });
        }
    }
}

/// The next row of a message in one direction.
fn next_row(mut row: Element, next: fn(&Element) -> Option<Element>) -> Option<Element> {
    loop {
        row = next(&row)?;
        if row.has_attribute("data-id") {
            return Some(row);
        }
    }
}

/// The last row of a message that is at least partly visible.
fn last_visible_row(scroller: &Element) -> Option<Element> {
    let end = scroller.get_bounding_client_rect().bottom();
    let mut row = scroller.query_selector("ol").ok()??.last_element_child()?;
    while !row.has_attribute("data-id") || row.get_bounding_client_rect().top() >= end {
        row = row.previous_element_sibling()?;
    }
    Some(row)
}
