//! The scroll position of the timeline: at the end, or at a message. It is kept when rows are added, removed or resized.

use std::{mem, time::Duration};

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

use crate::{
    domain::CommandId,
    ui::kit::reactive::{effect, set_if_changed},
};

/// Within this distance of the end, in pixels, the user counts as being there.
const AT_END: i32 = 40;
/// Within this distance of the start or of a gap, in pixels, more messages are fetched.
const NEAR: i32 = 600;
/// How long the message that an address names is marked.
const MARK_LASTS: Duration = Duration::from_secs(3);

/// The scroll position of a timeline. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct ScrollPosition {
    scroller: NodeRef<html::Div>,
    /// Whether the user is at the end of the conversation.
    pub(super) at_end: RwSignal<bool>,
    /// Whether the user is near the first row.
    pub(super) near_start: RwSignal<bool>,
    /// Whether the user is near the last row, and newer messages are missing after it.
    pub(super) near_gap: RwSignal<bool>,
    /// Notifies when the timeline is shown again after it was hidden. On a phone the sidebar hides it.
    pub(super) shown: Trigger,
    /// The first message in view, and how many pixels below the top of the view it ends. The end is used because the head
    /// above a message disappears when older messages of its group are loaded.
    anchor: StoredValue<Option<(CommandId, i32)>>,
    /// The scroll offset when it was last read, in pixels.
    last_top: StoredValue<i32>,
    /// Whether there are rows. Before that, the first row is not near but unknown.
    has_rows: StoredValue<bool>,
    /// Whether there is a gap after the last row. Then the end of the rows is not the end of the conversation.
    has_gap: StoredValue<bool>,
    /// Whether the rows have changed since the position was last restored. Until it is restored, scroll events come from the
    /// browser and not from the user.
    is_stale: StoredValue<bool>,
}

