//! Frames that the server sends.

use serde::{Deserialize, Serialize};

use crate::domain::{
    CommandId, Conversation, ConversationId, CurrentUser, Epoch, Event, Nickname, Seq, Timestamp, User, UserId,
};

use super::error::ErrorCode;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// An event of a conversation.
    Event(Event),
    /// All missed events of a conversation have been sent.
    CaughtUp {
        /// The conversation.
        conversation: ConversationId,
        /// The last event.
        seq: Seq,
    },
    /// The client missed too many events, or its cursor is meaningless: it must fetch the conversation's messages again.
    Reset {
        /// The conversation.
        conversation: ConversationId,
        /// Its newest event.
        last_seq: Seq,
    },
    /// A command took effect and is on disk.
    Ack {
        /// The command.
        id: CommandId,
        /// The conversation of the command.
        conversation: ConversationId,
        /// The position of its event, if it caused one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<Seq>,
        /// When it was committed.
        at: Timestamp,
    },
    /// A command or frame was refused.
    Error(ErrorFrame),
    /// A conversation was added to the list of the user, or changed.
    Conversation(Conversation),
    /// A conversation was removed from the list of the user.
    ConversationRemoved {
        /// The conversation.
        id: ConversationId,
    },
    /// The user has blocked or unblocked another user.
    Block {
        /// The other user.
        user: User,
        /// Whether they are blocked now.
        on: bool,
    },
    /// The user has read up to an event, on one of their connections.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The user of this connection.
        user: User,
        /// The last event.
        seq: Seq,
    },
    /// Another user is typing.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// The user.
        user: User,
    },
    /// Users came online or went offline; at most one frame per second.
    Presence {
        /// Users who are online now; empty while too many are online to list them.
        joined: Vec<User>,
        /// Users who are offline now, or not listed any more because too many are online.
        left: Vec<UserId>,
        /// How many users are online.
        online_count: u64,
    },
    /// The answer to `ping`.
    Pong {},
}

/// The answer to `hello`: everything that the client needs to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol's version: 1.
    pub protocol: u32,
    /// The server's time; older servers do not send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The epoch that all positions belong to.
    pub epoch: Epoch,
    /// The session token of a new guest; `None` if the session existed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The current user.
    pub me: CurrentUser,
    /// The conversations of the user: all rooms, and the directs with the newest messages.
    pub conversations: Vec<Conversation>,
    /// The cursor for the rest of the directs, as in [`ConversationList::older`](crate::domain::ConversationList::older).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
    /// The users whom the user has blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<User>,
    /// The users who are online; empty while more than [`super::limits::MAX_LISTED_ONLINE`] are.
    pub online: Vec<User>,
    /// How many users are online.
    pub online_count: u64,
}

