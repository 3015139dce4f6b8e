//! Sessions and guests that end when nobody uses them, and data that is kept for a limited time.

use std::collections::HashSet;

use crate::{
    domain::{SessionId, Timestamp, UserId},
    server::store::accounts::EndedSession,
};

/// From when on something is over, if nobody uses it.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryPolicy {
    /// The sessions that are connected, and so are in use.
    pub connected: HashSet<SessionId>,
    /// That they are is noted, unless it was noted since then.
    pub noted: Timestamp,
    /// Who is here.
    pub here: HashSet<UserId>,
    /// Guests who were not seen since then, and those without a session who are not here, give their nicknames back.
    pub guests_seen: Timestamp,
    /// Guests who came before this and have never come back with the token that they got give their nicknames back.
    pub unused: Timestamp,
    /// When a registered user's session began at the earliest.
    pub began: Timestamp,
    /// When it was used last at the earliest.
    pub seen: Timestamp,
    /// Why a session is over is forgotten if it ended before this.
    pub ended: Timestamp,
    pub retention: Retention,
}

/// What is kept for a time only. `None`: for good, or for as long as it is of use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    /// Addresses that were noted before are forgotten, also those that keep somebody out.
    pub addresses_since: Option<Timestamp>,
    /// Entries of the audit log from before are removed.
    pub audit_since: Option<Timestamp>,
}

/// What was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// How many guests gave their nicknames back.
    pub guests: usize,
    /// Of registered users.
    pub sessions: Vec<EndedSession>,
}
