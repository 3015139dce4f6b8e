//! Tests the server from outside, with real sockets and a real database. Each file tests one promise.

mod accounts;
mod admin;
mod admin_pages;
mod backup;
mod bad_input;
mod blocks;
mod changes;
mod charges;
mod clock;
mod closed_server;
mod command_line;
mod conversation_list;
mod cookies;
mod deletion;
mod directs;
mod disk_quota;
mod edge;
mod erasure;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")]
mod full_sync;
mod graceful_stop;
mod guest_sanctions;
mod http_api;
mod idempotency;
mod identity;
mod limits;
mod lobby;
mod moderation;
mod page_forms;
mod passwords;
mod presence;
mod private_files;
mod published;
mod reading;
mod reports;
mod restart;
mod resume;
mod retention;
mod secrets;
mod security;
mod security_log;
#[cfg(target_os = "linux")]
mod service;
mod session_ends;
mod sessions;
mod sign_up_policy;
mod simple_protocol;
mod simple_sessions;
mod slow_reader;
mod state_equals_history;
mod support;
mod texts;
mod tls;
mod verify;
