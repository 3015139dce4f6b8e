//! Reports: messages that a user has shown to the moderators.

use crate::{
    domain::{ConversationId, Reason, Seq, User, UserId},
    server::store::moderation::RoleCheck,
};

/// A message to be reported.
#[derive(Debug)]
pub(crate) struct NewReport {
    pub reporter: UserId,
    pub conversation: ConversationId,
    pub seq: Seq,
    pub reason: Reason,
    /// How many open reports one user may have.
    pub max_open: u32,
}

/// What to do about an open report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportAction {
    /// Closes the report, and the other reports of the same message that the moderator has seen.
    Close {
        /// The greatest report id that the moderator has seen.
        up_to: u64,
    },
    /// Deletes the message, in a direct too. The report stays open.
    DeleteMessage,
}

/// An action upon a report.
#[derive(Debug)]
pub(crate) struct HandleReport {
    /// `None` for the operator, who may do everything.
    pub actor: Option<User>,
    pub report: u64,
    pub action: ReportAction,
    /// Compares the actor with the author of the message.
    pub role_check: RoleCheck,
}
