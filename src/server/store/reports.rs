//! What the store is asked about messages that users have reported.

use crate::{
    domain::{ConversationId, Reason, Seq, User, UserId},
    server::store::moderation::RoleCheck,
};

/// A message that a user tells the moderators of.
#[derive(Debug)]
pub(crate) struct NewReport {
    pub reporter: UserId,
    pub conversation: ConversationId,
    pub seq: Seq,
    pub reason: Reason,
    /// How many reports of one user may be open.
    pub most_open: u32,
}

/// What is to be done about a report that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportAction {
    /// Forgets it, and those of the same message up to the one with this id: what whoever closes it has seen.
    Close {
        /// The last that was seen.
        up_to: u64,
    },
    /// Deletes the message, in a direct too. The report stays open.
    DeleteMessage,
}

/// Somebody does something about a report.
#[derive(Debug)]
pub(crate) struct HandleReport {
    /// `None`: done on the host, where everything is allowed.
    pub actor: Option<User>,
    pub report: u64,
    pub action: ReportAction,
    /// Over the author of the message.
    pub rule: RoleCheck,
}
