//! The version and the limits of the protocol.

/// The version of the protocol that this program speaks.
pub const VERSION: u32 = 1;

/// The largest frame or message that the server reads, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// How many missed events the server replays to a client that reconnects. A client that missed more gets a `reset`.
pub const MAX_REPLAYED_EVENTS: u64 = 1_000;

/// How many users `online` lists. While more are online, the server sends their count only.
pub const MAX_LISTED_ONLINE: usize = 200;
