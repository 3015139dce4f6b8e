//! What the server knows of a visitor when it renders the page.

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{ConversationId, CurrentUser, MessagesPage, SessionEnd, User},
    protocol::{ErrorCode, FromJson, Welcome, field, optional},
    ui::{Language, Theme},
};

/// What the server knows of a visitor when it renders the page; the browser starts from the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InitialState {
    /// Where: the path of the page.
    pub path: String,
    /// Who it is, if the cookie tells.
    pub me: Option<CurrentUser>,
    /// The language of the cookie, or the browser's.
    pub language: Language,
    /// The theme of the cookie.
    pub theme: Theme,
    /// The room that everyone is in, so that who was removed can come back.
    pub lobby: Option<ConversationId>,
    /// A few of those who are here, for the door.
    pub faces: Vec<User>,
    /// How many are here.
    pub online_count: u64,
    /// Whether only those with an account may come in.
    pub accounts_only: bool,
    /// The session of the cookie, if it is over and this browser may not know yet.
    pub ended: Option<SessionEnd>,
    /// What became of a join form that was sent without WebAssembly.
    pub attempt: JoinAttempt,
    /// The conversation that is open, for somebody who is in.
    pub opening: Option<OpenConversation>,
}

/// An open conversation, as it stands before there is a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenConversation {
    /// What the connection would begin with.
    pub welcome: Welcome,
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its newest messages.
    pub page: MessagesPage,
    /// What stands in the composer: refused, if it was sent without WebAssembly; or typed before that has arrived.
    pub draft: Option<String>,
    /// Why it was refused.
    pub problem: Option<ErrorCode>,
}

/// What became of a join form that was sent without WebAssembly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JoinAttempt {
    /// What was typed.
    pub nickname: Option<String>,
    /// Why it was refused.
    pub error: Option<ErrorCode>,
    /// A name that is free.
    pub suggestion: Option<String>,
    /// What lets one in, from the link that was followed.
    pub invite: Option<String>,
    /// What makes one the owner, from the link that was followed.
    pub claim: Option<String>,
}

impl FromJson for InitialState {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            path: field(value, "path")?,
            me: optional(value, "me")?,
            language: Language::from_tag(value.get("language")?.as_str()?)?,
            theme: Theme::from_name(value.get("theme")?.as_str()?)?,
            lobby: optional(value, "lobby")?,
            faces: field(value, "faces")?,
            online_count: field(value, "online_count")?,
            accounts_only: field(value, "accounts_only")?,
            ended: optional(value, "ended")?,
            attempt: field(value, "attempt")?,
            opening: optional(value, "opening")?,
        })
    }
}

impl FromJson for OpenConversation {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            welcome: field(value, "welcome")?,
            conversation: field(value, "conversation")?,
            page: field(value, "page")?,
            draft: optional(value, "draft")?,
            problem: optional(value, "problem")?,
        })
    }
}

impl FromJson for JoinAttempt {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            nickname: optional(value, "nickname")?,
            error: optional(value, "error")?,
            suggestion: optional(value, "suggestion")?,
            invite: optional(value, "invite")?,
            claim: optional(value, "claim")?,
        })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::{
        domain::{Body, CommandId, EndReason, Epoch, Message, Nickname, Seq, Timestamp, UserId, UserKind},
        protocol::VERSION,
    };

    fn opening(me: CurrentUser) -> OpenConversation {
        let conversation = ConversationId::generate();
        let message = Message {
            seq: Seq(1),
            id: CommandId::random(),
            at: Timestamp(1),
            author: me.user(),
            body: Body::parse("<b>\"喂\"</b>").expect("a body"),
            revision: Seq(1),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
        };
        let welcome = Welcome {
            protocol: VERSION,
            at: Some(Timestamp(2)),
            epoch: Epoch::generate(),
            token: None,
            me: me.clone(),
            conversations: Vec::new(),
            older: None,
            blocks: Vec::new(),
            online: vec![me.user()],
            online_count: 1,
        };
        OpenConversation {
            welcome,
            conversation,
            page: MessagesPage { messages: vec![message], as_of: Seq(1), more: true },
            draft: Some("\n喂".into()),
            problem: Some(ErrorCode::Muted),
        }
    }

    #[test]
    fn the_browser_reads_what_the_server_hands_over() {
        let nickname = Nickname::parse("小明").expect("a nickname");
        let id = UserId::generate();
        for language in Language::ALL {
            for theme in Theme::ALL {
                let viewer = InitialState {
                    path: "/talk/lobby".into(),
                    me: Some(CurrentUser {
                        id,
                        nickname: nickname.clone(),
                        kind: UserKind::Guest,
                        role: crate::domain::Role::Member,
                    }),
                    language,
                    theme,
                    lobby: Some(ConversationId::generate()),
                    faces: vec![User::guest(id, nickname.clone())],
                    online_count: 7,
                    accounts_only: true,
                    ended: Some(SessionEnd { user: id, registered: true, reason: EndReason::Expired }),
                    attempt: JoinAttempt {
                        nickname: Some("x".into()),
                        error: Some(ErrorCode::NicknameTaken),
                        suggestion: None,
                        invite: Some("token".into()),
                        claim: Some("another".into()),
                    },
                    opening: Some(opening(CurrentUser {
                        id,
                        nickname: nickname.clone(),
                        kind: UserKind::Guest,
                        role: crate::domain::Role::Member,
                    })),
                };
                let handed_over = serde_json::to_string(&viewer).expect("plain JSON");
                assert_eq!(InitialState::from_json(&handed_over), Some(viewer));
            }
        }
        let nobody = serde_json::to_string(&InitialState::default()).expect("plain JSON");
        assert_eq!(InitialState::from_json(&nobody), Some(InitialState::default()));
    }
}
