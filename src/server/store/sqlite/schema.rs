//! The tables of this version.

/// Creates all tables, in an empty database.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The `PRAGMA user_version` of a database with these tables. Versions up to 20 were reached by migrations; see `upgrade`.
pub(super) const SCHEMA_VERSION: u32 = 21;
