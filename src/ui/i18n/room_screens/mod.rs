//! Rooms, as far as the chunk `chat` shows them: a file for each screen.

pub(crate) mod directory;
pub(crate) mod ending;
pub(crate) mod errors;
pub(crate) mod members;
pub(crate) mod notices;
pub(crate) mod settings;
