//! Pages that the server renders, and the HTML forms that it accepts.
//!
//! `page` renders the components that also run in the browser, filled with what the reader may see. `sign_in` and
//! `conversation` answer the forms of those pages, which work before WebAssembly has loaded and without JavaScript.
//! `admin` has the pages of owners and moderators, which only the server renders. `assets` serves the built files.

mod admin;
mod asset_files;
mod assets;
mod content_encoding;
mod content_security_policy;
mod conversation;
mod form;
mod icon;
mod page;
mod preferences;
mod render;
mod response;
mod routes;
mod send_failed;
mod sign_in;

pub use asset_files::Assets;
pub use routes::router;
