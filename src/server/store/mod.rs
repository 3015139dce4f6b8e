//! Everything that survives a restart: users, sessions, conversations and their events.
//!
//! The rest of the server uses it through the [`Store`] trait only. Its guarantees:
//!
//! - A successful reply to a write means that the write is committed and synced to disk.
//! - The events of a conversation get `seq` 1, 2, 3 … in commit order, without gaps.
//! - A command takes effect once: a repeat with the same author and command id gets the first reply again.
//!
//! Committed changes also leave through the [`CommitFeed`], in commit order, for delivery to the connections.

mod account_deletion;
mod accounts;
mod commits;
mod conversations;
mod directs;
mod error;
mod events;
mod expiry;
mod invites;
mod moderation;
mod receipt;
mod reports;
mod sqlite;
mod store_trait;

pub(crate) use account_deletion::{DeleteAccount, DeletionAuthorization};
pub(crate) use accounts::{Account, NewPassword, NewSession, NewUser, OwnerGrant, PasswordHash, Session, SessionKey};
pub(crate) use commits::{CommitFeed, Committed};
pub(crate) use conversations::{ConnectionSnapshot, Joined, ListSortKey, MAX_BLOCKED_USERS};
pub(crate) use directs::{OpenDirect, OpenedDirect, UserRef};
pub(crate) use error::StoreError;
pub(crate) use events::{EventPosition, FoundMessage, HistoryWindow, MessageLookup, NewEvent, ReplyTo};
pub(crate) use expiry::{Expired, ExpiryPolicy, Retention};
pub(crate) use invites::{InviteKey, NewInvite};
pub(crate) use moderation::{BannedNetwork, ConnectionEffect, Moderation, ModerationAction, RoleCheck};
pub(crate) use receipt::Receipt;
pub(crate) use reports::{HandleReport, NewReport, ReportAction};
pub use sqlite::{BackupError, OpenError};
pub(crate) use sqlite::{SqliteStore, back_up};
pub(crate) use store_trait::Store;
