//! Network values and connections below HTTP: connection limits, time-outs, client addresses, public URLs and cookies.

pub(crate) mod authority;
mod connection_counts;
pub(crate) mod connection_limiter;
pub(crate) mod connection_timeouts;
pub(crate) mod cookies;
pub(crate) mod database_url;
pub(crate) mod ip_network;
mod known_addresses;
pub(crate) mod lingering_stream;
pub(crate) mod public_url;
pub(crate) mod report_url;
pub(crate) mod scheme;
pub(crate) mod security_contact;
pub(crate) mod session_cookie;
pub(crate) mod shard_index;
pub(crate) mod shard_runtimes;
pub(crate) mod site;
pub(crate) mod upgraded_stream;
pub(crate) mod urls;
