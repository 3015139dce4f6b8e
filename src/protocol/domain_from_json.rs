//! [`FromJson`] for the values of the domain.

use serde_json::Value;
use uuid::Uuid;

use super::from_json::{FromJson, field, optional};
use crate::domain::{
    Action, Body, CommandId, Companion, Completions, Conversation, ConversationId, ConversationKind, ConversationList,
    CurrentUser, DirectoryPage, DirectoryRoom, Emoji, EndReason, Epoch, MemberPage, ModerationNotice, Nickname,
    Posting, Role, Room, RoomChange, RoomMember, RoomName, RoomTopic, Scope, Seq, SessionEnd, SessionId, SessionInfo,
    Timestamp, User, UserId, UserKind, Visibility,
};

macro_rules! from_json_by_inner {
    ($($name:ident: $inner:ty, $make:expr;)*) => {$(
        impl FromJson for $name {
            fn from_value(value: &Value) -> Option<Self> {
                <$inner>::from_value(value).map($make)
            }
        }
    )*};
}

from_json_by_inner! {
    UserId: Uuid, Self::from_uuid;
    ConversationId: Uuid, Self::from_uuid;
    CommandId: Uuid, Self::from_uuid;
    SessionId: Uuid, Self::from_uuid;
    Epoch: Uuid, Self::from_uuid;
    Seq: u64, Self;
    Timestamp: u64, Self;
    Body: String, Self::from_trusted;
    Emoji: String, Self::from_trusted;
    Nickname: String, Self::from_trusted;
    RoomName: String, Self::from_trusted;
    RoomTopic: String, Self::from_trusted;
}

impl FromJson for EndReason {
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl FromJson for SessionEnd {
    fn from_value(value: &Value) -> Option<Self> {
        let (user, registered) = (field(value, "user")?, field(value, "registered")?);
        Some(Self { user, registered, reason: field(value, "reason")? })
    }
}

impl FromJson for User {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            nickname: field(value, "nickname")?,
            registered: optional(value, "registered")?.unwrap_or_default(),
            role: optional(value, "role")?.unwrap_or_default(),
        })
    }
}

impl FromJson for Role {
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl FromJson for Action {
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl FromJson for ModerationNotice {
    fn from_value(value: &Value) -> Option<Self> {
        let scope = match value.get("scope")?.as_str()? {
            "room" => Scope::Room,
            "server" => Scope::Server,
            _ => return None,
        };
        Some(Self {
            action: field(value, "action")?,
            user: field(value, "user")?,
            scope,
            until: optional(value, "until")?,
            role: optional(value, "role")?,
            not_member: optional(value, "not_member")?.unwrap_or_default(),
        })
    }
}

impl FromJson for Visibility {
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|visibility| visibility.name() == name)
    }
}

impl FromJson for Posting {
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|posting| posting.name() == name)
    }
}

impl FromJson for Room {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            name: field(value, "name")?,
            topic: optional(value, "topic")?.unwrap_or_default(),
            visibility: optional(value, "visibility")?.unwrap_or_default(),
            posting: optional(value, "posting")?.unwrap_or_default(),
            archived: optional(value, "archived")?.unwrap_or_default(),
            lobby: optional(value, "lobby")?.unwrap_or_default(),
            role: optional(value, "role")?.unwrap_or_default(),
            member_count: field(value, "member_count")?,
        })
    }
}

impl FromJson for RoomChange {
    fn from_value(value: &Value) -> Option<Self> {
        Some(match value.get("change")?.as_str()? {
            "created" => Self::Created {
                name: field(value, "name")?,
                topic: optional(value, "topic")?.unwrap_or_default(),
                visibility: optional(value, "visibility")?.unwrap_or_default(),
            },
            "renamed" => Self::Renamed { name: field(value, "name")? },
            "topic" => Self::Topic { topic: field(value, "topic")? },
            "visibility" => Self::Visibility { visibility: field(value, "visibility")? },
            "posting" => Self::Posting { posting: field(value, "posting")? },
            "archived" => Self::Archived,
            "restored" => Self::Restored,
            "joined" => Self::Joined,
            "left" => Self::Left,
            "added" => Self::Added { user: field(value, "user")? },
            _ => return None,
        })
    }
}

impl FromJson for DirectoryRoom {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            name: field(value, "name")?,
            topic: optional(value, "topic")?.unwrap_or_default(),
            visibility: optional(value, "visibility")?.unwrap_or_default(),
            archived: optional(value, "archived")?.unwrap_or_default(),
            joined: optional(value, "joined")?.unwrap_or_default(),
            member_count: field(value, "member_count")?,
            last_message_at: field(value, "last_message_at")?,
        })
    }
}

impl FromJson for DirectoryPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { rooms: field(value, "rooms")?, after: optional(value, "after")? })
    }
}

impl FromJson for RoomMember {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            user: field(value, "user")?,
            role: optional(value, "role")?.unwrap_or_default(),
            online: optional(value, "online")?.unwrap_or_default(),
        })
    }
}

impl FromJson for MemberPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { members: field(value, "members")?, after: optional(value, "after")? })
    }
}

impl FromJson for Completions {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { members: field(value, "members")?, others: field(value, "others")? })
    }
}

impl FromJson for CurrentUser {
    fn from_value(value: &Value) -> Option<Self> {
        let User { id, nickname, role, .. } = User::from_value(value)?;
        let kind = match value.get("kind")?.as_str()? {
            "guest" => UserKind::Guest,
            "registered" => UserKind::Registered,
            _ => return None,
        };
        Some(Self { id, nickname, kind, role })
    }
}

impl FromJson for Companion {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { user: User::from_value(value)?, gone: optional(value, "gone")?.unwrap_or_default() })
    }
}

impl FromJson for ConversationList {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { conversations: field(value, "conversations")?, older: optional(value, "older")? })
    }
}

impl FromJson for Conversation {
    fn from_value(value: &Value) -> Option<Self> {
        let kind = match value.get("kind")?.as_str()? {
            "room" => ConversationKind::Room(Room::from_value(value)?),
            "direct" => ConversationKind::Direct { with: field(value, "with")? },
            _ => return None,
        };
        Some(Self {
            id: field(value, "id")?,
            kind,
            last_seq: field(value, "last_seq")?,
            last_message_at: field(value, "last_message_at")?,
            read_seq: field(value, "read_seq")?,
            unread: field(value, "unread")?,
            mentions: field(value, "mentions")?,
            muted: optional(value, "muted")?.unwrap_or_default(),
            pinned: optional(value, "pinned")?.unwrap_or_default(),
        })
    }
}

impl FromJson for SessionInfo {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            created_at: field(value, "created_at")?,
            seen_at: field(value, "seen_at")?,
            agent: field(value, "agent")?,
            current: field(value, "current")?,
        })
    }
}
