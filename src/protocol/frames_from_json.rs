//! [`FromJson`] for the server's frames and the HTTP bodies that the browser reads.

use serde_json::Value;

use super::{
    error::ErrorCode,
    from_json::{FromJson, field, optional},
    http::{Problem, SessionCreated, SessionList},
    server::{ErrorFrame, ServerFrame, Welcome},
};
use crate::domain::{Conversation, Event};

impl FromJson for ErrorCode {
    /// An unknown code, of a newer server, becomes [`ErrorCode::Internal`]: the page can only say that it failed.
    fn from_value(value: &Value) -> Option<Self> {
        let name = value.as_str()?;
        Some(Self::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Self::Internal))
    }
}

impl FromJson for SessionCreated {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { token: field(value, "token")?, me: field(value, "me")? })
    }
}

impl FromJson for SessionList {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { sessions: field(value, "sessions")? })
    }
}

impl FromJson for Problem {
    fn from_value(value: &Value) -> Option<Self> {
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

impl FromJson for ErrorFrame {
    fn from_value(value: &Value) -> Option<Self> {
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
    fn from_value(value: &Value) -> Option<Self> {
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
    fn from_value(value: &Value) -> Option<Self> {
        Some(match value.get("type")?.as_str()? {
            "welcome" => Self::Welcome(Box::new(Welcome::from_value(value)?)),
            "event" => Self::Event(Event::from_value(value)?),
            "error" => Self::Error(ErrorFrame::from_value(value)?),
            "conversation" => Self::Conversation(Conversation::from_value(value)?),
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
    use crate::domain::MessagesPage;

    #[test]
    fn every_error_code_is_decoded_and_an_unknown_one_becomes_internal() {
        for code in ErrorCode::ALL {
            let text = serde_json::to_string(&code).expect("a name");
            assert_eq!(text, format!("{:?}", code.name()));
            assert_eq!(ErrorCode::from_json(&text), Some(code));
        }
        assert_eq!(ErrorCode::from_json("\"of a newer server\""), Some(ErrorCode::Internal));
    }

    #[test]
    fn bodies_are_decoded_as_by_serde() {
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
