//! A command that this user has given and that is not confirmed yet.

use serde_json::Value;

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, EventKind, Seq, Timestamp, trimmed},
    protocol::{ClientFrame, ErrorCode, MAX_FRAME_BYTES, field, optional},
};

/// A command of this user that is not known to be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The command id, the same for every attempt.
    pub id: CommandId,
    /// The conversation that it is for.
    pub conversation: ConversationId,
    /// What it asks for.
    pub command: OutboxCommand,
    /// When the user gave it, by this page's clock. No two commands of one page have the same time.
    pub typed_at: Timestamp,
    /// How far it has got.
    pub status: OutgoingStatus,
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxCommand {
    /// Send a message.
    Send {
        /// The text, as typed.
        body: String,
        /// The message that it replies to.
        reply_to: Option<Seq>,
    },
    /// Change the text of a message.
    Edit {
        /// The message.
        seq: Seq,
        /// The text, as typed.
        body: String,
    },
    /// Delete a message.
    Delete {
        /// The message.
        seq: Seq,
    },
    /// Add a reaction to a message, or remove it.
    React {
        /// The message.
        seq: Seq,
        /// The emoji.
        emoji: Emoji,
        /// Whether to add it.
        on: bool,
    },
}

/// How far a command has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutgoingStatus {
    /// Waiting for earlier commands, or for a connection.
    #[default]
    Pending,
    /// Sent; whether the server executed it is unknown until it answers.
    Unknown,
    /// In the log at this position; its event has not arrived yet.
    Saved(Seq),
    /// Refused; the user can retry it, edit it, or discard it.
    Failed(ErrorCode),
}

impl Outgoing {
    /// A command to be sent. If its frame would be longer than [`MAX_FRAME_BYTES`], it has failed already.
    pub fn new(id: CommandId, conversation: ConversationId, command: OutboxCommand, typed_at: Timestamp) -> Self {
        let mut outgoing = Self { id, conversation, command, typed_at, status: OutgoingStatus::Pending };
        let frame = serde_json::to_string(&outgoing.frame());
        if frame.map_or(true, |frame| frame.len() > MAX_FRAME_BYTES) {
            outgoing.status = OutgoingStatus::Failed(ErrorCode::MessageTooLong);
        }
        outgoing
    }

    /// Why the command failed, if it did.
    pub fn failure(&self) -> Option<ErrorCode> {
        match self.status {
            OutgoingStatus::Failed(code) => Some(code),
            _ => None,
        }
    }

    /// The frame that sends the command.
    pub fn frame(&self) -> ClientFrame {
        let (id, conversation) = (self.id, self.conversation);
        match self.command.clone() {
            OutboxCommand::Send { body, reply_to } => ClientFrame::Send { id, conversation, body, reply_to },
            OutboxCommand::Edit { seq, body } => ClientFrame::Edit { id, conversation, seq, body },
            OutboxCommand::Delete { seq } => ClientFrame::Delete { id, conversation, seq },
            OutboxCommand::React { seq, emoji, on } => {
                ClientFrame::React { id, conversation, seq, emoji: emoji.to_string(), on }
            }
        }
    }

    /// The command that [`Self::frame`] made this frame of; `None` if it is not such a frame.
    pub fn from_frame(frame: &Value, typed_at: Timestamp) -> Option<Self> {
        let (id, conversation) = (field(frame, "id")?, field(frame, "conversation")?);
        let command = match frame.get("type")?.as_str()? {
            "send" => OutboxCommand::Send { body: field(frame, "body")?, reply_to: optional(frame, "reply_to")? },
            "edit" => OutboxCommand::Edit { seq: field(frame, "seq")?, body: field(frame, "body")? },
            "delete" => OutboxCommand::Delete { seq: field(frame, "seq")? },
            "react" => OutboxCommand::React {
                seq: field(frame, "seq")?,
                emoji: field(frame, "emoji")?,
                on: field(frame, "on")?,
            },
            _ => return None,
        };
        Some(Self::new(id, conversation, command, typed_at))
    }

    /// The message that the command changes; `None` for [`OutboxCommand::Send`].
    pub fn target(&self) -> Option<Seq> {
        match &self.command {
            OutboxCommand::Send { .. } => None,
            OutboxCommand::Edit { seq, .. } | OutboxCommand::Delete { seq } | OutboxCommand::React { seq, .. } => {
                Some(*seq)
            }
        }
    }

    /// The message that the command replies to, if it is a reply.
    pub fn reply_to(&self) -> Option<Seq> {
        if let OutboxCommand::Send { reply_to, .. } = &self.command { *reply_to } else { None }
    }

    /// The text that the user typed, if the command has one.
    pub fn body(&self) -> Option<&str> {
        match &self.command {
            OutboxCommand::Send { body, .. } | OutboxCommand::Edit { body, .. } => Some(body),
            OutboxCommand::Delete { .. } | OutboxCommand::React { .. } => None,
        }
    }

    /// The event that the command will cause.
    pub(super) fn event_kind(&self) -> EventKind {
        let body = |body: &str| Body::from_trusted(trimmed(body).to_owned());
        match &self.command {
            OutboxCommand::Send { body: text, .. } => EventKind::message(body(text)),
            OutboxCommand::Edit { seq, body: text } => EventKind::edit(*seq, body(text)),
            OutboxCommand::Delete { seq } => EventKind::Deletion { seq: *seq },
            OutboxCommand::React { seq, emoji, on } => EventKind::Reaction { seq: *seq, emoji: emoji.clone(), on: *on },
        }
    }
}
