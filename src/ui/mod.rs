//! The page: Leptos components, a folder a concept.
//!
//! [`shell()`] is the document that the server sends, [`App`] what lives in it, [`take_over()`] what brings it to life.
//! Below it, `join` is the door and `house` the rooms behind it. Components read the [`Store`](crate::client::Store)
//! and call its methods.

#![allow(unreachable_pub, reason = "the `component` macro makes its function public")]

mod app;
mod asking;
mod boxed;
mod clock;
mod composer;
mod face;
mod files;
mod house;
mod i18n;
mod icons;
mod join;
mod lazy;
mod links;
mod list;
mod live;
mod name;
#[cfg(feature = "ssr")]
pub mod office;
mod password_field;
mod place;
mod seen;
#[cfg(feature = "ssr")]
mod shell;
mod sidebar;
mod take_over;
mod talk;
mod target;
mod theme;
mod timeline;
#[cfg(feature = "ssr")]
mod unsent;
mod viewer;

pub use app::App;
pub use files::Files;
pub use i18n::Language;
#[cfg(feature = "ssr")]
pub(crate) use place::{named_by, open_at};
#[cfg(feature = "ssr")]
pub use shell::shell;
pub use take_over::take_over;
pub use theme::Theme;
#[cfg(feature = "ssr")]
pub use unsent::{Unsent, unsent};
pub use viewer::{JoinAttempt, Opening, Viewer};
