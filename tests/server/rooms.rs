//! Rooms: creating and changing them, joining and leaving, and what outsiders learn of a private one.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::{
    domain::{
        CommandId, Conversation, ConversationId, ConversationKind, DirectoryPage, DirectoryRoom, EventKind, MemberPage,
        MessagesPage, Role, Room, RoomChange, RoomCreation, Seq, User, Visibility,
    },
    protocol::{ErrorCode, Problem, ServerFrame},
};

use super::support::{
    Ack, PASSWORD, RawClient, SimpleClient, TestClient, TestServer, register_user, register_with_role,
};

/// A registered user: the connection and the session token.
struct Person {
    client: TestClient,
    token: String,
}

impl Person {
    async fn register(server: &TestServer, nickname: &str) -> Self {
        let (client, token) = register_user(server, nickname).await;
        Self { client, token }
    }

    fn user(&self) -> User {
        self.client.user()
    }

    async fn command(&mut self, frame: Value) -> Ack {
        let id = self.send(frame).await;
        self.client.expect_ack(id).await
    }

    async fn refused(&mut self, frame: Value) -> ErrorCode {
        self.send(frame).await;
        self.client.expect_error().await.code
    }

    async fn send(&mut self, mut frame: Value) -> CommandId {
        let id = CommandId::generate();
        frame["id"] = json!(id);
        self.client.send(&frame).await;
        id
    }

    /// Creates a room. Returns it as the creator's connection was told of it.
    async fn create(&mut self, name: &str, visibility: &str) -> Conversation {
        let ack = self.command(json!({ "type": "create_room", "name": name, "visibility": visibility })).await;
        assert_eq!(ack.seq, Some(Seq(1)));
        self.conversation(ack.conversation).await
    }

    async fn add(&mut self, room: ConversationId, user: &User) -> Ack {
        self.command(json!({ "type": "add_member", "conversation": room, "user": user.id })).await
    }

    /// Waits for the `conversation` frame of a room.
    async fn conversation(&mut self, room: ConversationId) -> Conversation {
        conversation(&mut self.client, room).await
    }

    async fn change(&mut self) -> (User, RoomChange) {
        next_change(&mut self.client).await
    }

    async fn get(&self, server: &TestServer, path: &str) -> reqwest::Response {
        server.http(Method::GET, path).bearer_auth(&self.token).send().await.expect("a response")
    }

    async fn directory(&self, server: &TestServer, query: &str) -> Vec<DirectoryRoom> {
        let page: DirectoryPage =
            self.get(server, &format!("/api/rooms{query}")).await.json().await.expect("a directory");
        page.rooms
    }

    async fn names(&self, server: &TestServer, query: &str) -> Vec<String> {
        self.directory(server, query).await.iter().map(|room| room.name.as_str().to_owned()).collect()
    }

    async fn members(&self, server: &TestServer, room: ConversationId) -> MemberPage {
        self.get(server, &format!("/api/conversations/{room}/members")).await.json().await.expect("members")
    }
}

async fn conversation(client: &mut TestClient, room: ConversationId) -> Conversation {
    client
        .expect("the room", |frame| match frame {
            ServerFrame::Conversation(conversation) if conversation.id == room => Some(conversation.clone()),
            _ => None,
        })
        .await
}

/// The author and content of the next event that is a change of a room.
async fn next_change(client: &mut TestClient) -> (User, RoomChange) {
    client
        .expect("a change of a room", |frame| match frame {
            ServerFrame::Event(event) => match &event.kind {
                EventKind::Room(change) => Some((event.author.clone(), change.clone())),
                _ => None,
            },
            _ => None,
        })
        .await
}

fn room(conversation: &Conversation) -> &Room {
    let ConversationKind::Room(room) = &conversation.kind else { panic!("not a room: {conversation:?}") };
    room
}

