//! The moment at which the browser's half arrives and takes over the page that the server rendered.
//!
//! Both halves render the same components from the same [`InitialState`], so nothing seems to change. What was typed
//! meanwhile is kept, and somebody who is just composing a Chinese, Japanese or Korean name is not disturbed.

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
    ui::{App, InitialState, kit::password_field::is_open},
};

/// How long somebody may take from pressing a button to letting it go.
const LONGEST_CLICK: Duration = Duration::from_secs(1);

// The fields in which something may stand before the program is there.
const NICKNAME: &str = "nickname";
const PASSWORD: &str = "password";
const MESSAGE: &str = "message";
const TARGET: &str = "target-sidebar";

/// Takes over, now or as soon as nothing is being pressed or composed.
pub fn take_over() {
    // A press that has begun on what is here must end there, or it comes to nothing.
    let is_pressing = document().query_selector(":active").is_ok_and(|pressed| pressed.is_some());
    if is_pressing { set_timeout(begin, LONGEST_CLICK) } else { begin() }
}

fn begin() {
    let is_written_in = |field: &HtmlInputElement| {
        let has_focus = document().active_element().is_some_and(|active| active == ***field);
        // At the door there is nobody yet who would tell whether something is being composed.
        has_focus
            && if field.id() == NICKNAME { !field.value().is_empty() } else { field.has_attribute("data-composing") }
    };
    match [NICKNAME, MESSAGE, TARGET].into_iter().filter_map(field).find(is_written_in) {
        Some(field) => after_composing(&field),
        None => mount(),
    }
}

/// A composition that began before this code was there can be told only by the events that come after.
fn after_composing(field: &HtmlInputElement) {
    let mounted = StoredValue::new(false);
    let once = move |mount_soon: fn()| {
        if !mounted.get_value() {
            mounted.set_value(true);
            mount_soon();
        }
    };
    // After the event has been dealt with: a submission goes to what it was meant for.
    let at_once = || request_animation_frame(mount);
    let key = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        if !event.is_composing() && event.key_code() != 229 {
            once(at_once);
        }
    });
    let composed = Closure::<dyn FnMut()>::new(move || once(at_once));
    // Who leaves the field by a press of the mouse has not yet let it go: the click is still to come.
    let left = Closure::<dyn FnMut()>::new(move || once(|| set_timeout(mount, LONGEST_CLICK)));
    for (event, listener) in [
        ("keydown", key.as_ref().unchecked_ref()),
        ("compositionend", composed.as_ref().unchecked_ref()),
        ("blur", left.as_ref().unchecked_ref()),
    ] {
        // Adding a listener to an element of the page cannot fail.
        drop(field.add_event_listener_with_callback(event, listener));
    }
    // They live as long as the field, which ends when the page is taken over.
    key.forget();
    composed.forget();
    left.forget();
}

fn mount() {
    let body = document().body();
    let handed_over = body.as_ref().and_then(|body| body.get_attribute("data-viewer"));
    let mut viewer = handed_over.and_then(|json| InitialState::from_json(&json)).unwrap_or_default();
    let focus = document().active_element().map(|active| active.id());
    let fields =
        [NICKNAME, PASSWORD, MESSAGE, TARGET].map(|id| (id, field(id).map(|field| (field.value(), selection(&field)))));
    let [(_, nickname), (_, password), (_, message), _] = &fields;
    if let Some((text, _)) = nickname {
        viewer.attempt.nickname = Some(text.clone());
    }
    if let Some(opening) = &mut viewer.opening {
        opening.draft = message.as_ref().map(|(text, _)| text.clone());
    }
    let is_asked_for = is_open("sign-in");
    let kept_password = password.as_ref().filter(|_| is_asked_for).map(|(text, _)| text.clone());
    if let Some(body) = body {
        body.set_text_content(None);
    }
    mount_to_body(move || view! { <App viewer kept_password/> });
    for (id, (text, selection)) in fields.into_iter().filter_map(|(id, before)| Some((id, before?))) {
        let Some(field) = field(id) else { continue };
        field.set_value(&text);
        let has_focus = focus.as_deref() == Some(id);
        if id == TARGET && !text.is_empty() {
            // Nothing else tells the form what stands in it. Where nobody is typing, its list stays closed.
            for event in if has_focus { &["input"][..] } else { &["input", "blur"] } {
                drop(Event::new(event).map(|event| field.dispatch_event(&event)));
            }
        }
        if has_focus {
            spawn_local(async move {
                // By then the composer has taken the focus, and the texts have been put into the fields once more; but
                // nothing has been pressed yet.
                tick().await;
                // The field is there and takes text, so neither can fail.
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

/// A field of the page; the composer's is no `<input>`, but has all that is asked of it here.
fn field(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}
