//! Who is connected, who is subscribed to which conversation, and delivery to connections. Nothing else writes to a
//! connection that has been welcomed.
//!
//! Everything here is in memory, and a restart rebuilds it. The locks are plain mutexes: they are held for look-ups,
//! pushes and writes that do not block, never across an `.await`.
//!
//! Delivery follows the store's commit log. [`deliver`] encodes each entry once and hands it to all shards; each shard
//! writes to the connections that it serves ([`serve_shard`]).
//!
//! | file | what it holds |
//! | --- | --- |
//! | `registry` | [`Hub`]: the users who are online, and registration of connections |
//! | `connections` | one connection, and the shard that serves it |
//! | `send_queue` | the bounded queue of one connection, and writing it to the socket |
//! | `encoded` | frames, encoded once for all recipients |
//! | `replayed` | what a connection received before the live feed |
//! | `batch` | what the shards are told to deliver |
//! | `log_follower` | the commit log, from the store's feed and from the store, in order |
//! | `fan_out` | from entries of the commit log to batches |
//! | `shard_loop` | the task of a shard: delivers batches, checks connections |
//! | `presence`, `presence_announcer` | who was announced as online, and announcing changes |
//! | `presence_lookup` | who is online, as an interface for `chat` |
//! | `elsewhere`, `local_node` | who is online on other nodes; what the bus tells and asks |
//! | `typing` | who is typing |

mod batch;
mod connections;
mod elsewhere;
mod encoded;
mod fan_out;
mod local_node;
mod log_follower;
mod lookups;
mod presence;
mod presence_announcer;
mod presence_lookup;
mod registry;
mod replayed;
mod send_queue;
mod shard_loop;
mod typing;

pub(super) use batch::ShardSenders;
pub(super) use connections::{Connection, ConnectionOrigin, Dialect};
pub(super) use encoded::EncodedFrame;
pub(super) use fan_out::deliver;
pub(super) use presence_announcer::announce_presence;
pub(super) use presence_lookup::PresenceLookup;
pub(super) use registry::{Hub, Registered};
pub(super) use replayed::ReplayedPositions;
pub(super) use send_queue::{CloseReason, SendQueue};
pub(super) use shard_loop::serve_shard;
pub(super) use typing::MAX_TYPING_AUDIENCE;