#[tokio::test]
async fn a_room_is_created_with_its_creator_as_owner_and_others_join_it() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let id = CommandId::generate();
    let frame = json!({ "type": "create_room", "id": id, "name": " Tea  room ", "topic": "Pots\nand cups" });
    ada.client.send(&frame).await;
    let ack = ada.client.expect_ack(id).await;
    let created = ada.conversation(ack.conversation).await;
    let Room { name, topic, role, member_count, lobby, .. } = room(&created);
    assert_eq!(
        (name.as_str(), topic.as_str(), *role, *member_count, *lobby),
        ("Tea room", "Pots and cups", Role::Owner, 1, false)
    );
    assert_eq!((created.unread, created.last_seq), (0, Seq(1)));
    // A repeated command gets the same answer and creates nothing.
    ada.client.send(&frame).await;
    assert_eq!(ada.client.expect_ack(id).await, ack);

    let listed = bob.directory(&server, "").await;
    assert_eq!(
        listed.iter().map(|room| (room.name.as_str(), room.joined)).collect::<Vec<_>>(),
        [("Lobby", true), ("Tea room", false)]
    );
    let id = bob.send(json!({ "type": "join", "conversation": created.id })).await;
    let joined = bob.client.expect_ack(id).await;
    assert_eq!(joined.seq, Some(Seq(2)));
    let join = json!({ "type": "join", "id": id, "conversation": created.id });
    bob.client.send(&join).await;
    assert_eq!(bob.client.expect_ack(id).await, joined, "sent again");
    let seen = bob.conversation(created.id).await;
    assert_eq!((room(&seen).member_count, room(&seen).role, seen.unread), (2, Role::Member, 0));
    assert_eq!(ada.change().await, (bob.user(), RoomChange::Joined));
    let again = bob.command(json!({ "type": "join", "conversation": created.id })).await;
    assert_eq!(again.seq, None, "a member already");

    bob.client.send_message_to(created.id, "hello").await;
    ada.client.expect_event("hello").await;
    let left = bob.command(json!({ "type": "leave", "conversation": created.id })).await;
    assert_eq!(left.seq, Some(Seq(4)));
    assert_eq!(ada.change().await, (bob.user(), RoomChange::Left));
    bob.client.send(&join).await;
    assert_eq!(bob.client.expect_ack(id).await, joined, "a join that is sent again does not bring back who has left");
    assert_eq!(
        bob.refused(json!({ "type": "send", "conversation": created.id, "body": "x" })).await,
        ErrorCode::UnknownConversation
    );

    // In a fetch, what happened is among the messages.
    let page: MessagesPage =
        ada.get(&server, &format!("/api/conversations/{}/messages", created.id)).await.json().await.expect("messages");
    let changes: Vec<_> = page.messages.iter().map(|message| message.room.clone()).collect();
    assert!(
        matches!(
            changes.as_slice(),
            [Some(RoomChange::Created { .. }), Some(RoomChange::Joined), None, Some(RoomChange::Left)]
        ),
        "{changes:?}"
    );
}

