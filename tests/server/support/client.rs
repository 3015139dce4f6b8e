//! Clients of the whole protocol.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
};

use serde_json::{Value, json};
use teahouse::{
    domain::{
        CommandId, Conversation, ConversationId, ConversationKind, Epoch, Event, EventKind, ModerationNotice, Seq,
        Timestamp, User,
    },
    protocol::{ErrorCode, ErrorFrame, ServerFrame, Welcome},
};

use super::{Closed, RawClient, TestServer};

/// Somebody who said hello and was welcomed.
pub(crate) struct TestClient {
    pub(crate) raw: RawClient,
    pub(crate) welcome: Welcome,
    /// What came while something else was waited for.
    inbox: VecDeque<ServerFrame>,
}

impl TestClient {
    /// A new guest.
    pub(crate) async fn guest(server: &TestServer, nickname: &str) -> Self {
        Self::with_hello(server.address, &json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await
    }

    /// The same from one of the other addresses of this machine (127.0.0.2 …), as from another machine.
    pub(crate) async fn guest_from(server: &TestServer, from: IpAddr, nickname: &str) -> Self {
        let mut raw = RawClient::connect_from(server, from, "/ws").await;
        raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await;
        Self::await_welcome(raw).await
    }

    /// The same at any address.
    pub(crate) async fn guest_at_address(address: SocketAddr, nickname: &str) -> Self {
        Self::with_hello(address, &json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await
    }

    /// Another connection of the same user.
    pub(crate) async fn connect_again(&self, server: &TestServer) -> Self {
        Self::with_token(server.address, self.token()).await
    }

    pub(crate) async fn with_token(address: SocketAddr, token: &str) -> Self {
        Self::with_hello(address, &json!({ "type": "hello", "protocol": 1, "token": token })).await
    }

    /// Comes back, having seen so much.
    pub(crate) async fn resume(
        server: &TestServer,
        token: &str,
        epoch: Epoch,
        cursors: &HashMap<ConversationId, Seq>,
    ) -> Self {
        let hello = json!({ "type": "hello", "protocol": 1, "token": token, "epoch": epoch, "cursors": cursors });
        Self::with_hello(server.address, &hello).await
    }

    pub(crate) async fn with_hello(address: SocketAddr, hello: &Value) -> Self {
        let mut raw = RawClient::connect_with(address, "/ws", &[]).await.expect("an upgrade");
        raw.send_json(hello).await;
        Self::await_welcome(raw).await
    }

    pub(crate) async fn await_welcome(mut raw: RawClient) -> Self {
        let text = raw.next_text().await.expect("a welcome, not the end");
        match serde_json::from_str(&text) {
            Ok(ServerFrame::Welcome(welcome)) => Self { raw, welcome: *welcome, inbox: VecDeque::new() },
            other => panic!("no welcome: {other:?} from {text}"),
        }
    }

    pub(crate) fn token(&self) -> &str {
        self.welcome.token.as_deref().expect("a token")
    }

    /// The Lobby, as it was in the welcome.
    pub(crate) fn lobby(&self) -> &Conversation {
        let is_lobby = |conversation: &&Conversation| matches!(&conversation.kind, ConversationKind::Room { name, .. } if name == "Lobby");
        self.welcome.conversations.iter().find(is_lobby).expect("everybody is in the Lobby")
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.raw.send_json(frame).await;
    }

    /// Sends a message without waiting for anything.
    pub(crate) async fn send_without_waiting(&mut self, conversation: ConversationId, body: &str) -> CommandId {
        let id = CommandId::generate();
        self.send_with_id(id, conversation, body).await;
        id
    }

    pub(crate) async fn send_with_id(&mut self, id: CommandId, conversation: ConversationId, body: &str) {
        self.send(&json!({ "type": "send", "id": id, "conversation": conversation, "body": body })).await;
    }

    /// Sends a message and waits until it is durable.
    pub(crate) async fn send_message_to(&mut self, conversation: ConversationId, body: &str) -> Ack {
        let id = self.send_without_waiting(conversation, body).await;
        self.expect_ack(id).await
    }

    /// Says something to everyone.
    pub(crate) async fn send_message(&mut self, body: &str) -> Ack {
        self.send_message_to(self.lobby().id, body).await
    }

    /// Edits, deletes, or reacts to a message, and waits until that is durable.
    pub(crate) async fn change(&mut self, kind: &str, conversation: ConversationId, seq: Seq, more: Value) -> Ack {
        let id = CommandId::generate();
        let mut command = more;
        command["type"] = json!(kind);
        command["id"] = json!(id);
        command["conversation"] = json!(conversation);
        command["seq"] = json!(seq);
        self.send(&command).await;
        self.expect_ack(id).await
    }

    /// Does something to a user, and waits until that is durable.
    pub(crate) async fn moderate(&mut self, action: &str, user: &User, more: Value) -> Ack {
        let id = self.send_moderate(action, user, more).await;
        self.expect_ack(id).await
    }

    /// The same, to be refused.
    pub(crate) async fn moderation_error(&mut self, action: &str, user: &User, more: Value) -> ErrorCode {
        self.send_moderate(action, user, more).await;
        self.expect_error().await.code
    }

    async fn send_moderate(&mut self, action: &str, user: &User, more: Value) -> CommandId {
        let id = CommandId::generate();
        let mut command = more;
        command["type"] = json!("moderate");
        command["id"] = json!(id);
        command["action"] = json!(action);
        command["user"] = json!(user.id);
        self.send(&command).await;
        id
    }

    /// The next notice.
    pub(crate) async fn expect_notice(&mut self) -> (User, ModerationNotice) {
        self.expect("a notice", |frame| match frame {
            ServerFrame::Event(Event { author, kind: EventKind::Notice(notice), .. }) => {
                Some((author.clone(), notice.clone()))
            }
            _ => None,
        })
        .await
    }

    /// Opens the direct with somebody.
    pub(crate) async fn open_direct(&mut self, nickname: &str) -> Conversation {
        let id = CommandId::generate();
        self.send(&json!({ "type": "open_direct", "id": id, "nickname": nickname })).await;
        let ack = self.expect_ack(id).await;
        assert_eq!(ack.seq, None);
        // It was told before the ack.
        let position = self.inbox.iter().rposition(
            |frame| matches!(frame, ServerFrame::Conversation(conversation) if conversation.id == ack.conversation),
        );
        match position.and_then(|position| self.inbox.remove(position)) {
            Some(ServerFrame::Conversation(conversation)) => conversation,
            _ => panic!("the conversation was not told before its ack: {:?}", self.inbox),
        }
    }

    /// The next frame for which `pick` has an answer; others are kept for later.
    pub(crate) async fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        for index in 0..self.inbox.len() {
            if let Some(found) = pick(&self.inbox[index]) {
                self.inbox.remove(index);
                return found;
            }
        }
        loop {
            let frame = self.next_new(what).await;
            if let Some(found) = pick(&frame) {
                return found;
            }
            self.inbox.push_back(frame);
        }
    }

    async fn next_new(&mut self, what: &str) -> ServerFrame {
        match self.raw.next_text().await {
            Ok(text) => serde_json::from_str(&text).expect(&text),
            Err(hangup) => panic!("{hangup:?} instead of {what}; before it {:?}", self.inbox),
        }
    }

    /// The next frame of any kind.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        match self.inbox.pop_front() {
            Some(frame) => frame,
            None => self.next_new("a frame").await,
        }
    }

    pub(crate) async fn expect_ack(&mut self, command: CommandId) -> Ack {
        self.expect("an ack", |frame| match frame {
            ServerFrame::Ack { id, conversation, seq, at } if *id == command => {
                Some(Ack { conversation: *conversation, seq: *seq, at: *at })
            }
            ServerFrame::Error(error) if error.id == Some(command) => panic!("no ack but {error:?}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn expect_error(&mut self) -> ErrorFrame {
        self.expect("an error", |frame| match frame {
            ServerFrame::Error(error) => Some(error.clone()),
            _ => None,
        })
        .await
    }

    /// The event of the message with that text.
    pub(crate) async fn expect_event(&mut self, text: &str) -> Event {
        self.expect("an event", |frame| match frame {
            ServerFrame::Event(event) if event_text(event) == text => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until this user is known to be here.
    pub(crate) async fn expect_online(&mut self, user: &User) {
        if self.welcome.online.contains(user) {
            return;
        }
        self.expect("somebody's arrival", |frame| match frame {
            ServerFrame::Presence { joined, .. } if joined.contains(user) => Some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until this user, who was known to be here, is known to have gone.
    pub(crate) async fn expect_offline(&mut self, user: &User) {
        self.expect("somebody's departure", |frame| match frame {
            ServerFrame::Presence { left, .. } if left.contains(&user.id) => Some(()),
            _ => None,
        })
        .await;
    }

    pub(crate) fn user(&self) -> User {
        self.welcome.me.user()
    }

    /// What the messages say that came, in order, up to the one that says `last`.
    pub(crate) async fn message_texts_until(&mut self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            if let ServerFrame::Event(event) = self.next().await {
                heard.push(event_text(&event).to_owned());
                if event_text(&event) == last {
                    return heard;
                }
            }
        }
    }

    pub(crate) async fn closed(mut self) -> Closed {
        self.raw.closed().await
    }
}

/// That a command is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Option<Seq>,
    pub(crate) at: Timestamp,
}

/// What an event says; nothing if it has no words.
pub(crate) fn event_text(event: &Event) -> &str {
    match &event.kind {
        EventKind::Message { body } | EventKind::Edit { body, .. } => body.as_str(),
        EventKind::Deletion { .. }
        | EventKind::Reaction { .. }
        | EventKind::Notice(_)
        | EventKind::AccountDeleted
        | EventKind::Other => "",
    }
}
