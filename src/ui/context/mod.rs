//! What all components share: the initial state from the server, the router, the theme and the names of the assets.

pub(crate) mod assets;
pub(crate) mod initial_state;
pub(crate) mod router;
pub(crate) mod theme;
