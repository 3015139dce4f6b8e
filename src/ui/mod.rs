//! The page: Leptos components, a folder a concept.
//!
//! [`shell()`] is the document that the server sends, [`App`] what lives in it, [`take_over()`] what brings it to life.
//! Below it, `join` is the door and `house` the rooms behind it. Components read the [`Store`](crate::client::Store)
//! and call its methods.

#![allow(unreachable_pub, reason = "the `component` macro makes its function public")]

pub(crate) mod chat;
pub(crate) mod context;
pub(crate) mod i18n;
pub(crate) mod kit;
pub(crate) mod root;
pub(crate) mod settings;
mod sign_in;

pub use crate::ui::context::assets::AssetNames;
pub use crate::ui::context::initial_state::{InitialState, JoinAttempt, OpenConversation};
#[cfg(feature = "ssr")]
pub(crate) use crate::ui::context::router::{named_by, open_at};
pub use crate::ui::context::theme::Theme;
pub use crate::ui::root::app::App;
pub use crate::ui::root::boot::take_over;
#[cfg(feature = "ssr")]
pub use crate::ui::root::document::shell;
pub use i18n::Language;
