//! The document, the app in it, and the moment at which the app takes the document over.

pub(crate) mod app;
pub(crate) mod boot;
#[cfg(feature = "ssr")]
pub(crate) mod document;
