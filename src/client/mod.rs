//! The browser's side: the connection, the requests, and the [`ClientStore`] that the page reads.
//!
//! Frames go one way. `socket` reads them, and `incoming` applies them to the signals of the store, which the page shows.
//! What the user does goes through methods of the store to the connection; `outbox` sends the commands that must not get lost.
//!
//! From bottom to top: `browser` and `api`; `store`; `requests`, `drafts`, `activity`; `mentions`, `rooms`, `changes`;
//! `conversation_settings`, `threads`; `outbox`, `outbox_storage`; `history`, `session_end`; `incoming`; `socket`; `session`.

mod activity;
mod api;
pub(crate) mod browser;
mod changes;
mod clock;
mod connection_command;
mod connection_status;
mod conversation_settings;
mod drafts;
mod history;
mod incoming;
mod mentions;
mod outbox;
mod outbox_state;
mod outbox_storage;
mod requests;
mod rooms;
mod session;
mod session_end;
mod small_map;
mod socket;
mod store;
mod threads;
mod timeline_id;

pub use api::{RequestError, end_session, report, sessions, sign_in};
pub use changes::{changes_after, message_versions, messages_at, pinned_messages};
pub use clock::now;
pub use connection_status::ConnectionStatus;
pub use conversation_settings::OwnSetting;
pub use mentions::{completions, mentions};
pub use rooms::{SettingChange, directory, directory_room, members, refused};
pub use store::{ClientStore, DraftState, Edit, LoadState};
pub use timeline_id::TimelineId;
