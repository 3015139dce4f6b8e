//! Where the reader is: at the end, and then staying there, or at some message, and then staying at that.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::ResizeObserver;

/// Within how many pixels of the end counts as being there.
const END: i32 = 40;
/// Within how many pixels of the beginning older messages are fetched.
const START: i32 = 600;

/// The reader's place in a scrolled element. A handle: copies are the same place.
#[derive(Clone, Copy)]
pub(super) struct Scroll {
    scroller: NodeRef<html::Div>,
    /// Whether the end is in view.
    pub(super) at_end: RwSignal<bool>,
    /// Whether the beginning is near.
    pub(super) near_start: RwSignal<bool>,
    /// Changes when the timeline is shown again after it was hidden: on a phone the list hides it.
    pub(super) shown: Trigger,
    /// The distance from the top of the view to the end of the content, in pixels.
    to_bottom: StoredValue<i32>,
    /// How far the view was scrolled when last looked at, in pixels.
    top: StoredValue<i32>,
    /// Whether there are rows: before there are, the beginning is not near but unknown.
    has_rows: StoredValue<bool>,
    /// Whether rows came in at the beginning since the place was last taken.
    grew_at_start: StoredValue<bool>,
}

impl Scroll {
    /// Follows `scroller`; starts at the end.
    pub(super) fn new(scroller: NodeRef<html::Div>) -> Self {
        let scroll = Self {
            scroller,
            at_end: RwSignal::new(true),
            near_start: RwSignal::new(false),
            shown: Trigger::new(),
            to_bottom: StoredValue::new(0),
            top: StoredValue::new(0),
            has_rows: StoredValue::new(false),
            grew_at_start: StoredValue::new(false),
        };
        // The view changes its height with the window, with what is being written below it, and with a phone's keyboard;
        // and it gets one when it is shown after it was hidden.
        Effect::new(move || {
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
    pub(super) fn is_shown(self) -> bool {
        self.element().is_some()
    }

    /// The reader has moved.
    pub(super) fn scrolled(self) {
        let Some(element) = self.element() else { return };
        let top = element.scroll_top();
        let to_bottom = element.scroll_height() - top;
        // Rows that came in since the browser noted the move are below it; only a move upwards leaves the end.
        let (is_near_end, moved_up) = (to_bottom - element.client_height() <= END, top < self.top.get_value());
        self.to_bottom.set_value(to_bottom);
        self.top.set_value(top);
        if is_near_end || moved_up {
            set_if_changed(self.at_end, is_near_end);
        }
        set_if_changed(self.near_start, top <= START && self.has_rows.get_value());
    }

    /// The rows have changed, at the beginning or elsewhere: before they are painted, the place is taken again.
    pub(super) fn rows_changed(self, has_rows: bool, at_start: bool) {
        self.has_rows.set_value(has_rows);
        self.grew_at_start.update_value(|grew| *grew |= at_start);
        request_animation_frame(move || self.keep());
    }

    /// Goes to the end.
    pub(super) fn to_end(self) {
        self.at_end.set(true);
        request_animation_frame(move || self.keep());
    }

    /// Takes the place again after the content or the view has changed.
    fn keep(self) {
        let Some(element) = self.element() else { return };
        let grew_at_start = self.grew_at_start.try_update_value(std::mem::take).unwrap_or_default();
        if self.at_end.get_untracked() {
            element.set_scroll_top(element.scroll_height());
        } else if grew_at_start {
            element.set_scroll_top(element.scroll_height() - self.to_bottom.get_value());
        }
        self.scrolled();
    }

    /// The scrolled element, unless the conversation was left meanwhile, or is hidden and so has no place in it.
    fn element(self) -> Option<web_sys::HtmlDivElement> {
        self.scroller.try_get_untracked().flatten().filter(|element| element.client_height() > 0)
    }
}

fn set_if_changed(signal: RwSignal<bool>, value: bool) {
    if signal.get_untracked() != value {
        signal.set(value);
    }
}
