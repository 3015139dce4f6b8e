//! Access to elements of the page by their ids.
//!
//! Leptos' `NodeRef` is generic over the element type, and each instance adds code that a browser has to load. Ids cost none.

use leptos::prelude::document;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlDocument, HtmlElement, HtmlInputElement};

/// The input field with this id.
pub(crate) fn input_by_id(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// The text in an input field; empty if there is no such field. It reads the DOM, because the user may have typed before
/// the WebAssembly loaded.
pub(crate) fn input_value(id: &str) -> String {
    input_by_id(id).map(|field| field.value()).unwrap_or_default()
}

/// Replaces the text in an input field.
pub(crate) fn set_input_value(id: &str, text: &str) {
    if let Some(field) = input_by_id(id) {
        field.set_value(text);
    }
}

/// Gives the focus to the element with this id.
pub(crate) fn focus_by_id(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        focus(&element);
    }
}

/// Gives the focus to an element.
pub(crate) fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // Focusing fails only if the element is no longer in the document.
        drop(element.focus());
    }
}

/// Whether the `<details>` element with this id is open.
pub(crate) fn is_open(id: &str) -> bool {
    document().get_element_by_id(id).is_some_and(|details| details.has_attribute("open"))
}

/// Closes the `<details>` element with this id.
pub(crate) fn close(id: &str) {
    if let Some(details) = document().get_element_by_id(id) {
        // Removing an attribute cannot fail.
        drop(details.remove_attribute("open"));
    }
}

/// Inserts text in place of the selection. The old `insertText` command is used because it can be undone and fires `input`.
pub(crate) fn insert_text(text: &str) {
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        // If a browser does not support the command, the user sees that nothing happens.
        drop(document.exec_command_with_show_ui_and_value("insertText", false, text));
    }
}

/// The closest element that matches the selector: `element` itself or an ancestor.
pub(crate) fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

/// Whether an element matches a selector.
pub(crate) fn matches(element: &Element, selector: &str) -> bool {
    element.matches(selector).unwrap_or(false)
}
