//! Boot: the WebAssembly replaces the page that the server rendered.
//!
//! Server and WebAssembly render the same components from the same [`InitialState`], so nothing changes visibly. Typed text is
//! kept, and an input method that is composing text is not interrupted.

use std::time::Duration;

use leptos::{
    mount::mount_to_body,
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, HtmlInputElement, KeyboardEvent};

use crate::{
    protocol::FromJson as _,
    ui::{context::initial_state::InitialState, kit::dom::is_open, root::app::App},
};

/// How long a press of the mouse may last before the boot goes on anyway.
const LONGEST_CLICK: Duration = Duration::from_secs(1);

// The ids of the fields that may contain text when the WebAssembly starts.
const NICKNAME: &str = "nickname";
const PASSWORD: &str = "password";
const MESSAGE: &str = "message";
const RECIPIENT: &str = "target-sidebar";

/// Replaces the rendered page by the app: now, or as soon as nothing is being pressed and no input method is composing.
pub fn boot() {
    // A click needs the element on which the press began, so wait for the end of a press.
    let is_pressing = document().query_selector(":active").is_ok_and(|pressed| pressed.is_some());
    if is_pressing { set_timeout(mount_when_composed, LONGEST_CLICK) } else { mount_when_composed() }
}

fn mount_when_composed() {
    let is_composing = |field: &HtmlInputElement| {
        let has_focus = document().active_element().is_some_and(|active| active == ***field);
        // Only pages with `pre_boot.js` have `data-composing`. The sign-in page has not, so any text there may be a
        // composition.
        has_focus
            && if field.id() == NICKNAME { !field.value().is_empty() } else { field.has_attribute("data-composing") }
    };
    match [NICKNAME, MESSAGE, RECIPIENT].into_iter().filter_map(text_field).find(is_composing) {
        Some(field) => mount_after_composition(&field),
        None => mount(),
    }
}

/// Mounts the app when the composition ends. The events after it tell, because its start was before this code ran.
fn mount_after_composition(field: &HtmlInputElement) {
    let is_scheduled = StoredValue::new(false);
    let once = move |schedule: fn()| {
        if !is_scheduled.get_value() {
            is_scheduled.set_value(true);
            schedule();
        }
    };
    // In the next frame, so that the old page handles the event first: Enter may submit its form.
    let in_next_frame = || request_animation_frame(mount);
    let on_key = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        if !event.is_composing() && event.key_code() != 229 {
            once(in_next_frame);
        }
    });
    let on_composed = Closure::<dyn FnMut()>::new(move || once(in_next_frame));
    // A press of the mouse elsewhere blurs the field before its click comes, so leave time for the click.
    let on_blur = Closure::<dyn FnMut()>::new(move || once(|| set_timeout(mount, LONGEST_CLICK)));
    for (event, listener) in [
        ("keydown", on_key.as_ref().unchecked_ref()),
        ("compositionend", on_composed.as_ref().unchecked_ref()),
        ("blur", on_blur.as_ref().unchecked_ref()),
    ] {
        // Adding a listener to an element cannot fail.
        drop(field.add_event_listener_with_callback(event, listener));
    }
    // The listeners live as long as the field, which `mount` removes.
    on_key.forget();
    on_composed.forget();
    on_blur.forget();
}

fn mount() {
    let body = document().body();
    let json = body.as_ref().and_then(|body| body.get_attribute("data-initial-state"));
    let mut initial_state = json.and_then(|json| InitialState::from_json(&json)).unwrap_or_default();
    let focused_id = document().active_element().map(|active| active.id());
    let fields = [NICKNAME, PASSWORD, MESSAGE, RECIPIENT]
        .map(|id| (id, text_field(id).map(|field| (field.value(), selection(&field)))));
    let [(_, nickname), (_, password), (_, message), _] = &fields;
    if let Some((text, _)) = nickname {
        initial_state.sign_in_attempt.nickname = Some(text.clone());
    }
    if let Some(open) = &mut initial_state.open_conversation {
        open.draft = message.as_ref().map(|(text, _)| text.clone());
    }
    let is_password_open = is_open("sign-in");
    let typed_password = password.as_ref().filter(|_| is_password_open).map(|(text, _)| text.clone());
    if let Some(body) = body {
        body.set_text_content(None);
    }
    mount_to_body(move || view! { <App initial_state typed_password/> });
    for (id, (text, selection)) in fields.into_iter().filter_map(|(id, before)| Some((id, before?))) {
        let Some(field) = text_field(id) else { continue };
        field.set_value(&text);
        let has_focus = focused_id.as_deref() == Some(id);
        if id == RECIPIENT && !text.is_empty() {
            // The recipient picker reads its field on `input` only. `blur` keeps its list closed if the user is elsewhere.
            for event in if has_focus { &["input"][..] } else { &["input", "blur"] } {
                drop(Event::new(event).map(|event| field.dispatch_event(&event)));
            }
        }
        if has_focus {
            spawn_local(async move {
                // By then the composer has taken the focus and the fields have been filled once more. No key can have been
                // pressed in between.
                tick().await;
                // The field exists and holds text, so neither call can fail.
                drop(field.focus());
                if let Some((start, end)) = selection {
                    drop(field.set_selection_range(start, end));
                }
            });
        }
    }
}

fn selection(field: &HtmlInputElement) -> Option<(u32, u32)> {
    field.selection_start().ok().flatten().zip(field.selection_end().ok().flatten())
}

/// A text field. The composer is a `<textarea>`, but has all the methods of `<input>` that are used here.
fn text_field(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}
