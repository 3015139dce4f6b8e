//! What the server knows about the visitor when it renders a document.

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{ConversationId, CurrentUser, DirectoryRoom, MessagesPage, SessionEnd, User},
    protocol::{ErrorCode, FromJson, Welcome, field, optional},
    ui::{
        context::{message_preferences::MessagePreferences, theme::Theme},
        i18n::Language,
    },
};

/// What the server knows about the visitor when it renders a document. The document carries it as JSON, and the WebAssembly
/// starts from it, so that both render the same page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InitialState {
    /// The path of the page's URL.
    pub path: String,
    /// The signed-in user, from the session cookie.
    pub me: Option<CurrentUser>,
    /// The language from the cookie, or the one that the browser prefers.
    pub language: Language,
    /// The theme from the cookie.
    pub theme: Theme,
    /// How messages are shown and sent, from cookies.
    pub message_preferences: MessagePreferences,
    /// The Lobby, so that a user who was removed from it can join it again.
    pub lobby: Option<ConversationId>,
    /// A few of the users who are online, for the sign-in page.
    pub some_online: Vec<User>,
    /// The number of users who are online.
    pub online_count: u64,
    /// Whether the sign-up policy admits registered users only.
    pub registered_only: bool,
    /// The session of the cookie, if it has ended and this browser may not know yet.
    pub ended_session: Option<SessionEnd>,
    /// What came of the sign-in form, if it was sent without WebAssembly.
    pub sign_in_attempt: SignInAttempt,
    /// The welcome that a connection would begin with, for a signed-in user.
    pub welcome: Option<Welcome>,
    /// The conversation that is open.
    pub open_conversation: Option<OpenConversation>,
    /// The room of the page's URL, if the user is not in it but may know of it.
    pub outside_room: OutsideRoom,
}

/// A room that the user is not in but may know of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OutsideRoom(pub Option<DirectoryRoom>);

/// An open conversation before there is a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenConversation {
    /// The conversation that is open.
    pub conversation: ConversationId,
    /// Its newest messages.
    pub page: MessagesPage,
    /// The text in the composer: a message that was sent without WebAssembly and refused, or what was typed before the
    /// WebAssembly loaded.
    pub draft: Option<String>,
    /// Why that message was refused.
    pub problem: Option<ErrorCode>,
}

/// What came of a sign-in form that was sent without WebAssembly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignInAttempt {
    /// The nickname as it was typed.
    pub nickname: Option<String>,
    /// Why the server refused it.
    pub error: Option<ErrorCode>,
    /// A similar nickname that is free.
    pub suggestion: Option<String>,
    /// The invite token from the URL.
    pub invite: Option<String>,
    /// The token from the URL that makes this user the owner.
    pub claim: Option<String>,
}

impl FromJson for InitialState {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            path: field(value, "path")?,
            me: optional(value, "me")?,
            language: Language::from_tag(value.get("language")?.as_str()?)?,
            theme: Theme::from_name(value.get("theme")?.as_str()?)?,
            message_preferences: field(value, "message_preferences")?,
            lobby: optional(value, "lobby")?,
            some_online: field(value, "some_online")?,
            online_count: field(value, "online_count")?,
            registered_only: field(value, "registered_only")?,
            ended_session: optional(value, "ended_session")?,
            sign_in_attempt: field(value, "sign_in_attempt")?,
            welcome: optional(value, "welcome")?,
            open_conversation: optional(value, "open_conversation")?,
            outside_room: OutsideRoom(optional(value, "outside_room")?),
        })
    }
}

impl FromJson for OpenConversation {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            conversation: field(value, "conversation")?,
            page: field(value, "page")?,
            draft: optional(value, "draft")?,
            problem: optional(value, "problem")?,
        })
    }
}

impl FromJson for SignInAttempt {
    fn from_value(value: &Value) -> Option<Self> {
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
        domain::{
            Body, CommandId, EndReason, Epoch, Message, Nickname, RoomName, RoomTopic, Seq, Timestamp, UserId,
            UserKind, Visibility,
        },
        protocol::VERSION,
    };

    fn open_conversation(me: CurrentUser) -> OpenConversation {
        let conversation = ConversationId::generate();
        let message = Message {
            seq: Seq(1),
            id: CommandId::random(),
            at: Timestamp(1),
            author: me.user(),
            body: Body::parse("<b>\"喂\"</b>").expect("a body"),
            mentions: Vec::new(),
            reply: None,
            replies: 0,
            pinned: false,
            revision: Seq(1),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
            room: None,
        };
        OpenConversation {
            conversation,
            page: MessagesPage { messages: vec![message], as_of: Seq(1), more: true },
            draft: Some("\n喂".into()),
            problem: Some(ErrorCode::Muted),
        }
    }

    fn welcome(me: CurrentUser) -> Welcome {
        Welcome {
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
        }
    }

    fn room() -> DirectoryRoom {
        DirectoryRoom {
            id: ConversationId::generate(),
            name: RoomName::parse("茶 Tea").expect("a name"),
            topic: RoomTopic::parse("Cups").expect("a topic"),
            visibility: Visibility::Public,
            archived: true,
            joined: false,
            member_count: 3,
            last_message_at: Timestamp(4),
        }
    }

    #[test]
    fn the_initial_state_survives_its_json() {
        let nickname = Nickname::parse("小明").expect("a nickname");
        let id = UserId::generate();
        for language in Language::ALL {
            for theme in Theme::ALL {
                let me = CurrentUser {
                    id,
                    nickname: nickname.clone(),
                    kind: UserKind::Guest,
                    role: crate::domain::Role::Member,
                };
                let state = InitialState {
                    path: "/talk/lobby".into(),
                    me: Some(me.clone()),
                    language,
                    theme,
                    message_preferences: MessagePreferences { shows_formatting: false, enter_sends: true },
                    lobby: Some(ConversationId::generate()),
                    some_online: vec![User::guest(id, nickname.clone())],
                    online_count: 7,
                    registered_only: true,
                    ended_session: Some(SessionEnd { user: id, registered: true, reason: EndReason::Expired }),
                    sign_in_attempt: SignInAttempt {
                        nickname: Some("x".into()),
                        error: Some(ErrorCode::NicknameTaken),
                        suggestion: None,
                        invite: Some("token".into()),
                        claim: Some("another".into()),
                    },
                    welcome: Some(welcome(me.clone())),
                    open_conversation: Some(open_conversation(me)),
                    outside_room: OutsideRoom(Some(room())),
                };
                let json = serde_json::to_string(&state).expect("plain JSON");
                assert_eq!(InitialState::from_json(&json), Some(state));
            }
        }
        let signed_out = serde_json::to_string(&InitialState::default()).expect("plain JSON");
        assert_eq!(InitialState::from_json(&signed_out), Some(InitialState::default()));
    }
}