/// Why a command or frame was refused. It had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorFrame {
    /// The command, if its id could be decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, for humans.
    pub message: String,
    /// A free nickname, with [`ErrorCode::NicknameTaken`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Nickname>,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::{collection::vec, option, prelude::*};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            Action, Body, Companion, ConversationKind, Emoji, EventKind, Mention, Mentioned, ModerationNotice, Posting,
            Reply, Role, Room, RoomChange, RoomName, RoomTopic, Scope, UserKind, Visibility,
        },
        protocol::FromJson as _,
    };

    prop_compose! {
        fn uuid()(id in any::<u128>()) -> Uuid { Uuid::from_u128(id) }
    }
    prop_compose! {
        fn conversation_id()(id in uuid()) -> ConversationId { ConversationId::from_uuid(id) }
    }
    prop_compose! {
        fn command_id()(id in uuid()) -> CommandId { CommandId::from_uuid(id) }
    }
    fn role() -> impl Strategy<Value = Role> {
        proptest::sample::select(&Role::ALL[..])
    }
    prop_compose! {
        fn notice()(action in proptest::sample::select(&Action::ALL[..]), user in user(), everywhere in any::<bool>(),
                    until in option::of(any::<u64>()), role in option::of(role()),
                    not_member in any::<bool>()) -> ModerationNotice {
            let scope = if everywhere { Scope::Server } else { Scope::Room };
            ModerationNotice { action, user, scope, until: until.map(Timestamp), role, not_member }
        }
    }
    prop_compose! {
        fn user()(id in uuid(), nickname in any::<String>(), registered in any::<bool>(), role in role()) -> User {
            User { id: UserId::from_uuid(id), nickname: Nickname::from_trusted(nickname), registered, role }
        }
    }
    prop_compose! {
        fn room()(name in name(), topic in topic(), visibility in visibility(), posting in posting(),
                  (archived, lobby, member_count) in any::<(bool, bool, u64)>(), role in role()) -> Room {
            Room { name, topic, visibility, posting, archived, lobby, role, member_count }
        }
    }
    fn name() -> impl Strategy<Value = RoomName> {
        any::<String>().prop_map(RoomName::from_trusted)
    }
    fn topic() -> impl Strategy<Value = RoomTopic> {
        any::<String>().prop_map(RoomTopic::from_trusted)
    }
    fn visibility() -> impl Strategy<Value = Visibility> {
        proptest::sample::select(&Visibility::ALL[..])
    }
    fn posting() -> impl Strategy<Value = Posting> {
        proptest::sample::select(&Posting::ALL[..])
    }
    fn room_change() -> impl Strategy<Value = RoomChange> {
        prop_oneof![
            (name(), topic(), visibility()).prop_map(|(name, topic, visibility)| RoomChange::Created {
                name,
                topic,
                visibility
            }),
            name().prop_map(|name| RoomChange::Renamed { name }),
            topic().prop_map(|topic| RoomChange::Topic { topic }),
            visibility().prop_map(|visibility| RoomChange::Visibility { visibility }),
            posting().prop_map(|posting| RoomChange::Posting { posting }),
            Just(RoomChange::Archived),
            Just(RoomChange::Restored),
            Just(RoomChange::Joined),
            Just(RoomChange::Left),
            user().prop_map(|user| RoomChange::Added { user }),
        ]
    }
    prop_compose! {
        fn conversation()(
            id in conversation_id(),
            kind in prop_oneof![
                room().prop_map(ConversationKind::Room),
                (user(), any::<bool>()).prop_map(|(user, gone)| ConversationKind::Direct { with: Companion { user, gone } }),
            ],
            (last, at, read, unread, mentions) in any::<(u64, u64, u64, u32, u32)>(),
            (muted, pinned) in any::<(bool, bool)>(),
        ) -> Conversation {
            let (last_seq, last_message_at) = (Seq(last), Timestamp(at));
            Conversation { id, kind, last_seq, last_message_at, read_seq: Seq(read), unread, mentions, muted, pinned }
        }
    }
    prop_compose! {
        fn mention()((start, end) in any::<(u32, u32)>(), user in option::of(user())) -> Mention {
            Mention { start, end, whom: user.map_or(Mentioned::Everyone, Mentioned::User) }
        }
    }
    fn reply() -> impl Strategy<Value = Reply> {
        any::<(u64, u64)>().prop_map(|(to, thread)| Reply { to: Seq(to), thread: Seq(thread) })
    }
    fn change() -> impl Strategy<Value = EventKind> {
        let body = || any::<String>().prop_map(Body::from_trusted);
        let seq = || any::<u64>().prop_map(Seq);
        prop_oneof![
            (body(), vec(mention(), 0..3), option::of(reply()), vec(uuid().prop_map(UserId::from_uuid), 0..3))
                .prop_map(|(body, mentions, reply, participants)| EventKind::Message {
                    body,
                    mentions,
                    reply,
                    participants
                }),
            (seq(), body(), vec(mention(), 0..3)).prop_map(|(seq, body, mentions)| EventKind::Edit {
                seq,
                body,
                mentions
            }),
            (seq(), any::<bool>()).prop_map(|(seq, on)| EventKind::Pin { seq, on }),
            seq().prop_map(|seq| EventKind::Deletion { seq }),
            (seq(), any::<String>(), any::<bool>()).prop_map(|(seq, emoji, on)| EventKind::Reaction {
                seq,
                emoji: Emoji::from_trusted(emoji),
                on
            }),
            notice().prop_map(EventKind::Notice),
            room_change().prop_map(EventKind::Room),
            Just(EventKind::AccountDeleted),
        ]
    }
    prop_compose! {
        fn event()(conversation in conversation_id(), id in command_id(), author in user(), kind in change(),
                   (seq, at) in any::<(u64, u64)>()) -> Event {
            Event { conversation, seq: Seq(seq), at: Timestamp(at), author, id, kind }
        }
    }
    prop_compose! {
        fn welcome()(at in option::of(any::<u64>()), epoch in uuid(), token in option::of(any::<String>()), me in user(),
                     conversations in vec(conversation(), 0..3), older in option::of(any::<String>()),
                     blocks in vec(user(), 0..2), online in vec(user(), 0..3)) -> Welcome {
            let online_count = online.len() as u64;
            let me = CurrentUser { id: me.id, nickname: me.nickname, kind: UserKind::Guest, role: me.role };
            let epoch = Epoch::from_uuid(epoch);
            Welcome { protocol: 1, at: at.map(Timestamp), epoch, token, me, conversations, older, blocks, online, online_count }
        }
    }
    prop_compose! {
        fn error()(id in option::of(command_id()), message in any::<String>(),
                   suggestion in option::of(user()), retry_after_ms in option::of(any::<u64>())) -> ErrorFrame {
            let suggestion = suggestion.map(|user| user.nickname);
            ErrorFrame { id, code: ErrorCode::NicknameTaken, message, suggestion, retry_after_ms }
        }
    }

    fn frame() -> impl Strategy<Value = ServerFrame> {
        let seq = || any::<u64>().prop_map(Seq);
        prop_oneof![
            welcome().prop_map(|welcome| ServerFrame::Welcome(Box::new(welcome))),
            event().prop_map(ServerFrame::Event),
            (conversation_id(), seq()).prop_map(|(conversation, seq)| ServerFrame::CaughtUp { conversation, seq }),
            (conversation_id(), seq())
                .prop_map(|(conversation, last_seq)| ServerFrame::Reset { conversation, last_seq }),
            (command_id(), conversation_id(), option::of(seq()), any::<u64>())
                .prop_map(|(id, conversation, seq, at)| ServerFrame::Ack { id, conversation, seq, at: Timestamp(at) }),
            error().prop_map(ServerFrame::Error),
            conversation().prop_map(ServerFrame::Conversation),
            conversation_id().prop_map(|id| ServerFrame::ConversationRemoved { id }),
            (user(), any::<bool>()).prop_map(|(user, on)| ServerFrame::Block { user, on }),
            (conversation_id(), user(), seq()).prop_map(|(conversation, user, seq)| ServerFrame::Read {
                conversation,
                user,
                seq
            }),
            (conversation_id(), user()).prop_map(|(conversation, user)| ServerFrame::Typing { conversation, user }),
            (vec(user(), 0..3), vec(user(), 0..3), any::<u64>()).prop_map(|(joined, left, online_count)| {
                ServerFrame::Presence { joined, left: left.into_iter().map(|user| user.id).collect(), online_count }
            }),
            Just(ServerFrame::Pong {}),
        ]
    }

    #[test]
    fn anything_but_a_frame_is_refused() {
        for text in ["", "[]", r#"{"type":"dance"}"#, r#"{"type":"read"}"#, r#"{"type":"ack","id":7}"#] {
            assert_eq!(ServerFrame::from_json(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_frame_round_trips(frame in frame()) {
            let text = serde_json::to_string(&frame).expect("frames are plain JSON");
            prop_assert_eq!(&serde_json::from_str::<ServerFrame>(&text).expect(&text), &frame);
            prop_assert_eq!(&ServerFrame::from_json(&text).expect(&text), &frame);
        }
    }
}
