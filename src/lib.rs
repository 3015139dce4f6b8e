//! Teahouse.
pub mod domain;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
