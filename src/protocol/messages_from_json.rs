//! [`FromJson`] for messages, events, and pages of them.

use serde_json::Value;

use super::from_json::{FromJson, field, optional};
use crate::domain::{
    ChangesPage, Event, EventKind, Mention, MentionPage, Mentioned, Message, MessageHistory, MessageVersion,
    MessagesPage, ModerationNotice, PinnedMessages, Reaction, Reply, RoomChange, ThreadPage, ToldMessage,
};

impl FromJson for Mention {
    fn from_value(value: &Value) -> Option<Self> {
        let whom = match optional(value, "user")? {
            Some(user) => Mentioned::User(user),
            None if field(value, "everyone")? => Mentioned::Everyone,
            None => return None,
        };
        Some(Self { start: field(value, "start")?, end: field(value, "end")?, whom })
    }
}

impl FromJson for Reply {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { to: field(value, "reply_to")?, thread: field(value, "thread")? })
    }
}

impl FromJson for Reaction {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { emoji: field(value, "emoji")?, users: field(value, "users")? })
    }
}

impl FromJson for Message {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            seq: field(value, "seq")?,
            id: field(value, "id")?,
            at: field(value, "at")?,
            author: field(value, "author")?,
            body: field(value, "body")?,
            mentions: optional(value, "mentions")?.unwrap_or_default(),
            reply: Reply::from_value(value),
            replies: optional(value, "replies")?.unwrap_or_default(),
            pinned: optional(value, "pinned")?.unwrap_or_default(),
            revision: field(value, "revision")?,
            edited_at: optional(value, "edited_at")?,
            deleted: optional(value, "deleted")?.unwrap_or_default(),
            reactions: optional(value, "reactions")?.unwrap_or_default(),
            notice: optional(value, "notice")?,
            room: optional(value, "room")?,
        })
    }
}

impl FromJson for EventKind {
    fn from_value(value: &Value) -> Option<Self> {
        Some(match value.get("kind")?.as_str()? {
            "message" => Self::Message {
                body: field(value, "body")?,
                mentions: optional(value, "mentions")?.unwrap_or_default(),
                reply: Reply::from_value(value),
                participants: optional(value, "participants")?.unwrap_or_default(),
            },
            "edit" => Self::Edit {
                seq: field(value, "seq")?,
                body: field(value, "body")?,
                mentions: optional(value, "mentions")?.unwrap_or_default(),
            },
            "pin" => Self::Pin { seq: field(value, "seq")?, on: field(value, "on")? },
            "deletion" => Self::Deletion { seq: field(value, "seq")? },
            "reaction" => {
                Self::Reaction { seq: field(value, "seq")?, emoji: field(value, "emoji")?, on: field(value, "on")? }
            }
            // A notice with an action or scope of a newer version.
            "notice" => ModerationNotice::from_value(value).map_or(Self::Other, Self::Notice),
            "room" => RoomChange::from_value(value).map_or(Self::Other, Self::Room),
            "account_deleted" => Self::AccountDeleted,
            _ => Self::Other,
        })
    }
}

impl FromJson for Event {
    fn from_value(value: &Value) -> Option<Self> {
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

impl FromJson for MessagesPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { messages: field(value, "messages")?, as_of: field(value, "as_of")?, more: field(value, "more")? })
    }
}

impl FromJson for ThreadPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { page: MessagesPage::from_value(value)?, muted: optional(value, "muted")?.unwrap_or_default() })
    }
}

impl FromJson for ToldMessage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { conversation: field(value, "conversation")?, message: field(value, "message")? })
    }
}

impl FromJson for MentionPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { mentions: field(value, "mentions")?, older: optional(value, "older")? })
    }
}

impl FromJson for PinnedMessages {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { messages: field(value, "messages")?, as_of: field(value, "as_of")? })
    }
}

impl FromJson for MessageVersion {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            at: field(value, "at")?,
            body: field(value, "body")?,
            mentions: optional(value, "mentions")?.unwrap_or_default(),
        })
    }
}

impl FromJson for MessageHistory {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { versions: field(value, "versions")? })
    }
}

impl FromJson for ChangesPage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self { events: field(value, "events")?, as_of: field(value, "as_of")?, more: field(value, "more")? })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;

    const MESSAGE: &str = r#"{"seq":42,"id":"bb2edb20-035b-4399-bfd4-235992edcf45","at":1795445000123,
        "author":{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"小明"},"body":"@阿玲 @room",
        "mentions":[{"start":0,"end":7,"user":{"id":"01a208dc-704b-7e68-8d46-4138a6233255","nickname":"阿玲"}},
        {"start":8,"end":13,"everyone":true}],"reply_to":41,"thread":12,"replies":2,"pinned":true,"revision":44}"#;

    fn assert_decoded_as_by_serde<T: FromJson + DeserializeOwned + PartialEq + Debug>(json: &str) {
        let decoded = T::from_json(json);
        assert!(decoded.is_some(), "{json}");
        assert_eq!(decoded, serde_json::from_str(json).ok());
    }

    #[test]
    fn pages_are_decoded_as_by_serde() {
        assert_decoded_as_by_serde::<Message>(MESSAGE);
        let page = format!(r#""messages":[{MESSAGE}],"as_of":45"#);
        assert_decoded_as_by_serde::<MessagesPage>(&format!(r#"{{{page},"more":true}}"#));
        assert_decoded_as_by_serde::<ThreadPage>(&format!(r#"{{{page},"more":true,"muted":true}}"#));
        assert_decoded_as_by_serde::<PinnedMessages>(&format!(r"{{{page}}}"));
        let told = format!(r#"{{"conversation":"01a208dc-704b-7e68-8d46-4138a6233255","message":{MESSAGE}}}"#);
        assert_decoded_as_by_serde::<MentionPage>(&format!(r#"{{"mentions":[{told}],"older":"42"}}"#));
        assert_decoded_as_by_serde::<MessageHistory>(r#"{"versions":[{"at":1795445000123,"body":"hi"}]}"#);
        assert_decoded_as_by_serde::<ChangesPage>(r#"{"events":[],"as_of":45,"more":false}"#);
    }

    #[test]
    fn a_mention_names_a_user_or_everyone() {
        for wrong in [r#"{"start":0,"end":5}"#, r#"{"start":0,"end":5,"everyone":false}"#] {
            assert_eq!(Mention::from_json(wrong), None);
            assert!(serde_json::from_str::<Mention>(wrong).is_err());
        }
    }
}
