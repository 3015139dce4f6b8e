//! The browser's entry, as a module of its own: see `Cargo.toml` for why.

use wasm_bindgen::prelude::wasm_bindgen;

/// Boots the app. The name is the one that Leptos' script calls.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    teahouse::ui::boot();
}
