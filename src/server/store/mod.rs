//! Everything that survives a restart: users, sessions, conversations, and the commit log.
//!
//! The rest of the server uses it through the [`Store`] trait only. Its guarantees:
//!
//! - A successful reply to a command means that it is committed and synced to disk.
//! - Every commit gets the next positions of the commit log, and the events of a conversation get `seq` 1, 2, 3 … in that
//!   order, both without gaps.
//! - A command takes effect once: a repeat with the same author and command id gets the first reply again.
//!
//! A store decides nothing. It loads facts, lets [`rules`](crate::server::rules) decide, and applies their mutations in one
//! transaction. What was committed leaves through the [`CommitFeed`], in commit order, for delivery to this process's
//! connections; whoever needs it later reads the [`CommitLog`].

mod accounts;
mod clock_source;
mod commit_log;
#[cfg(test)]
mod contract;
mod conversations;
#[cfg(feature = "early-ack")]
mod early_ack;
mod error;
mod feed;
mod feed_sender;
mod group_commit;
mod history;
mod job;
#[cfg(test)]
pub(crate) mod memory;
mod message_changes;
mod moderation;
mod postgres;
mod read_marks;
mod receipt;
mod rooms;
mod sqlite;
mod store_trait;
mod stored_event;
mod threads;
mod write_queue;

pub(crate) use accounts::{Account, Session};
#[cfg(test)]
pub(crate) use clock_source::GeneratedIds;
pub(crate) use clock_source::SystemClock;
pub(crate) use commit_log::{Change, CommitEntry, CommitLog, Position};
pub(crate) use conversations::{ConnectionSnapshot, ListSortKey};
#[cfg(feature = "early-ack")]
pub(crate) use early_ack::acknowledge_early;
pub(crate) use error::StoreError;
pub(crate) use feed::{CommitFeed, Delivery, ReplyTo};
pub(crate) use history::{FoundMessage, HistoryWindow, MessageLookup};
pub use postgres::PostgresOpenError;
#[cfg(test)]
pub(super) use postgres::TestDatabase;
pub(crate) use postgres::{Database, Driver as DatabaseDriver, PostgresStore};
pub(crate) use receipt::Receipt;
pub(crate) use rooms::{DirectoryQuery, MemberSortKey};
pub use sqlite::{BackupError, Findings, LogReader, LogReaderError, OpenError, VerifyError, verify};
pub(crate) use sqlite::{SqliteStore, back_up, has_sqlite_data, lock_folder};
pub(crate) use store_trait::{ClaimKey, Store};
pub(crate) use threads::{CompletionUsers, ToldSortKey};
