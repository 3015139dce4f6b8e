//! Teahouse.

pub mod client;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod page;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
pub mod state;
pub mod ui;

/// The browser's entry: brings the rendered page to life. The name is the one that Leptos' script calls.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    ui::take_over();
}
