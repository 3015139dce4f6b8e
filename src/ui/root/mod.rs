//! The HTML document, the app in its body, and the boot of the app in the browser.

pub(crate) mod app;
pub(crate) mod boot;
#[cfg(feature = "ssr")]
pub(crate) mod document;
