//! What the browser itself provides: storage and locks.

pub(crate) mod indexed_db;
pub(crate) mod local_flag;
pub(crate) mod session_storage;
pub(crate) mod web_locks;
