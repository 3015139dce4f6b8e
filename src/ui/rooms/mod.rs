//! Rooms: creating and finding them, their members and settings, and what happens in them.
//!
//! `room` is in the main file. Everything else is in the chunk `chat`, to which `chunk` leads.

mod about;
mod chunk;
mod create;
mod directory;
mod ending;
mod member_row;
mod members;
mod notices;
mod outsider;
mod panel;
mod refusal;
mod room;
mod text_field;

pub(crate) use chunk::LazyRooms;
pub(crate) use room::{Panel, rank, room, room_icon, room_name, room_topic};
