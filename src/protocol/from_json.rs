//! Reading the server's JSON in the browser.
//!
//! The derived `Deserialize` of these types reads the same, and tests hold the two together. But it makes code anew for
//! each type, 25 kB of what a browser has to load; here a text becomes a [`Value`] once, and the rest is look-ups.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::{
        Action, Body, CommandId, Companion, Conversation, ConversationId, ConversationKind, ConversationList,
        CurrentUser, Emoji, EndReason, Epoch, Event, EventKind, Message, MessagesPage, ModerationNotice, Nickname,
        Reaction, Role, Scope, Seq, SessionEnd, SessionId, SessionInfo, Timestamp, User, UserId, UserKind,
    },
    protocol::{ErrorCode, ErrorFrame, Problem, ServerFrame, SessionCreated, SessionList, Welcome},
};

/// What can be read from JSON.
pub trait FromJson: Sized {
    /// Reads it; `None` for anything else.
    fn read(value: &Value) -> Option<Self>;

    /// Reads it from a text.
    fn from_json(text: &str) -> Option<Self> {
        Self::read(&serde_json::from_str(text).ok()?)
    }
}

/// A field that must be there.
pub fn field<T: FromJson>(object: &Value, name: &str) -> Option<T> {
    T::read(object.get(name)?)
}

/// A field that may be missing or null, but not be something else.
pub fn optional<T: FromJson>(object: &Value, name: &str) -> Option<Option<T>> {
    match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => T::read(value).map(Some),
    }
}

impl FromJson for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }
}

impl FromJson for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for u32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl FromJson for Uuid {
    fn read(value: &Value) -> Option<Self> {
        Self::try_parse(value.as_str()?).ok()
    }
}

macro_rules! read_through {
    ($($name:ident: $inner:ty, $make:expr;)*) => {$(
        impl FromJson for $name {
            fn read(value: &Value) -> Option<Self> {
                <$inner>::read(value).map($make)
            }
        }
    )*};
}

read_through! {
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
}

impl FromJson for ErrorCode {
    /// A code of a newer server is [`ErrorCode::Internal`]: it did not work, and this page can't say why.
    fn read(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Some(Self::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Self::Internal))
    }
}

impl FromJson for EndReason {
    fn read(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl FromJson for SessionEnd {
    fn read(value: &Value) -> Option<Self> {
        let (user, registered) = (field(value, "user")?, field(value, "registered")?);
        Some(Self { user, registered, reason: field(value, "reason")? })
    }
}

impl FromJson for User {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            nickname: field(value, "nickname")?,
            registered: optional(value, "registered")?.unwrap_or_default(),
            role: optional(value, "role")?.unwrap_or_default(),
        })
    }
}

impl FromJson for Role {
    fn read(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl FromJson for Action {
    fn read(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl FromJson for ModerationNotice {
    fn read(value: &Value) -> Option<Self> {
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
        })
    }
}

impl FromJson for CurrentUser {
    fn read(value: &Value) -> Option<Self> {
        let User { id, nickname, role, .. } = User::read(value)?;
        let kind = match value.get("kind")?.as_str()? {
            "guest" => UserKind::Guest,
            "registered" => UserKind::Registered,
            _ => return None,
        };
        Some(Self { id, nickname, kind, role })
    }
}

impl FromJson for Companion {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { user: User::read(value)?, gone: optional(value, "gone")?.unwrap_or_default() })
    }
}

impl FromJson for ConversationList {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { conversations: field(value, "conversations")?, older: optional(value, "older")? })
    }
}

impl FromJson for Conversation {
    fn read(value: &Value) -> Option<Self> {
        let kind = match value.get("kind")?.as_str()? {
            "room" => {
                ConversationKind::Room { name: field(value, "name")?, member_count: field(value, "member_count")? }
            }
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
        })
    }
}

impl FromJson for Reaction {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { emoji: field(value, "emoji")?, users: field(value, "users")? })
    }
}

impl FromJson for Message {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            seq: field(value, "seq")?,
            id: field(value, "id")?,
            at: field(value, "at")?,
            author: field(value, "author")?,
            body: field(value, "body")?,
            revision: field(value, "revision")?,
            edited_at: optional(value, "edited_at")?,
            deleted: optional(value, "deleted")?.unwrap_or_default(),
            reactions: optional(value, "reactions")?.unwrap_or_default(),
            notice: optional(value, "notice")?,
        })
    }
}

impl FromJson for MessagesPage {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { messages: field(value, "messages")?, as_of: field(value, "as_of")?, more: field(value, "more")? })
    }
}

impl FromJson for SessionCreated {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { token: field(value, "token")?, me: field(value, "me")? })
    }
}

impl FromJson for SessionInfo {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            created_at: field(value, "created_at")?,
            seen_at: field(value, "seen_at")?,
            agent: field(value, "agent")?,
            current: field(value, "current")?,
        })
    }
}

impl FromJson for SessionList {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { sessions: field(value, "sessions")? })
    }
}

impl FromJson for Problem {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            kind: field(value, "type")?,
            title: field(value, "title")?,
            status: u16::try_from(field::<u32>(value, "status")?).ok()?,
            detail: field(value, "detail")?,
            code: field(value, "code")?,
            suggestion: optional(value, "suggestion")?,
            retry_after_ms: optional(value, "retry_after_ms")?,
            ended: optional(value, "ended")?,
        })
    }
}

