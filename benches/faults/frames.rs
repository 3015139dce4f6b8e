//! Frames as writers send and parse them. Writers need little of what they receive, so most of it is skipped.

use serde::Deserialize;
use teahouse::{
    domain::{CommandId, ConversationId, EventKind, Seq, Timestamp},
    protocol::{ClientFrame, ErrorCode},
};

use super::history::{Command, CommandKind, UserSetting};

/// The parts of a frame that a writer needs.
#[derive(Deserialize)]
pub(crate) struct ReceivedFrame<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    pub(crate) id: Option<CommandId>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) seq: Option<Seq>,
    pub(crate) last_seq: Option<Seq>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) code: Option<ErrorCode>,
    #[serde(borrow)]
    pub(crate) event: Option<ReceivedEvent<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct ReceivedEvent<'a> {
    pub(crate) kind: &'a str,
}

/// The frame of a command. It is the same each time the command is sent.
pub(crate) fn command_frame(command: &Command) -> ClientFrame {
    let (id, conversation) = (command.id, command.conversation);
    let kind = match &command.kind {
        CommandKind::Event(kind) => kind,
        CommandKind::Setting(setting) => return setting_frame(*setting, id, conversation),
    };
    match kind {
        EventKind::Message { body, reply, .. } => ClientFrame::Send {
            id,
            conversation,
            body: body.as_str().to_owned(),
            reply_to: reply.map(|reply| reply.to),
        },
        EventKind::Edit { seq, body, .. } => {
            ClientFrame::Edit { id, conversation, seq: *seq, body: body.as_str().to_owned() }
        }
        EventKind::Deletion { seq } => ClientFrame::Delete { id, conversation, seq: *seq },
        EventKind::Reaction { seq, emoji, on } => {
            ClientFrame::React { id, conversation, seq: *seq, emoji: emoji.to_string(), on: *on }
        }
        EventKind::Pin { seq, on } => ClientFrame::Pin { id, conversation, seq: *seq, on: *on },
        EventKind::Notice(_) | EventKind::Room(_) | EventKind::AccountDeleted | EventKind::Other => {
            unreachable!("writers never send it")
        }
    }
}

fn setting_frame(setting: UserSetting, id: CommandId, conversation: ConversationId) -> ClientFrame {
    let (mut muted, mut pinned, mut unread_from) = (None, None, None);
    match setting {
        UserSetting::Muted(on) => muted = Some(on),
        UserSetting::Pinned(on) => pinned = Some(on),
        UserSetting::UnreadFrom(seq) => unread_from = Some(seq),
        UserSetting::ThreadMuted { thread, on } => return ClientFrame::MuteThread { id, conversation, thread, on },
    }
    ClientFrame::SetConversation { id, conversation, muted, pinned, unread_from }
}
