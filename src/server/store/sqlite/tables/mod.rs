//! Reading and writing single tables. Commands are made of these functions; nothing here knows a command.

pub(crate) mod audit;
pub(crate) mod clock_offsets;
pub(crate) mod events;
pub(crate) mod guest_marks;
pub(crate) mod invites;
pub(crate) mod networks;
pub(crate) mod read_marks;
pub(crate) mod sanctions;
pub(crate) mod sessions;
pub(crate) mod staging;
pub(crate) mod staging_rows;
pub(crate) mod users;
