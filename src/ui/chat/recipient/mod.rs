//! The recipient picker: chooses the user to write to, or everyone in the Lobby.

mod choice;
mod functions;
mod picker;

pub(super) use picker::RecipientPicker;
