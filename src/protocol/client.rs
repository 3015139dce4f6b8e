//! Frames that clients send.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Action, CommandId, ConversationId, Epoch, Posting, Role, Seq, UserId, Visibility};

use super::{error::ErrorCode, object::from_object};

/// A frame from a client. Unknown fields are ignored, an unknown `type` is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Identifies the client; the first frame of every connection.
    Hello(Hello),
    /// Send a message.
    Send {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The text, as typed.
        body: String,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
    },
    /// Edit one of the user's own messages.
    Edit {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        seq: Seq,
        /// The new text, as typed.
        body: String,
    },
    /// Delete a message; a tombstone stays.
    Delete {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        seq: Seq,
    },
    /// Add a reaction to a message, or remove it.
    React {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        seq: Seq,
        /// One emoji.
        emoji: String,
        /// Whether to add it.
        on: bool,
    },
    /// Pin a message in the conversation, or remove the pin.
    Pin {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        seq: Seq,
        /// Whether to pin it.
        on: bool,
    },
    /// Hear nothing of a thread without being mentioned, or hear of it again.
    MuteThread {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// The first message of the thread.
        thread: Seq,
        /// Whether to mute it.
        on: bool,
    },
    /// Change one thing about a conversation for the user alone: exactly one of the optional fields.
    SetConversation {
        /// The command id.
        id: CommandId,
        /// The conversation.
        conversation: ConversationId,
        /// Whether it is muted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted: Option<bool>,
        /// Whether it is kept at the top of the user's list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pinned: Option<bool>,
        /// The first message that is unread again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unread_from: Option<Seq>,
    },
    /// Find or begin the direct with a user, who is given by exactly one of the two fields.
    OpenDirect {
        /// The command id.
        id: CommandId,
        /// The nickname, as typed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nickname: Option<String>,
        /// The user id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// Create a room. Its creator becomes its owner.
    CreateRoom {
        /// The command id.
        id: CommandId,
        /// The name, as typed.
        name: String,
        /// The topic, as typed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        topic: String,
        /// Who can see it.
        #[serde(default, skip_serializing_if = "Visibility::is_public")]
        visibility: Visibility,
    },
    /// Change one setting of a room: exactly one of the optional fields.
    ChangeRoom {
        /// The command id.
        id: CommandId,
        /// The room.
        conversation: ConversationId,
        /// The new name, as typed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The new topic, as typed; empty to remove it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// Who can see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visibility: Option<Visibility>,
        /// Who may write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posting: Option<Posting>,
        /// Whether it can only be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        archived: Option<bool>,
    },
    /// Join a public room, or the Lobby again after having been removed from it.
    Join {
        /// The command id.
        id: CommandId,
        /// The room.
        conversation: ConversationId,
    },
    /// Leave a room.
    Leave {
        /// The command id.
        id: CommandId,
        /// The room.
        conversation: ConversationId,
    },
    /// Add another user to a room. The user is given by exactly one of the two fields.
    AddMember {
        /// The command id.
        id: CommandId,
        /// The room.
        conversation: ConversationId,
        /// The nickname, as typed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nickname: Option<String>,
        /// The user id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// Act on another user, as a moderator or owner.
    Moderate {
        /// The command id.
        id: CommandId,
        /// The action.
        action: Action,
        /// The user.
        user: UserId,
        /// The room it applies to; `None` for the whole server.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        /// The duration of a mute or ban; `None` until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
        /// The new role, for [`Action::Appoint`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// Whether [`Action::Ban`] also ends the sessions of all guests of the same address.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        address: bool,
    },
    /// The user has read up to an event.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The event.
        seq: Seq,
    },
    /// The user is typing.
    Typing {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Asks for a `pong`.
    Ping {},
}

/// The first frame of a client. With `nickname` a new guest signs in; with `token` a session continues; with neither, the session
/// of the cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's version: 1.
    pub protocol: u32,
    /// The nickname of a new guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The invite of a new guest, if the sign-up policy requires one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// The session token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The epoch that `cursors` belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The last event of each conversation that the client has applied.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub cursors: HashMap<ConversationId, Seq>,
}

/// Why a text is not a frame, with the command id if that could be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct DecodeError {
    /// [`ErrorCode::UnknownType`] or [`ErrorCode::BadFrame`].
    pub code: ErrorCode,
    /// The `id` of the invalid command.
    pub id: Option<CommandId>,
    /// What is wrong, for the developer of the client.
    pub detail: String,
}

