//! Reading and writing single tables. Commands are made of these functions; nothing here knows a command.

pub(super) mod audit;
pub(super) mod clock_offsets;
pub(super) mod events;
pub(super) mod guest_marks;
pub(super) mod invites;
pub(super) mod networks;
pub(super) mod read_marks;
pub(super) mod sanctions;
pub(super) mod sessions;
pub(super) mod staging;
pub(super) mod staging_rows;
pub(super) mod users;
