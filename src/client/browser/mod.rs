//! What the browser keeps and shares between pages: IndexedDB, session storage and Web Locks.

pub(crate) mod indexed_db;
pub(crate) mod session_storage;
pub(crate) mod web_locks;