impl ScrollPosition {
    /// The position in `scroller`; it starts at the end.
    pub(super) fn new(scroller: NodeRef<html::Div>) -> Self {
        let scroll = Self {
            scroller,
            at_end: RwSignal::new(true),
            near_start: RwSignal::new(false),
            near_gap: RwSignal::new(false),
            shown: Trigger::new(),
            anchor: StoredValue::new(None),
            last_top: StoredValue::new(0),
            has_rows: StoredValue::new(false),
            has_gap: StoredValue::new(false),
            is_stale: StoredValue::new(false),
        };
        // The height changes with the window, with the text in the composer, with a phone's keyboard, and when the timeline
        // is shown again.
        effect(move || {
            let Some(element) = scroller.get() else { return };
            let on_resize = Closure::<dyn FnMut()>::new(move || {
                scroll.restore();
                if scroll.is_shown() {
                    scroll.shown.notify();
                }
            });
            let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) else { return };
            observer.observe(&element);
            // Kept together, because the observer calls the closure.
            let observing = StoredValue::new_local((observer, on_resize));
            on_cleanup(move || {
                observing.try_with_value(|(observer, _)| observer.disconnect());
            });
        });
        scroll
    }

    /// Whether the timeline is visible.
    pub(super) fn is_shown(self) -> bool {
        self.element().is_some()
    }

    /// Handles a scroll event: reads the new position.
    pub(super) fn on_scroll(self) {
        let Some(element) = self.element().filter(|_| !self.is_stale.get_value()) else { return };
        let top = element.scroll_top();
        let below = element.scroll_height() - top - element.client_height();
        // Rows that were added since the event also make the end more distant. Only scrolling upwards leaves the end.
        let (is_near_end, moved_up) = (below <= AT_END, top < self.last_top.get_value());
        self.last_top.set_value(top);
        self.anchor.set_value(first_in_view(&element));
        let has_gap = self.has_gap.get_value();
        if is_near_end || moved_up {
            set_if_changed(self.at_end, is_near_end && !has_gap);
        }
        set_if_changed(self.near_start, top <= NEAR && self.has_rows.get_value());
        set_if_changed(self.near_gap, below <= NEAR && has_gap);
    }

    /// The rows have changed. Restores the position before the next frame is painted.
    pub(super) fn rows_changed(self, has_rows: bool, has_gap: bool) {
        self.has_rows.set_value(has_rows);
        self.has_gap.set_value(has_gap);
        // Once for all changes before the next frame.
        if !self.is_stale.try_update_value(|is_stale| mem::replace(is_stale, true)).unwrap_or(true) {
            request_animation_frame(move || self.restore());
        }
    }

    /// Scrolls to the end.
    pub(super) fn to_end(self) {
        self.at_end.set(true);
        request_animation_frame(move || self.restore());
    }

    /// Scrolls to the line above the first unread message, with some of what was read before above it. If everything from there
    /// on fits into the view, that is the end.
    pub(super) fn show_new(self) {
        let Some(element) = self.element() else { return };
        let Some(line) = element.query_selector(".day.new").ok().flatten() else { return };
        self.at_end.set(false);
        element.set_scroll_top(element.scroll_top() + end_of(&line, &element) - element.client_height() / 4);
        self.last_top.set_value(element.scroll_top());
        self.is_stale.set_value(false);
        self.on_scroll();
    }

    /// Scrolls to a message, and marks it for a moment.
    pub(super) fn show(self, id: CommandId) {
        let Some(element) = self.element() else { return };
        let Some(row) = element.query_selector(&format!("[data-id='{id}']")).ok().flatten() else { return };
        self.at_end.set(false);
        element.set_scroll_top(element.scroll_top() + end_of(&row, &element) - element.client_height() / 2);
        // Should the rows have changed, this is the position to restore.
        self.last_top.set_value(element.scroll_top());
        self.anchor.set_value(Some((id, end_of(&row, &element))));
        self.on_scroll();
        // Setting an attribute with a valid name cannot fail, nor can removing one.
        drop(row.set_attribute("data-named", ""));
        set_timeout(move || drop(row.remove_attribute("data-named")), MARK_LASTS);
    }

    /// The first message in view.
    pub(super) fn anchor(self) -> Option<CommandId> {
        self.anchor.get_value().map(|(id, _)| id)
    }

    /// Restores the position after the content or the height of the view has changed.
    fn restore(self) {
        self.is_stale.try_set_value(false);
        let Some(element) = self.element() else { return };
        let top = element.scroll_top();
        let below = element.scroll_height() - top - element.client_height();
        // How far the user has scrolled since the last scroll event. At the very end the browser itself has moved the offset,
        // because the content has become shorter.
        let moved = if below > 0 { top - self.last_top.get_value() } else { 0 };
        if self.at_end.get_untracked() {
            if moved >= 0 || below <= AT_END {
                element.set_scroll_top(element.scroll_height());
            }
        } else if let Some((id, ended_at)) = self.anchor.get_value()
            && let Some(row) = element.query_selector(&format!("[data-id='{id}']")).ok().flatten()
        {
            element.set_scroll_top(top + moved + end_of(&row, &element) - ended_at);
        }
        self.on_scroll();
    }

    /// The scrolled element. `None` if the conversation was left, or if the timeline is hidden and so has no position.
    fn element(self) -> Option<web_sys::HtmlDivElement> {
        self.scroller.try_get_untracked().flatten().filter(|element| element.client_height() > 0)
    }
}

/// The first message whose end is in view, and where it ends.
fn first_in_view(scroller: &HtmlElement) -> Option<(CommandId, i32)> {
    let rows = scroller.query_selector("ol").ok()??.children();
    // A binary search, because the rows are in order.
    let (mut above, mut below) = (0, rows.length());
    while above < below {
        let middle = u32::midpoint(above, below);
        if end_of(&rows.item(middle)?, scroller) <= 0 { above = middle + 1 } else { below = middle }
    }
    (above..rows.length()).find_map(|index| {
        let row = rows.item(index)?;
        let id = row.get_attribute("data-id")?.parse().ok()?;
        Some((id, end_of(&row, scroller)))
    })
}

/// How many pixels below the top of the view a row ends.
#[expect(clippy::cast_possible_truncation, reason = "pixels of a page")]
fn end_of(row: &Element, scroller: &HtmlElement) -> i32 {
    (row.get_bounding_client_rect().bottom() - scroller.get_bounding_client_rect().top()).round() as i32
}
