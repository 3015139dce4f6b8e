//! Copying.

use leptos::prelude::document;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

use crate::ui::kit::dom::focus;

/// Copies a text. Returns whether the browser did it.
///
/// By the old `copy` command, because the Clipboard API exists only on pages from HTTPS, and many teahouses in a local network
/// have none.
pub(crate) fn copy_text(text: &str) -> bool {
    let document = document();
    let Some(body) = document.body() else { return false };
    let field = document.create_element("textarea").ok().and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok());
    let Some(field) = field else { return false };
    let focused = document.active_element();
    field.set_value(text);
    field.set_class_name("visually-hidden");
    if body.append_child(&field).is_err() {
        return false;
    }
    field.select();
    let is_copied = document.dyn_into::<HtmlDocument>().is_ok_and(|it| it.exec_command("copy").unwrap_or_default());
    field.remove();
    if let Some(focused) = focused {
        focus(&focused);
    }
    is_copied
}
