//! The page: Leptos components, which the server renders as HTML and the browser runs as WebAssembly.
//!
//! - `root`: the document, the app in it, and its boot
//! - `chat`, `sign_in`, `settings`, `rooms`: the screens
//! - `markdown`: the formatting of messages
//! - `emoji`: the emoji picker
//! - `changes`: pinned messages, earlier texts, what changed while the reader was away
//! - `context`: what all components share
//! - `kit`: components and helpers that know nothing of the screens
//! - `i18n`: the texts
//!
//! Components read the signals of the [`ClientStore`](crate::client::ClientStore) and call its methods.

#![allow(unreachable_pub, reason = "the `component` macro makes its function public")]

mod changes;
pub(crate) mod chat;
pub(crate) mod context;
mod emoji;
pub(crate) mod i18n;
pub(crate) mod kit;
pub(crate) mod markdown;
mod rooms;
pub(crate) mod root;
mod settings;
mod sign_in;

#[cfg(feature = "ssr")]
pub(crate) use crate::ui::root::document::html_document;
pub use crate::ui::{
    context::{
        assets::AssetNames,
        initial_state::{InitialState, OpenConversation, OutsideRoom, SignInAttempt},
        message_preferences::MessagePreferences,
        theme::Theme,
    },
    i18n::Language,
    root::boot::boot,
};