impl FromJson for EventKind {
    fn read(value: &Value) -> Option<Self> {
        Some(match value.get("kind")?.as_str()? {
            "message" => Self::Message { body: field(value, "body")? },
            "edit" => Self::Edit { seq: field(value, "seq")?, body: field(value, "body")? },
            "deletion" => Self::Deletion { seq: field(value, "seq")? },
            "reaction" => {
                Self::Reaction { seq: field(value, "seq")?, emoji: field(value, "emoji")?, on: field(value, "on")? }
            }
            // What a later version did to somebody is not known here, either.
            "notice" => ModerationNotice::read(value).map_or(Self::Other, Self::Notice),
            "account_deleted" => Self::AccountDeleted,
            _ => Self::Other,
        })
    }
}

impl FromJson for Event {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            conversation: field(value, "conversation")?,
            seq: field(value, "seq")?,
            at: field(value, "at")?,
            author: field(value, "author")?,
            id: field(value, "id")?,
            kind: field(value, "event")?,
        })
    }
}

impl FromJson for ErrorFrame {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: optional(value, "id")?,
            code: field(value, "code")?,
            message: field(value, "message")?,
            suggestion: optional(value, "suggestion")?,
            retry_after_ms: optional(value, "retry_after_ms")?,
        })
    }
}

impl FromJson for Welcome {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            protocol: field(value, "protocol")?,
            at: optional(value, "at")?,
            epoch: field(value, "epoch")?,
            token: optional(value, "token")?,
            me: field(value, "me")?,
            conversations: field(value, "conversations")?,
            older: optional(value, "older")?,
            blocks: optional(value, "blocks")?.unwrap_or_default(),
            online: field(value, "online")?,
            online_count: field(value, "online_count")?,
        })
    }
}

impl FromJson for ServerFrame {
    fn read(value: &Value) -> Option<Self> {
        Some(match value.get("type")?.as_str()? {
            "welcome" => Self::Welcome(Box::new(Welcome::read(value)?)),
            "event" => Self::Event(Event::read(value)?),
            "error" => Self::Error(ErrorFrame::read(value)?),
            "conversation" => Self::Conversation(Conversation::read(value)?),
            "conversation_removed" => Self::ConversationRemoved { id: field(value, "id")? },
            "caught_up" => Self::CaughtUp { conversation: field(value, "conversation")?, seq: field(value, "seq")? },
            "reset" => Self::Reset { conversation: field(value, "conversation")?, last_seq: field(value, "last_seq")? },
            "ack" => Self::Ack {
                id: field(value, "id")?,
                conversation: field(value, "conversation")?,
                seq: optional(value, "seq")?,
                at: field(value, "at")?,
            },
            "read" => Self::Read {
                conversation: field(value, "conversation")?,
                user: field(value, "user")?,
                seq: field(value, "seq")?,
            },
            "typing" => Self::Typing { conversation: field(value, "conversation")?, user: field(value, "user")? },
            "presence" => Self::Presence {
                joined: field(value, "joined")?,
                left: field(value, "left")?,
                online_count: field(value, "online_count")?,
            },
            "block" => Self::Block { user: field(value, "user")?, on: field(value, "on")? },
            "pong" => Self::Pong {},
            _ => return None,
        })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_is_read_and_an_unknown_one_is_one_too() {
        for code in ErrorCode::ALL {
            let text = serde_json::to_string(&code).expect("a name");
            assert_eq!(text, format!("{:?}", code.name()));
            assert_eq!(ErrorCode::from_json(&text), Some(code));
        }
        assert_eq!(ErrorCode::from_json("\"of a newer server\""), Some(ErrorCode::Internal));
    }

    #[test]
    fn a_page_and_a_problem_are_read_as_they_are_written() {
        let page = r#"{"messages":[{"seq":42,"id":"bb2edb20-035b-4399-bfd4-235992edcf45","at":1795445000123,
            "author":{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"小明"},"body":"你们好","revision":44,
            "edited_at":1795445003456,"reactions":[{"emoji":"🍵","users":[{"id":"01a208dc-704b-7e68-8d46-4138a6233255",
            "nickname":"阿玲"}]}]},{"seq":43,"id":"bb2edb20-035b-4399-bfd4-235992edcf46","at":1795445000124,
            "author":{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"小明"},"body":"","revision":45,
            "deleted":true}],"as_of":45,"more":true}"#;
        assert_eq!(MessagesPage::from_json(page), serde_json::from_str(page).ok());
        assert!(MessagesPage::from_json(page).is_some());
        let problem = r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"taken",
            "code":"nickname_taken","suggestion":"小明2"}"#;
        assert_eq!(Problem::from_json(problem), serde_json::from_str(problem).ok());
        let created =
            r#"{"token":"t","me":{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"小明","kind":"guest"}}"#;
        assert_eq!(SessionCreated::from_json(created), serde_json::from_str(created).ok());
        let sessions = r#"{"sessions":[{"id":"01a208dc-7c1c-7f4e-a5a1-6f3a9d0b2c11","created_at":1795445000123,
            "seen_at":1795448600000,"agent":"curl/8.5.0","current":true}]}"#;
        assert_eq!(SessionList::from_json(sessions), serde_json::from_str(sessions).ok());
        assert!(SessionList::from_json(sessions).is_some());
    }
}
