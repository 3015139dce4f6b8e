//! Connections and addresses, below HTTP: limits, time-outs, client addresses, public URLs and cookies.

pub(crate) mod client_addr;
pub(crate) mod connection_limiter;
pub(crate) mod connection_timeouts;
pub(crate) mod cookies;
pub(crate) mod lingering_stream;
pub(crate) mod public_url;
pub(crate) mod scheme;
pub(crate) mod session_cookie;
pub(crate) mod shard_index;
pub(crate) mod shard_runtimes;
pub(crate) mod urls;
