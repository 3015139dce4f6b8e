//! The tables of this version.

/// Creates all tables, in an empty database.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The `PRAGMA user_version` of a database with these tables. See `upgrade` for how stores of earlier versions get there.
pub(super) const SCHEMA_VERSION: u32 = 26;
