//! Teahouse.

// A view is one type made of all the elements in it: the default of 128 is less than a page.
#![recursion_limit = "256"]

pub mod client;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod page;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
pub mod state;
pub mod ui;

/// The browser's entry: brings the rendered page to life.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(ui::App);
}
