//! Reports: messages that users have brought to the moderators' attention.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConversationId, Seq, Timestamp},
    message::Message,
    reason::Reason,
    user::User,
};

/// The open reports that a moderator may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportList {
    /// The reports, oldest first.
    pub reports: Vec<Report>,
    /// How many reports are open, including those that the list leaves out.
    pub open: u64,
}

/// A reported message and the messages around it, as they were when it was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Identifies the report.
    pub id: u64,
    /// When the message was reported.
    pub at: Timestamp,
    /// Who reported it.
    pub reporter: User,
    /// The reporter's reason, which may be empty.
    #[serde(default, skip_serializing_if = "Reason::is_empty")]
    pub reason: Reason,
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// Whether the conversation is a direct, which moderators cannot read.
    pub direct: bool,
    /// The message's position in the conversation.
    pub seq: Seq,
    /// Whether the message has been deleted since.
    pub deleted: bool,
    /// The message and the messages around it, in ascending order of `seq`.
    pub messages: Vec<Message>,
}

impl Report {
    /// The reported message.
    pub fn reported(&self) -> Option<&Message> {
        self.messages.iter().find(|message| message.seq == self.seq)
    }
}
