//! Which shard serves a connection.

/// The index of one of the hub's shards, from 0. The hub takes it modulo the number of shards.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShardIndex(pub(crate) usize);