#[tokio::test]
async fn nothing_of_a_private_room_reaches_others() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    // The owner of the server, no less.
    let mut eve = ada;
    ada = Person::register(&server, "Carol").await;
    assert_eq!(eve.client.welcome.me.role, Role::Owner);
    let secret = ada.create("Secret plans", "private").await;
    let room_id = secret.id;
    ada.add(room_id, &bob.user()).await;
    bob.conversation(room_id).await;
    ada.client.send_message_to(room_id, "hush").await;
    bob.client.expect_event("hush").await;
    ada.command(json!({ "type": "change_room", "conversation": room_id, "topic": "hidden" })).await;

    // HTTP: as if it did not exist.
    let unknown = ConversationId::generate();
    for path in
        ["/api/rooms/ID", "/api/conversations/ID", "/api/conversations/ID/members", "/api/conversations/ID/messages"]
    {
        let mut answers = Vec::new();
        for id in [room_id, unknown] {
            let response = eve.get(&server, &path.replace("ID", &id.to_string())).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            answers.push(response.json::<Problem>().await.expect("a problem"));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
    for query in ["", "?q=secret", "?q=hidden", "?archived=true"] {
        assert!(!eve.names(&server, query).await.contains(&"Secret plans".to_owned()), "{query}");
    }
    assert_eq!(ada.names(&server, "?q=SECRET").await, ["Secret plans"], "its members find it");
    let list = eve.get(&server, "/api/conversations").await.text().await.expect("a list");
    assert!(!list.contains(&room_id.to_string()) && !list.contains("Secret"), "{list}");

    // Commands: the same refusal as for a room that does not exist.
    let user = json!(bob.user().id);
    for frame in [
        json!({ "type": "join" }),
        json!({ "type": "leave" }),
        json!({ "type": "send", "body": "x" }),
        json!({ "type": "edit", "seq": 1, "body": "x" }),
        json!({ "type": "react", "seq": 1, "emoji": "🍵", "on": true }),
        json!({ "type": "delete", "seq": 1 }),
        json!({ "type": "change_room", "name": "Mine" }),
        json!({ "type": "change_room", "archived": true }),
        json!({ "type": "add_member", "user": user }),
        json!({ "type": "moderate", "action": "mute", "user": user }),
        json!({ "type": "moderate", "action": "remove", "user": user }),
        json!({ "type": "moderate", "action": "appoint", "role": "member", "user": user }),
    ] {
        for id in [room_id, unknown] {
            let mut frame = frame.clone();
            frame["conversation"] = json!(id);
            assert_eq!(eve.refused(frame.clone()).await, ErrorCode::UnknownConversation, "{frame}");
        }
    }
    // The name is not taken for others: to refuse it would tell of the room.
    eve.create("Secret plans", "public").await;

    // Frames: nothing arrived meanwhile.
    let mut fresh = RawClient::connect_with(server.address, "/ws", &[]).await.expect("an upgrade");
    fresh
        .send_json(
            &json!({ "type": "hello", "protocol": 1, "token": eve.token, "cursors": { room_id.to_string(): 0 } }),
        )
        .await;
    let welcome = fresh.next_text().await.expect("a welcome");
    assert!(!welcome.contains(&room_id.to_string()), "{welcome}");
    ada.client.send_message_to(room_id, "still among us").await;
    ada.client.send_message("to all").await;
    loop {
        let frame = eve.client.next().await;
        let text = serde_json::to_string(&frame).expect("JSON");
        assert!(!text.contains(&room_id.to_string()) && !text.contains("hush") && !text.contains("among us"), "{text}");
        if matches!(&frame, ServerFrame::Event(event) if matches!(&event.kind, EventKind::Message { body, .. } if body.as_str() == "to all"))
        {
            break;
        }
    }
}

#[tokio::test]
async fn moderators_and_owners_of_the_server_learn_nothing_of_private_rooms_that_they_are_not_in() {
    let server = TestServer::start().await;
    // The first user to register here is the owner of the server.
    let olga = Person::register(&server, "Olga").await;
    let (mut ada, bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    for (name, visibility) in [("Tea", "public"), ("Secret", "private")] {
        let room = ada.create(name, visibility).await.id;
        ada.add(room, &bob.user()).await;
        ada.client.moderate("mute", &bob.user(), json!({ "conversation": room })).await;
        for path in ["/api/sanctions", "/api/audit"] {
            let text = olga.get(&server, path).await.text().await.expect("a text");
            assert_eq!(text.contains(&room.to_string()), visibility == "public", "{path}: {text}");
            assert_eq!(text.matches("mute").count(), 1, "{path}: {text}");
        }
        if visibility == "private" {
            ada.add(room, &olga.user()).await;
            for path in ["/api/sanctions", "/api/audit"] {
                assert!(olga.get(&server, path).await.text().await.expect("a text").contains(&room.to_string()));
            }
        }
    }
}

#[tokio::test]
async fn a_member_who_was_removed_hears_nothing_after_the_removal() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let tea = ada.create("Tea", "private").await.id;
    ada.add(tea, &bob.user()).await;
    bob.conversation(tea).await;
    ada.client.send_message_to(tea, "before").await;
    ada.client.moderate("remove", &bob.user(), json!({ "conversation": tea })).await;
    ada.client.send_message_to(tea, "after").await;
    ada.client.send_message("in the Lobby").await;
    let mut texts = Vec::new();
    loop {
        match bob.client.next().await {
            ServerFrame::Event(event) if event.conversation == tea => texts.push(format!("{:?}", event.kind)),
            ServerFrame::ConversationRemoved { id } if id == tea => texts.push("removed".into()),
            ServerFrame::Event(event) if matches!(&event.kind, EventKind::Message { .. }) => break,
            _ => {}
        }
    }
    assert!(
        texts.iter().any(|text| text.contains("before")) && !texts.iter().any(|text| text.contains("after")),
        "{texts:?}"
    );
    assert_eq!(texts.last().map(String::as_str), Some("removed"));
    // Only a member can bring him back.
    assert_eq!(bob.refused(json!({ "type": "join", "conversation": tea })).await, ErrorCode::UnknownConversation);
    ada.command(json!({ "type": "add_member", "conversation": tea, "nickname": "bob" })).await;
    assert_eq!(room(&bob.conversation(tea).await).role, Role::Member);
}

#[tokio::test]
async fn roles_in_a_room_decide_who_changes_it() {
    let server = TestServer::start().await;
    let _owner = Person::register(&server, "Olga").await;
    let (mut ada, mut bob, mut carol) = (
        Person::register(&server, "Ada").await,
        Person::register(&server, "Bob").await,
        Person::register(&server, "Carol").await,
    );
    let tea = ada.create("Tea", "public").await.id;
    for person in [&mut bob, &mut carol] {
        person.command(json!({ "type": "join", "conversation": tea })).await;
        person.conversation(tea).await;
    }
    let set = |field: &str, value: Value| {
        let mut frame = json!({ "type": "change_room", "conversation": tea });
        frame[field] = value;
        frame
    };
    assert_eq!(bob.refused(set("topic", json!("mine"))).await, ErrorCode::Forbidden);
    assert_eq!(
        bob.client.moderation_error("appoint", &bob.user(), json!({ "conversation": tea, "role": "owner" })).await,
        ErrorCode::Forbidden
    );
    ada.client.moderate("appoint", &bob.user(), json!({ "conversation": tea, "role": "moderator" })).await;
    bob.command(set("topic", json!("ours"))).await;
    assert_eq!(bob.refused(set("archived", json!(true))).await, ErrorCode::Forbidden);
    assert_eq!(bob.refused(set("visibility", json!("private"))).await, ErrorCode::Forbidden);
    assert_eq!(
        carol.change().await.1,
        RoomChange::Topic { topic: teahouse::domain::RoomTopic::parse("ours").expect("a topic") }
    );

    // Announcements: members read and react.
    ada.command(set("posting", json!("moderators"))).await;
    assert_eq!(carol.refused(json!({ "type": "send", "conversation": tea, "body": "hi" })).await, ErrorCode::Forbidden);
    let said = bob.client.send_message_to(tea, "an announcement").await;
    carol.client.change("react", tea, said.seq.expect("a seq"), json!({ "emoji": "🍵", "on": true })).await;

    // The owner stays until there is another one.
    assert_eq!(ada.refused(json!({ "type": "leave", "conversation": tea })).await, ErrorCode::LastOwner);
    ada.client.moderate("appoint", &bob.user(), json!({ "conversation": tea, "role": "owner" })).await;
    ada.command(json!({ "type": "leave", "conversation": tea })).await;
    let members = bob.members(&server, tea).await.members;
    let seen: Vec<_> =
        members.iter().map(|member| (member.user.nickname.as_str(), member.role, member.online)).collect();
    assert_eq!(seen, [("Bob", Role::Owner, true), ("Carol", Role::Member, true)]);

    // Of the server nobody has become anything.
    assert_eq!(bob.get(&server, "/api/audit").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_archived_room_is_read_only_and_in_the_archive() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let tea = ada.create("Tea", "public").await.id;
    let said = ada.client.send_message_to(tea, "hello").await.seq.expect("a seq");
    let archive = |archived: bool| json!({ "type": "change_room", "conversation": tea, "archived": archived });
    let first = ada.command(archive(true)).await;
    assert!(first.seq.is_some());
    assert_eq!(ada.refused(archive(true)).await, ErrorCode::RoomArchived);
    for frame in [
        json!({ "type": "send", "conversation": tea, "body": "x" }),
        json!({ "type": "edit", "conversation": tea, "seq": said, "body": "x" }),
        json!({ "type": "react", "conversation": tea, "seq": said, "emoji": "🍵", "on": true }),
        json!({ "type": "change_room", "conversation": tea, "name": "Cups" }),
        json!({ "type": "add_member", "conversation": tea, "user": bob.user().id }),
    ] {
        assert_eq!(ada.refused(frame.clone()).await, ErrorCode::RoomArchived, "{frame}");
    }
    assert_eq!(bob.names(&server, "").await, ["Lobby"]);
    assert_eq!(bob.names(&server, "?archived=true").await, ["Tea"]);
    bob.command(json!({ "type": "join", "conversation": tea })).await;
    assert!(room(&bob.conversation(tea).await).archived);
    // Meanwhile the name is free, so it cannot come back under it.
    let other = bob.create("tea", "public").await.id;
    assert_eq!(ada.refused(archive(false)).await, ErrorCode::RoomNameTaken);
    bob.command(json!({ "type": "change_room", "conversation": other, "name": "Cups" })).await;
    ada.command(archive(false)).await;
    ada.client.send_message_to(tea, "back again").await;
    bob.client.expect_event("back again").await;
}

#[tokio::test]
async fn guests_are_in_the_lobby_and_where_they_are_added() {
    let server = TestServer::start().await;
    let mut ada = Person::register(&server, "Ada").await;
    let guest = TestClient::guest(&server, "Guest").await;
    let token = guest.token().to_owned();
    let mut guest = Person { client: guest, token };
    let tea = ada.create("Tea", "public").await.id;
    assert_eq!(guest.refused(json!({ "type": "create_room", "name": "Mine" })).await, ErrorCode::AccountRequired);
    assert_eq!(guest.refused(json!({ "type": "join", "conversation": tea })).await, ErrorCode::AccountRequired);
    let problem: Problem = guest.get(&server, "/api/rooms").await.json().await.expect("a problem");
    assert_eq!((problem.status, problem.code), (403, ErrorCode::AccountRequired));
    ada.add(tea, &guest.user()).await;
    guest.conversation(tea).await;
    guest.client.send_message_to(tea, "thanks").await;
    ada.client.expect_event("thanks").await;
}

#[tokio::test]
async fn members_see_whoever_leaves_the_server_leave_their_room() {
    let server = TestServer::start().await;
    let (mut ada, bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let (zoe, ming) = (TestClient::guest(&server, "Zoë").await, TestClient::guest(&server, "小明").await);
    let tea = ada.create("Tea", "private").await.id;
    for user in [bob.user(), zoe.user(), ming.user()] {
        ada.add(tea, &user).await;
        assert_eq!(ada.change().await, (ada.user(), RoomChange::Added { user }));
    }
    let delete = |path: &str, token: &str| server.http(Method::DELETE, path).bearer_auth(token);

    let signed_out = delete("/api/session", zoe.token()).send().await.expect("a response");
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert_eq!(ada.change().await, (zoe.user(), RoomChange::Left), "a guest who gives up the nickname");
    ada.client.moderate("remove", &ming.user(), json!({})).await;
    assert_eq!(ada.change().await, (ming.user(), RoomChange::Left), "a guest who is removed from the server");
    let account = json!({ "password": PASSWORD, "messages": "keep" });
    let deleted = delete("/api/me", &bob.token).json(&account).send().await.expect("a response");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let (author, change) = ada.change().await;
    assert_eq!((author.id, change), (bob.user().id, RoomChange::Left), "a user who deletes the account");
    assert!(author.nickname.is_former(), "{author:?}");
    assert_eq!(ada.members(&server, tea).await.members.len(), 1);
}

#[tokio::test]
async fn the_notice_of_a_ban_says_whether_the_user_was_in_the_room() {
    let server = TestServer::start().await;
    let (mut ada, bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let tea = ada.create("Tea", "public").await.id;
    ada.add(tea, &bob.user()).await;
    for (action, not_member) in [("ban", false), ("unban", true), ("ban", true)] {
        ada.client.moderate(action, &bob.user(), json!({ "conversation": tea })).await;
        assert_eq!(ada.client.expect_notice().await.1.not_member, not_member, "{action}");
    }
}

#[tokio::test]
async fn the_simple_protocol_tells_nothing_of_rooms_besides_the_lobby() {
    let server = TestServer::start().await;
    let mut ada = Person::register(&server, "Ada").await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let tea = ada.create("Tea", "public").await.id;
    ada.command(json!({ "type": "add_member", "conversation": tea, "nickname": "script" })).await;
    ada.client.send_message_to(tea, "not for scripts").await;
    ada.client.send_message("for everyone").await;
    assert_eq!(script.next().await["msg"], "for everyone");
}

#[tokio::test]
async fn bad_names_topics_and_changes_are_refused() {
    let server = TestServer::start().await;
    let (mut ada, bob) = (Person::register(&server, "Ada").await, Person::register(&server, "Bob").await);
    let long = "t".repeat(251);
    for (frame, code) in [
        (json!({ "type": "create_room", "name": " " }), ErrorCode::InvalidRoomName),
        (json!({ "type": "create_room", "name": "a\u{202e}b" }), ErrorCode::InvalidRoomName),
        (json!({ "type": "create_room", "name": "n".repeat(33) }), ErrorCode::InvalidRoomName),
        (json!({ "type": "create_room", "name": "ok", "topic": long }), ErrorCode::TopicTooLong),
        (json!({ "type": "create_room", "name": "L0bby" }), ErrorCode::RoomNameTaken),
        (json!({ "type": "create_room" }), ErrorCode::BadFrame),
        (json!({ "type": "create_room", "name": "ok", "visibility": "secret" }), ErrorCode::BadFrame),
    ] {
        assert_eq!(ada.refused(frame.clone()).await, code, "{frame}");
    }
    let tea = ada.create("Tea", "public").await.id;
    let lobby = ada.client.lobby().id;
    for (frame, code) in [
        (json!({ "type": "change_room", "conversation": tea }), ErrorCode::BadFrame),
        (json!({ "type": "change_room", "conversation": tea, "name": "A", "topic": "B" }), ErrorCode::BadFrame),
        (json!({ "type": "change_room", "conversation": tea, "name": "lobby" }), ErrorCode::RoomNameTaken),
        (json!({ "type": "change_room", "conversation": lobby, "name": "Hall" }), ErrorCode::Forbidden),
        (json!({ "type": "change_room", "conversation": lobby, "visibility": "private" }), ErrorCode::Forbidden),
        (json!({ "type": "leave", "conversation": lobby }), ErrorCode::Forbidden),
        (json!({ "type": "add_member", "conversation": tea }), ErrorCode::BadFrame),
        (json!({ "type": "add_member", "conversation": tea, "nickname": "Nobody" }), ErrorCode::UnknownUser),
        (json!({ "type": "add_member", "conversation": lobby, "user": bob.user().id }), ErrorCode::Forbidden),
    ] {
        assert_eq!(ada.refused(frame.clone()).await, code, "{frame}");
    }
    for path in ["/api/rooms?after=x", "/api/rooms?limit=x", &format!("/api/conversations/{tea}/members?after=1")] {
        assert_eq!(ada.get(&server, path).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
    let direct = ada.client.open_direct("Bob").await.id;
    assert_eq!(ada.get(&server, &format!("/api/conversations/{direct}/members")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ada.refused(json!({ "type": "leave", "conversation": direct })).await, ErrorCode::UnknownConversation);
    // The owner of the server sets the topic of the Lobby.
    ada.command(json!({ "type": "change_room", "conversation": lobby, "topic": "Welcome" })).await;
}

#[tokio::test]
async fn the_server_decides_who_may_create_rooms() {
    let server = TestServer::start_with(|config| config.room_creation = RoomCreation::Moderators).await;
    let mut owner = Person::register(&server, "Olga").await;
    let mut ada = Person::register(&server, "Ada").await;
    assert_eq!(ada.refused(json!({ "type": "create_room", "name": "Tea" })).await, ErrorCode::Forbidden);
    let moderator = register_with_role(&server, &mut owner.client, "Mo", "moderator").await;
    let mut moderator = Person { client: moderator, token: String::new() };
    moderator.create("Tea", "public").await;
}

#[tokio::test]
async fn a_room_made_private_leaves_the_directory_and_keeps_its_members() {
    let server = TestServer::start().await;
    let (mut ada, mut bob, carol) = (
        Person::register(&server, "Ada").await,
        Person::register(&server, "Bob").await,
        Person::register(&server, "Carol").await,
    );
    let tea = ada.create("Tea", "public").await.id;
    bob.command(json!({ "type": "join", "conversation": tea })).await;
    ada.command(json!({ "type": "change_room", "conversation": tea, "visibility": "private" })).await;
    assert_eq!(carol.names(&server, "").await, ["Lobby"]);
    assert_eq!(bob.names(&server, "").await, ["Lobby", "Tea"]);
    let shown: DirectoryRoom = bob.get(&server, &format!("/api/rooms/{tea}")).await.json().await.expect("a room");
    assert_eq!((shown.visibility, shown.member_count, shown.joined), (Visibility::Private, 2, true));
}

#[tokio::test]
async fn rooms_survive_a_restart() {
    let server = TestServer::start().await;
    let mut ada = Person::register(&server, "Ada").await;
    let tea = ada.create("Tea", "private").await.id;
    ada.command(json!({ "type": "change_room", "conversation": tea, "topic": "Cups" })).await;
    let token = ada.token.clone();
    let server = server.restart().await;
    let again = TestClient::with_token(server.address, &token).await;
    let found = again.welcome.conversations.iter().find(|conversation| conversation.id == tea).expect("the room");
    let Room { topic, visibility, role, .. } = room(found);
    assert_eq!((topic.as_str(), *visibility, *role), ("Cups", Visibility::Private, Role::Owner));
}
