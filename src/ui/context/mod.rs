//! What all components share: the initial state from the server, the router, language and theme, and the URLs of the assets.

pub(crate) mod assets;
pub(crate) mod initial_state;
pub(crate) mod message_preferences;
pub(crate) mod preferences;
pub(crate) mod router;
pub(crate) mod theme;
