//! Rooms: what is set of them, what happens to them, and who is in them.

mod change;
mod creation;
mod directory;
mod member;
mod name;
mod settings;
mod topic;
mod view;

pub use change::RoomChange;
pub use creation::RoomCreation;
pub use directory::{DirectoryPage, DirectoryRoom};
pub use member::{MemberPage, RoomMember};
pub use name::RoomName;
pub use settings::{Posting, Visibility};
pub use topic::{MAX_TOPIC_CHARACTERS, RoomTopic, TopicError};
pub use view::Room;
