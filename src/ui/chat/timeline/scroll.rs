//! Where the reader is: at the end, and then staying there, or at some message, and then staying at that.

use std::mem;

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

use crate::{domain::CommandId, ui::kit::reactive::effect};

/// Within how many pixels of the end counts as being there.
const END: i32 = 40;
/// Within how many pixels of the beginning, or of a gap, further messages are fetched.
const NEAR: i32 = 600;

/// The reader's place in a scrolled element. A handle: copies are the same place.
#[derive(Clone, Copy)]
pub(crate) struct Scroll {
    scroller: NodeRef<html::Div>,
    /// Whether the end is in view.
    pub(crate) at_end: RwSignal<bool>,
    /// Whether the beginning is near.
    pub(crate) near_start: RwSignal<bool>,
    /// Whether a gap is near, behind which there are newer messages.
    pub(crate) near_gap: RwSignal<bool>,
    /// Changes when the timeline is shown again after it was hidden: on a phone the list hides it.
    pub(crate) shown: Trigger,
    /// The first message in view, and where it ends: its distance from the view's top, in pixels. The end, because the head
    /// above the message may go when older ones come in.
    place: StoredValue<Option<(CommandId, i32)>>,
    /// How far the view was scrolled when last looked at, in pixels.
    top: StoredValue<i32>,
    /// Whether there are rows: before there are, the beginning is not near but unknown.
    has_rows: StoredValue<bool>,
    /// Whether there is a gap behind the last row: then the end of the rows is not the end.
    has_gap: StoredValue<bool>,
    /// Whether the rows have changed since the place was last kept: what the browser makes of it is not the reader's.
    has_changed: StoredValue<bool>,
}

impl Scroll {
    /// Follows `scroller`; starts at the end.
    pub(crate) fn new(scroller: NodeRef<html::Div>) -> Self {
        let scroll = Self {
            scroller,
            at_end: RwSignal::new(true),
            near_start: RwSignal::new(false),
            near_gap: RwSignal::new(false),
            shown: Trigger::new(),
            place: StoredValue::new(None),
            top: StoredValue::new(0),
            has_rows: StoredValue::new(false),
            has_gap: StoredValue::new(false),
            has_changed: StoredValue::new(false),
        };
        // The view changes its height with the window, with what is being written below it, and with a phone's keyboard;
        // and it gets one when it is shown after it was hidden.
        effect(move || {
            let Some(element) = scroller.get() else { return };
            let resized = Closure::<dyn FnMut()>::new(move || {
                scroll.keep();
                if scroll.is_shown() {
                    scroll.shown.notify();
                }
            });
            let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) else { return };
            observer.observe(&element);
            let watching = StoredValue::new_local((observer, resized));
            on_cleanup(move || {
                watching.try_with_value(|(observer, _)| observer.disconnect());
            });
        });
        scroll
    }

    /// Whether the timeline can be seen at all.
    pub(crate) fn is_shown(self) -> bool {
        self.element().is_some()
    }

    /// The reader has moved.
    pub(crate) fn scrolled(self) {
        let Some(element) = self.element().filter(|_| !self.has_changed.get_value()) else { return };
        let top = element.scroll_top();
        let below = element.scroll_height() - top - element.client_height();
        // Rows that came in since the browser noted the move are below it; only a move upwards leaves the end.
        let (is_near_end, moved_up) = (below <= END, top < self.top.get_value());
        self.top.set_value(top);
        self.place.set_value(first_in_view(&element));
        let has_gap = self.has_gap.get_value();
        if is_near_end || moved_up {
            set_if_changed(self.at_end, is_near_end && !has_gap);
        }
        set_if_changed(self.near_start, top <= NEAR && self.has_rows.get_value());
        set_if_changed(self.near_gap, below <= NEAR && has_gap);
    }

    /// The rows have changed: before they are painted, the place is taken again.
    pub(crate) fn rows_changed(self, has_rows: bool, has_gap: bool) {
        self.has_rows.set_value(has_rows);
        self.has_gap.set_value(has_gap);
        // Many changes may come before the next picture.
        if !self.has_changed.try_update_value(|has_changed| mem::replace(has_changed, true)).unwrap_or(true) {
            request_animation_frame(move || self.keep());
        }
    }

    /// Goes to the end.
    pub(crate) fn to_end(self) {
        self.at_end.set(true);
        request_animation_frame(move || self.keep());
    }

    /// The first message in view.
    pub(crate) fn place(self) -> Option<CommandId> {
        self.place.get_value().map(|(id, _)| id)
    }

    /// Takes the place again after the content or the view has changed.
    fn keep(self) {
        self.has_changed.try_set_value(false);
        let Some(element) = self.element() else { return };
        let top = element.scroll_top();
        let below = element.scroll_height() - top - element.client_height();
        // The reader may have moved since the browser last told of it. At the very end it was the browser: less is left.
        let moved = if below > 0 { top - self.top.get_value() } else { 0 };
        if self.at_end.get_untracked() {
            if moved >= 0 || below <= END {
                element.set_scroll_top(element.scroll_height());
            }
        } else if let Some((id, ended_at)) = self.place.get_value()
            && let Some(row) = element.query_selector(&format!("[data-id='{id}']")).ok().flatten()
        {
            element.set_scroll_top(top + moved + end_of(&row, &element) - ended_at);
        }
        self.scrolled();
    }

    /// The scrolled element, unless the conversation was left meanwhile, or is hidden and so has no place in it.
    fn element(self) -> Option<web_sys::HtmlDivElement> {
        self.scroller.try_get_untracked().flatten().filter(|element| element.client_height() > 0)
    }
}

/// Tells of a value only when it becomes another.
pub(crate) fn set_if_changed(signal: RwSignal<bool>, value: bool) {
    if signal.get_untracked() != value {
        signal.set(value);
    }
}

/// The first message whose end is in view, and where it ends.
fn first_in_view(scroller: &HtmlElement) -> Option<(CommandId, i32)> {
    let rows = scroller.query_selector("ol").ok()??.children();
    // Rows stand in order, so the first is found by halving.
    let (mut above, mut below) = (0, rows.length());
    while above < below {
        let middle = u32::midpoint(above, below);
        if end_of(&rows.item(middle)?, scroller) <= 0 { above = middle + 1 } else { below = middle }
    }
    (above..rows.length()).find_map(|place| {
        let row = rows.item(place)?;
        let id = row.get_attribute("data-id")?.parse().ok()?;
        Some((id, end_of(&row, scroller)))
    })
}

/// How far below the top of the view a row ends, in pixels.
#[expect(clippy::cast_possible_truncation, reason = "pixels of a page")]
fn end_of(row: &Element, scroller: &HtmlElement) -> i32 {
    (row.get_bounding_client_rect().bottom() - scroller.get_bounding_client_rect().top()).round() as i32
}
