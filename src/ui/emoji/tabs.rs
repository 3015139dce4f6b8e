//! The tabs of the picker, each of which leads to a group.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use crate::ui::{
    i18n::emoji_picker::EMOJI_PICKER,
    kit::{
        boxed::{Boxed, Boxing as _},
        dom::{closest, focus},
        reactive::on,
    },
};

/// What the tabs show, in the order of the groups.
const SIGNS: [&str; 9] = ["😀", "👋", "🐵", "🍵", "🚗", "🎉", "💡", "✅", "🏁"];

/// The tabs. A press ends the search, whose text this is.
pub(super) fn tabs(text: RwSignal<String>) -> Boxed {
    let t = EMOJI_PICKER.current();
    let tab = |(index, (sign, title)): (usize, (&'static str, &'static str))| {
        let jump = move |event: MouseEvent| {
            text.set(String::new());
            let picker = event.target().and_then(|target| closest(target.dyn_ref::<Element>()?, ".emoji-picker"));
            // In the next frame, when the groups show.
            request_animation_frame(move || {
                let selector = format!("[data-group='{index}']");
                if let Some(heading) = picker.and_then(|picker| picker.query_selector(&selector).ok().flatten()) {
                    heading.scroll_into_view();
                    focus(&heading);
                }
            });
        };
        view! { <button type="button" class="emoji-tab" aria-label=title title=title on:click=on(jump)>{sign}</button> }
            .boxed()
    };
    let tabs: Vec<Boxed> = SIGNS.into_iter().zip(t.groups).enumerate().map(tab).collect();
    view! { <div class="emoji-tabs" role="group" aria-label=t.groups_label>{tabs}</div> }.boxed()
}
