//! Ending sessions and guests that are no longer used, and deleting data whose retention is over.

use std::collections::HashSet;

use crate::{
    domain::{SessionId, Timestamp, UserId},
    server::store::accounts::EndedSession,
};

/// Cutoff times for one pass of housekeeping: what is older than a cutoff expires. All are times of the server's clock.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryPolicy {
    /// Sessions that have a connection, and so are in use.
    pub connected_sessions: HashSet<SessionId>,
    /// Connected sessions whose `seen_at` is older than this get a new one. A younger one is close enough.
    pub touch_cutoff: Timestamp,
    /// Users who have a connection. They keep their nicknames.
    pub online_users: HashSet<UserId>,
    /// Guests whose sessions were all last used before this lose their nicknames, and so do guests without a session
    /// who are not online.
    pub guest_cutoff: Timestamp,
    /// Guests who were created before this and never came back with their token lose their nicknames.
    pub unused_guest_cutoff: Timestamp,
    /// Sessions of registered users that started before this end.
    pub session_cutoff: Timestamp,
    /// Sessions of registered users that were last used before this end.
    pub idle_cutoff: Timestamp,
    /// The reasons of sessions that ended before this are deleted.
    pub ended_session_cutoff: Timestamp,
    pub retention: Retention,
}

/// Cutoff times of data that is kept for a limited time. `None` keeps it for as long as it is of use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    /// Addresses that were stored before this are deleted, even those that keep a banned user out.
    pub address_cutoff: Option<Timestamp>,
    /// Entries of the audit log from before this are deleted.
    pub audit_cutoff: Option<Timestamp>,
}

/// What a pass of housekeeping has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// How many guests lost their nicknames.
    pub guests: usize,
    /// Sessions of registered users.
    pub sessions: Vec<EndedSession>,
}
