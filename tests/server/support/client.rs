//! Clients of the full protocol.

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

/// A connection that sent `hello` and received `welcome`.
pub(crate) struct TestClient {
    pub(crate) raw: RawClient,
    pub(crate) welcome: Welcome,
    /// Frames that arrived while the test waited for another one.
    inbox: VecDeque<ServerFrame>,
}

impl TestClient {
    /// Connects a new guest.
    pub(crate) async fn guest(server: &TestServer, nickname: &str) -> Self {
        Self::with_hello(server.address, &json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await
    }

    /// Connects a new guest from another loopback address (127.0.0.2 …), which the server sees as another machine.
    pub(crate) async fn guest_from(server: &TestServer, from: IpAddr, nickname: &str) -> Self {
        let mut raw = RawClient::connect_from(server, from, "/ws").await;
        raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await;
        Self::await_welcome(raw).await
    }

    /// Connects a new guest to the server at this address.
    pub(crate) async fn guest_at_address(address: SocketAddr, nickname: &str) -> Self {
        Self::with_hello(address, &json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await
    }

    /// Opens another connection of the same session.
    pub(crate) async fn connect_again(&self, server: &TestServer) -> Self {
        Self::with_token(server.address, self.token()).await
    }

    pub(crate) async fn with_token(address: SocketAddr, token: &str) -> Self {
        Self::with_hello(address, &json!({ "type": "hello", "protocol": 1, "token": token })).await
    }

    /// Reconnects with the cursors of the events that the client already has.
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
        let text = raw.next_text().await.expect("a welcome, not a close");
        match serde_json::from_str(&text) {
            Ok(ServerFrame::Welcome(welcome)) => Self { raw, welcome: *welcome, inbox: VecDeque::new() },
            other => panic!("not a welcome: {other:?} from {text}"),
        }
    }

    pub(crate) fn token(&self) -> &str {
        self.welcome.token.as_deref().expect("a token")
    }

    /// The Lobby as in the `welcome` frame.
    pub(crate) fn lobby(&self) -> &Conversation {
        let is_lobby =
            |conversation: &&Conversation| matches!(&conversation.kind, ConversationKind::Room(room) if room.lobby);
        self.welcome.conversations.iter().find(is_lobby).expect("the Lobby is in the welcome")
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.raw.send_json(frame).await;
    }

    /// Sends a message without waiting for its ack.
    pub(crate) async fn send_without_waiting(&mut self, conversation: ConversationId, body: &str) -> CommandId {
        let id = CommandId::generate();
        self.send_with_id(id, conversation, body).await;
        id
    }

    /// Sends a message with this command id, without waiting for its ack.
    pub(crate) async fn send_with_id(&mut self, id: CommandId, conversation: ConversationId, body: &str) {
        self.send(&json!({ "type": "send", "id": id, "conversation": conversation, "body": body })).await;
    }

    /// Sends a message to a conversation and waits for its ack.
    pub(crate) async fn send_message_to(&mut self, conversation: ConversationId, body: &str) -> Ack {
        let id = self.send_without_waiting(conversation, body).await;
        self.expect_ack(id).await
    }

    /// Sends a message to the Lobby and waits for its ack.
    pub(crate) async fn send_message(&mut self, body: &str) -> Ack {
        self.send_message_to(self.lobby().id, body).await
    }

    /// Sends an `edit`, `delete` or `react` command for a message and waits for its ack.
    pub(crate) async fn change(&mut self, kind: &str, conversation: ConversationId, seq: Seq, fields: Value) -> Ack {
        let id = CommandId::generate();
        let mut command = fields;
        command["type"] = json!(kind);
        command["id"] = json!(id);
        command["conversation"] = json!(conversation);
        command["seq"] = json!(seq);
        self.send(&command).await;
        self.expect_ack(id).await
    }

    /// Sends a `moderate` command about `user` and waits for its ack.
    pub(crate) async fn moderate(&mut self, action: &str, user: &User, fields: Value) -> Ack {
        let id = self.send_moderate(action, user, fields).await;
        self.expect_ack(id).await
    }

    /// Sends a `moderate` command that must fail. Returns the error code.
    pub(crate) async fn moderation_error(&mut self, action: &str, user: &User, fields: Value) -> ErrorCode {
        self.send_moderate(action, user, fields).await;
        self.expect_error().await.code
    }

    async fn send_moderate(&mut self, action: &str, user: &User, fields: Value) -> CommandId {
        let id = CommandId::generate();
        let mut command = fields;
        command["type"] = json!("moderate");
        command["id"] = json!(id);
        command["action"] = json!(action);
        command["user"] = json!(user.id);
        self.send(&command).await;
        id
    }

    /// Returns the author and content of the next moderation notice.
    pub(crate) async fn expect_notice(&mut self) -> (User, ModerationNotice) {
        self.expect("a notice", |frame| match frame {
            ServerFrame::Event(Event { author, kind: EventKind::Notice(notice), .. }) => {
                Some((author.clone(), notice.clone()))
            }
            _ => None,
        })
        .await
    }

    /// Opens the direct with the user of this nickname and waits for the ack.
    pub(crate) async fn open_direct(&mut self, nickname: &str) -> Conversation {
        let id = CommandId::generate();
        self.send(&json!({ "type": "open_direct", "id": id, "nickname": nickname })).await;
        let ack = self.expect_ack(id).await;
        assert_eq!(ack.seq, None);
        // The server sends the conversation before the ack.
        let position = self.inbox.iter().rposition(
            |frame| matches!(frame, ServerFrame::Conversation(conversation) if conversation.id == ack.conversation),
        );
        match position.and_then(|position| self.inbox.remove(position)) {
            Some(ServerFrame::Conversation(conversation)) => conversation,
            _ => panic!("no conversation before the ack: {:?}", self.inbox),
        }
    }

    /// Returns the value that `select` returns for the first frame that it accepts. Other frames stay in the inbox.
    pub(crate) async fn expect<T>(&mut self, what: &str, mut select: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        for index in 0..self.inbox.len() {
            if let Some(found) = select(&self.inbox[index]) {
                self.inbox.remove(index);
                return found;
            }
        }
        loop {
            let frame = self.next_new(what).await;
            if let Some(found) = select(&frame) {
                return found;
            }
            self.inbox.push_back(frame);
        }
    }

    async fn next_new(&mut self, what: &str) -> ServerFrame {
        match self.raw.next_text().await {
            Ok(text) => serde_json::from_str(&text).expect(&text),
            Err(closed) => panic!("{closed:?} instead of {what}; inbox: {:?}", self.inbox),
        }
    }

    /// Returns the next frame of any kind.
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
            ServerFrame::Error(error) if error.id == Some(command) => panic!("an error instead of an ack: {error:?}"),
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

    /// Returns the event of the next message or edit with this text.
    pub(crate) async fn expect_event(&mut self, text: &str) -> Event {
        self.expect("an event", |frame| match frame {
            ServerFrame::Event(event) if event_text(event) == text => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Returns the user's next read mark in this conversation.
    pub(crate) async fn expect_read(&mut self, conversation: ConversationId) -> Seq {
        let me = self.welcome.me.id;
        self.expect("a read mark", |frame| match frame {
            ServerFrame::Read { user, conversation: marked, seq } => {
                assert_eq!(user.id, me, "only the own read mark is sent");
                (*marked == conversation).then_some(*seq)
            }
            _ => None,
        })
        .await
    }

    /// Waits until the client knows that this user is online.
    pub(crate) async fn expect_online(&mut self, user: &User) {
        if self.welcome.online.contains(user) {
            return;
        }
        self.expect("a user to come online", |frame| match frame {
            ServerFrame::Presence { joined, .. } if joined.contains(user) => Some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until the client knows that this user, who was online, is offline.
    pub(crate) async fn expect_offline(&mut self, user: &User) {
        self.expect("a user to go offline", |frame| match frame {
            ServerFrame::Presence { left, .. } if left.contains(&user.id) => Some(()),
            _ => None,
        })
        .await;
    }

    pub(crate) fn user(&self) -> User {
        self.welcome.me.user()
    }

    /// Returns the texts of all events in order, up to and including the text `last`.
    pub(crate) async fn message_texts_until(&mut self, last: &str) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            if let ServerFrame::Event(event) = self.next().await {
                texts.push(event_text(&event).to_owned());
                if event_text(&event) == last {
                    return texts;
                }
            }
        }
    }

    pub(crate) async fn closed(mut self) -> Closed {
        self.raw.closed().await
    }
}

/// The content of an `ack` frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Option<Seq>,
    pub(crate) at: Timestamp,
}

/// The text of a message or an edit; empty for other events.
pub(crate) fn event_text(event: &Event) -> &str {
    match &event.kind {
        EventKind::Message { body, .. } | EventKind::Edit { body, .. } => body.as_str(),
        EventKind::Deletion { .. }
        | EventKind::Reaction { .. }
        | EventKind::Pin { .. }
        | EventKind::Notice(_)
        | EventKind::Room(_)
        | EventKind::AccountDeleted
        | EventKind::Other => "",
    }
}
