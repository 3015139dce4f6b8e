//! Old stores, made with the old migrations and SQL, are upgraded.

mod carried_over;
mod counts;
mod failures;
mod killed;
mod million;
mod old_store;
mod old_versions;
mod rooms;
pub(super) mod staged_rows;