impl ClientFrame {
    /// Decodes a text frame.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but a known frame; never panics.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        from_object(text.as_bytes()).map_err(|error| DecodeError::explain(text, &error))
    }
}

/// The fields of an invalid frame that say what it was meant to be.
#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default, rename = "type")]
    kind: serde_json::Value,
    #[serde(default)]
    id: serde_json::Value,
}

impl DecodeError {
    fn explain(text: &str, error: &serde_json::Error) -> Self {
        const TYPES: [&str; 18] = [
            "hello",
            "send",
            "edit",
            "delete",
            "react",
            "pin",
            "mute_thread",
            "set_conversation",
            "open_direct",
            "create_room",
            "change_room",
            "join",
            "leave",
            "add_member",
            "moderate",
            "read",
            "typing",
            "ping",
        ];
        let envelope: Envelope = serde_json::from_str(text).unwrap_or_default();
        let id = envelope.id.as_str().and_then(|id| id.parse().ok());
        match envelope.kind.as_str() {
            Some(kind) if !TYPES.contains(&kind) => {
                let kind: String = kind.escape_debug().take(40).collect();
                Self { code: ErrorCode::UnknownType, id, detail: format!("there is no frame of type \"{kind}\"") }
            }
            _ => {
                // Only the position and kind of the mistake: the text itself may be long or private.
                let detail = match error.classify() {
                    serde_json::error::Category::Data => format!("not a frame of this protocol: {error}"),
                    _ => format!("not a JSON object: line {} column {}", error.line(), error.column()),
                };
                Self { code: ErrorCode::BadFrame, id, detail: detail.chars().take(200).collect() }
            }
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::{collection::hash_map, option, prelude::*, sample::select};
    use uuid::Uuid;

    use super::*;

    fn conversation() -> impl Strategy<Value = ConversationId> {
        any::<u128>().prop_map(|id| ConversationId::from_uuid(Uuid::from_u128(id)))
    }

    fn command() -> impl Strategy<Value = CommandId> {
        any::<u128>().prop_map(|id| CommandId::from_uuid(Uuid::from_u128(id)))
    }

    fn hello() -> impl Strategy<Value = Hello> {
        (
            any::<u32>(),
            option::of(any::<String>()),
            option::of(any::<String>()),
            option::of(any::<String>()),
            option::of(any::<u128>().prop_map(|id| Epoch::from_uuid(Uuid::from_u128(id)))),
            hash_map(conversation(), any::<u64>().prop_map(Seq), 0..4),
        )
            .prop_map(|(protocol, nickname, invite, token, epoch, cursors)| Hello {
                protocol,
                nickname,
                invite,
                token,
                epoch,
                cursors,
            })
    }

    fn frame() -> impl Strategy<Value = ClientFrame> {
        prop_oneof![
            hello().prop_map(ClientFrame::Hello),
            (command(), conversation(), any::<String>(), option::of(any::<u64>().prop_map(Seq)))
                .prop_map(|(id, conversation, body, reply_to)| ClientFrame::Send { id, conversation, body, reply_to }),
            (command(), conversation(), any::<u64>(), any::<bool>())
                .prop_map(|(id, conversation, seq, on)| ClientFrame::Pin { id, conversation, seq: Seq(seq), on }),
            (command(), conversation(), any::<u64>(), any::<bool>()).prop_map(|(id, conversation, thread, on)| {
                ClientFrame::MuteThread { id, conversation, thread: Seq(thread), on }
            }),
            (
                command(),
                conversation(),
                option::of(any::<bool>()),
                option::of(any::<bool>()),
                option::of(any::<u64>().prop_map(Seq))
            )
                .prop_map(|(id, conversation, muted, pinned, unread_from)| {
                    ClientFrame::SetConversation { id, conversation, muted, pinned, unread_from }
                }),
            (command(), conversation(), any::<u64>(), any::<String>()).prop_map(|(id, conversation, seq, body)| {
                ClientFrame::Edit { id, conversation, seq: Seq(seq), body }
            }),
            (command(), conversation(), any::<u64>()).prop_map(|(id, conversation, seq)| ClientFrame::Delete {
                id,
                conversation,
                seq: Seq(seq)
            }),
            (command(), conversation(), any::<u64>(), any::<String>(), any::<bool>()).prop_map(
                |(id, conversation, seq, emoji, on)| ClientFrame::React { id, conversation, seq: Seq(seq), emoji, on }
            ),
            (command(), option::of(any::<String>()), option::of(any::<u128>())).prop_map(|(id, nickname, user)| {
                let user = user.map(|user| UserId::from_uuid(Uuid::from_u128(user)));
                ClientFrame::OpenDirect { id, nickname, user }
            }),
            (command(), any::<String>(), any::<String>(), select(&Visibility::ALL[..]))
                .prop_map(|(id, name, topic, visibility)| ClientFrame::CreateRoom { id, name, topic, visibility }),
            (
                command(),
                conversation(),
                option::of(any::<String>()),
                option::of(any::<String>()),
                option::of(select(&Visibility::ALL[..])),
                option::of(select(&Posting::ALL[..])),
                option::of(any::<bool>())
            )
                .prop_map(|(id, conversation, name, topic, visibility, posting, archived)| {
                    ClientFrame::ChangeRoom { id, conversation, name, topic, visibility, posting, archived }
                }),
            (command(), conversation()).prop_map(|(id, conversation)| ClientFrame::Join { id, conversation }),
            (command(), conversation()).prop_map(|(id, conversation)| ClientFrame::Leave { id, conversation }),
            (command(), conversation(), option::of(any::<String>()), option::of(any::<u128>())).prop_map(
                |(id, conversation, nickname, user)| {
                    let user = user.map(|user| UserId::from_uuid(Uuid::from_u128(user)));
                    ClientFrame::AddMember { id, conversation, nickname, user }
                }
            ),
            (
                command(),
                select(&Action::ALL[..]),
                any::<u128>(),
                option::of(conversation()),
                option::of(any::<u32>()),
                option::of(select(&Role::ALL[..])),
                any::<bool>()
            )
                .prop_map(|(id, action, user, conversation, minutes, role, address)| {
                    let user = UserId::from_uuid(Uuid::from_u128(user));
                    ClientFrame::Moderate { id, action, user, conversation, minutes, role, address }
                }),
            (conversation(), any::<u64>())
                .prop_map(|(conversation, seq)| ClientFrame::Read { conversation, seq: Seq(seq) }),
            conversation().prop_map(|conversation| ClientFrame::Typing { conversation }),
            Just(ClientFrame::Ping {}),
        ]
    }

    proptest! {
        #[test]
        fn every_frame_round_trips(frame in frame()) {
            let text = serde_json::to_string(&frame).expect("frames are plain JSON");
            prop_assert_eq!(ClientFrame::decode(&text), Ok(frame));
        }

        #[test]
        fn no_text_panics_the_decoder(text in any::<String>()) {
            let _ = ClientFrame::decode(&text);
        }

        #[test]
        fn no_broken_frame_panics_the_decoder(frame in frame(), cut in any::<prop::sample::Index>(), put in any::<char>()) {
            let text = serde_json::to_string(&frame).expect("frames are plain JSON");
            let mut broken: Vec<char> = text.chars().collect();
            let at = cut.index(broken.len());
            broken[at] = put;
            let _ = ClientFrame::decode(&broken.into_iter().collect::<String>());
        }
    }

    #[test]
    fn an_unknown_type_is_distinguished_from_an_invalid_frame() {
        let id = "0192f7a0-0000-7000-8000-000000000001";
        let code = |text: &str| ClientFrame::decode(text).expect_err(text).code;
        assert_eq!(code(r#"{"type":"dance"}"#), ErrorCode::UnknownType);
        assert_eq!(code(r#"{"type":"send"}"#), ErrorCode::BadFrame);
        assert_eq!(code(r#"{"type":7}"#), ErrorCode::BadFrame);
        assert_eq!(code("{"), ErrorCode::BadFrame);
        assert_eq!(code("[]"), ErrorCode::BadFrame);
        assert_eq!(code(r#"["ping"]"#), ErrorCode::BadFrame);
        let error = ClientFrame::decode(&format!(r#"{{"type":"send","id":"{id}","conversation":"nope","body":""}}"#));
        assert_eq!(error.expect_err("a wrong id").id, id.parse().ok());
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert_eq!(ClientFrame::decode(r#"{"type":"ping","mood":"fine"}"#), Ok(ClientFrame::Ping {}));
    }
}
