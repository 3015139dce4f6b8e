//! Whether the mouse has moved to a row, or a row under the mouse.
//!
//! When messages arrive, rows move under a mouse at rest, and the browser says that it is over another row. A menu that is at
//! a message must not follow: a click that was meant for one message would reach another. It follows when the mouse moves.

use std::sync::Mutex;

use web_sys::PointerEvent;

/// What is known of the mouse.
struct Mouse {
    /// Where it was last, in the window. `None` outside a timeline.
    position: Option<(i32, i32)>,
    /// Whether another row has moved under it since it moved.
    is_over_another_row: bool,
}

/// There is only one.
static MOUSE: Mutex<Mouse> = Mutex::new(Mouse { position: None, is_over_another_row: false });

/// Notes where the mouse is, from a `pointerover` or `pointermove`, and returns whether the menu is to go to the row under it.
/// `is_at_message` is whether it is at a message already.
pub(super) fn follow(event: &PointerEvent, is_at_message: bool) -> bool {
    let Ok(mut mouse) = MOUSE.lock() else { return true };
    let position = Some((event.client_x(), event.client_y()));
    let is_another_row = mouse.is_over_another_row || event.type_() == "pointerover";
    let may_follow = mouse.position != position || !is_at_message;
    *mouse = Mouse { position, is_over_another_row: is_another_row && !may_follow };
    is_another_row && may_follow
}

/// The mouse has left the timeline.
pub(super) fn left() {
    if let Ok(mut mouse) = MOUSE.lock() {
        *mouse = Mouse { position: None, is_over_another_row: false };
    }
}
