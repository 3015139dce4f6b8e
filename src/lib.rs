//! Teahouse: group and private chat that you host yourself. `docs/architecture.md` is the map of the code.
//!
//! | module | what it holds | where it runs |
//! | --- | --- | --- |
//! | [`domain`] | values and their rules: ids, nicknames, messages, conversations | both |
//! | [`protocol`] | every frame and HTTP body, version 1 | both |
//! | [`markdown`] | what the text of a message is formatted as | both |
//! | [`state`] | what a client knows, as pure reducers: timeline, outbox, presence, unread counts | both |
//! | [`client`] | the browser's connection and requests, and the store that the page reads | browser |
//! | [`ui`] | the page: Leptos components | browser; rendered first by the server |
//! | `pages` | the pages that the server renders, and the forms that it takes | server |
//! | `server` | store, chat, hub, sockets, HTTP | server |
//!
//! The feature `ssr` builds the server, and `hydrate` the browser's half, which the package `teahouse-browser`
//! (`src/browser`) compiles to WebAssembly. `cargo leptos` builds both.

// The type of a view contains the types of all its elements.
#![recursion_limit = "256"]

pub mod client;
pub mod domain;
pub mod markdown;
#[cfg(feature = "ssr")]
pub mod pages;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
pub mod state;
pub mod ui;
