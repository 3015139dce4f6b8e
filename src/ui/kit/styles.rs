//! Styles of components that load lazily.

use leptos::prelude::*;
use web_sys::CssStyleSheet;

/// Adds a style sheet that has come with a chunk to the document, in the layer of the components. A second time it changes
/// nothing.
pub(crate) fn adopt(css: &str) {
    // Making a sheet of valid CSS without `@import` cannot fail.
    if let Ok(sheet) = CssStyleSheet::new()
        && sheet.replace_sync(&format!("@layer parts {{{css}}}")).is_ok()
    {
        document().adopted_style_sheets().push(&sheet);
    }
}
