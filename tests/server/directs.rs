//! Directs: conversations of two users.

use serde_json::json;
use teahouse::{
    domain::{CommandId, Companion, Conversation, ConversationId, ConversationKind, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{SimpleClient, TestClient, TestServer, register_user};

/// Ends a guest's session, which frees the nickname.
async fn sign_out(server: &TestServer, guest: TestClient) {
    let response = server.http(reqwest::Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await;
    assert_eq!(response.expect("a response").status(), 204);
    guest.closed().await;
}

/// Returns the next `conversation` frame of this conversation.
async fn expect_view(client: &mut TestClient, id: ConversationId) -> Conversation {
    client
        .expect("a conversation frame", |frame| match frame {
            ServerFrame::Conversation(conversation) if conversation.id == id => Some(conversation.clone()),
            _ => None,
        })
        .await
}

fn is_gone(conversation: &Conversation) -> bool {
    matches!(&conversation.kind, ConversationKind::Direct { with: Companion { gone: true, .. } })
}

#[tokio::test]
async fn a_direct_is_delivered_to_its_two_users_only() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut hong = TestClient::guest(&server, "小红").await;

    let direct = ming.open_direct("阿玲").await;
    assert_eq!(direct.kind, ConversationKind::Direct { with: ling.welcome.me.user().into() });
    ming.send_message_to(direct.id, "only you").await;
    assert_eq!(ling.expect_event("only you").await.conversation, direct.id);
    ling.send_message_to(direct.id, "only me").await;
    ming.expect_event("only me").await;

    // Events are delivered in the order of commits, so anything for 小红 would have arrived before this one.
    ming.send_message("all of you").await;
    let mut frames = Vec::new();
    loop {
        let frame = hong.next().await;
        if matches!(&frame, ServerFrame::Event(event) if event.conversation == hong.lobby().id) {
            break;
        }
        frames.push(frame);
    }
    assert!(frames.iter().all(|frame| matches!(frame, ServerFrame::Presence { .. })), "{frames:?}");
}

#[tokio::test]
async fn the_other_user_learns_of_a_direct_just_before_its_first_message() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let opened = ming.open_direct("阿玲").await;
    assert_eq!(ling.connect_again(&server).await.welcome.conversations.len(), 1, "the direct is still empty");
    ming.send_message_to(opened.id, "are you there?").await;
    let received = ling
        .expect("a conversation", |frame| match frame {
            ServerFrame::Conversation(conversation) => Some(conversation.clone()),
            _ => None,
        })
        .await;
    assert_eq!(received.id, opened.id);
    assert_eq!(received.kind, ConversationKind::Direct { with: ming.welcome.me.user().into() });
    assert_eq!((received.last_seq, received.unread), (Seq(0), 0));
    assert_eq!(ling.expect_event("are you there?").await.seq, Seq(1));
}

#[tokio::test]
async fn two_users_have_one_direct_however_it_is_opened() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let first = ada.open_direct("bob").await;
    ada.send_message_to(first.id, "hi").await;
    let second = bob.open_direct(" ADA ").await;
    assert_eq!(second.id, first.id);
    assert_eq!((second.last_seq, second.unread), (Seq(1), 1));
    assert_eq!(ada.open_direct("Bob").await.id, first.id);
}

#[tokio::test]
async fn an_absent_user_finds_the_message_later() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let token = ling.token().to_owned();
    let ling_user = ling.user();
    ming.expect_online(&ling_user).await;
    drop(ling);
    ming.expect_offline(&ling_user).await;

    let direct = ming.open_direct("阿玲").await;
    ming.send_message_to(direct.id, "晚安").await;

    let ling = TestClient::with_token(server.address, &token).await;
    let listed = ling.welcome.conversations.iter().find(|conversation| conversation.id == direct.id);
    let listed = listed.expect("the direct");
    assert_eq!((listed.last_seq, listed.read_seq, listed.unread), (Seq(1), Seq(0), 1));
}

#[tokio::test]
async fn an_unknown_nickname_is_a_clear_error() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    for (nickname, code) in
        [("小红", ErrorCode::UnknownUser), ("  ", ErrorCode::UnknownUser), ("小明", ErrorCode::SelfDirect)]
    {
        let id = CommandId::generate();
        ming.send(&json!({ "type": "open_direct", "id": id, "nickname": nickname })).await;
        let error = ming.expect_error().await;
        assert_eq!((error.id, error.code), (Some(id), code), "{nickname}");
        if code == ErrorCode::UnknownUser && nickname == "小红" {
            assert_eq!(error.message, "nobody here is called 小红");
        }
    }
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn directs_of_others_can_be_neither_read_nor_written() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    let mut hong = TestClient::guest(&server, "小红").await;
    let direct = ming.open_direct("阿玲").await.id;
    let before = server.stored_counts();

    for conversation in [direct, ConversationId::generate()] {
        let id = hong.send_without_waiting(conversation, "let me in").await;
        let error = hong.expect_error().await;
        assert_eq!((error.id, error.code), (Some(id), ErrorCode::UnknownConversation));
        for frame in [
            json!({ "type": "read", "conversation": conversation, "seq": 1 }),
            json!({ "type": "typing", "conversation": conversation }),
        ] {
            hong.send(&frame).await;
            assert_eq!(hong.expect_error().await.code, ErrorCode::UnknownConversation);
        }
        let path = format!("/api/conversations/{conversation}/messages");
        let response = server.http(reqwest::Method::GET, &path).bearer_auth(hong.token()).send().await;
        assert_eq!(response.expect("a response").status(), 404);
    }
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn a_user_who_left_is_marked_at_once_and_cannot_be_written_to() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let direct = ada.open_direct("Bob").await.id;
    ada.send_message_to(direct, "hi").await;
    bob.expect_event("hi").await;
    let former_user = bob.user();
    sign_out(&server, bob).await;
    assert!(is_gone(&expect_view(&mut ada, direct).await));

    let id = ada.send_without_waiting(direct, "are you there?").await;
    let error = ada.expect_error().await;
    assert_eq!((error.id, error.code), (Some(id), ErrorCode::UserGone));
    let back = ada.connect_again(&server).await;
    assert!(back.welcome.conversations.iter().any(|conversation| conversation.id == direct && is_gone(conversation)));

    // A new user with the same nickname does not receive messages for the former one.
    let mut new_bob = TestClient::guest(&server, "Bob").await;
    let id = CommandId::generate();
    ada.send(&json!({ "type": "open_direct", "id": id, "user": former_user.id })).await;
    assert_eq!(ada.expect_ack(id).await.conversation, direct);
    let new = ada.open_direct("Bob").await;
    assert_ne!(new.id, direct);
    assert_eq!(new.kind, ConversationKind::Direct { with: new_bob.user().into() });
    ada.send_message_to(new.id, "hello, other Bob").await;
    assert_eq!(new_bob.message_texts_until("hello, other Bob").await, ["hello, other Bob"]);
}

#[tokio::test]
async fn open_direct_takes_exactly_one_of_user_and_nickname() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let bob = TestClient::guest(&server, "Bob").await.user();
    let id = CommandId::generate();
    ada.send(&json!({ "type": "open_direct", "id": id, "user": bob.id })).await;
    assert_eq!(ada.expect_ack(id).await.conversation, ada.open_direct("Bob").await.id);
    let refused = [
        (json!({}), ErrorCode::BadFrame),
        (json!({ "user": bob.id, "nickname": "Bob" }), ErrorCode::BadFrame),
        (json!({ "user": "Bob" }), ErrorCode::BadFrame),
        (json!({ "user": ada.user().id }), ErrorCode::SelfDirect),
        (json!({ "user": teahouse::domain::UserId::generate() }), ErrorCode::UnknownUser),
        (json!({ "user": teahouse::domain::UserId::SYSTEM }), ErrorCode::UnknownUser),
    ];
    for (mut command, code) in refused {
        let id = CommandId::generate();
        command["type"] = json!("open_direct");
        command["id"] = json!(id);
        ada.send(&command).await;
        let error = ada.expect_error().await;
        assert_eq!((error.id, error.code), (Some(id), code), "{command}");
    }
}

#[tokio::test]
async fn a_nickname_means_the_same_user_to_a_script_until_they_leave() {
    let server = TestServer::start().await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let mut carol = TestClient::guest(&server, "Carol").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    script.send_direct_message("Bob", "for the first Bob").await;
    bob.expect_event("for the first Bob").await;
    script.send_direct_message("Carol", "between").await;
    carol.expect_event("between").await;
    sign_out(&server, bob).await;
    let mut new_bob = TestClient::guest(&server, "Bob").await;

    script.send_direct_message("Bob", "for the first Bob again").await;
    assert_eq!(script.next_error().await, "user_gone");
    script.send_direct_message("Bob", "for whoever is Bob now").await;
    assert_eq!(new_bob.message_texts_until("for whoever is Bob now").await, ["for whoever is Bob now"]);
}

#[tokio::test]
async fn an_empty_direct_disappears_with_its_guest() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let (opened_by_ada, opened_by_bob) = (ada.open_direct("Bob").await.id, bob.open_direct("Ada").await.id);
    assert_eq!(opened_by_ada, opened_by_bob);
    let mut carol = TestClient::guest(&server, "Carol").await;
    let kept = carol.open_direct("Bob").await.id;
    carol.send_message_to(kept, "something").await;
    assert_eq!(server.count("conversations"), 3);

    sign_out(&server, bob).await;
    let removed = ada.expect("the direct to be removed", |frame| match frame {
        ServerFrame::ConversationRemoved { id } => Some(*id),
        _ => None,
    });
    assert_eq!(removed.await, opened_by_ada);
    assert!(is_gone(&expect_view(&mut carol, kept).await));
    assert_eq!(server.count("conversations"), 2);
}

#[tokio::test]
async fn a_muted_user_can_read_but_begin_no_direct() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let before = ming.open_direct("老板").await.id;
    let script_user = ming
        .expect("the script to come online", |frame| match frame {
            ServerFrame::Presence { joined, .. } => {
                joined.iter().find(|user| user.nickname.as_str() == "script").cloned()
            }
            _ => None,
        })
        .await;

    // A mute in one room does not affect directs.
    owner.moderate("mute", &ming.user(), json!({ "conversation": owner.lobby().id })).await;
    let hong = TestClient::guest(&server, "小红").await.user();
    assert_eq!(ming.open_direct("小红").await.kind, ConversationKind::Direct { with: hong.into() });

    for user in [ming.user(), script_user] {
        owner.moderate("mute", &user, json!({ "minutes": 10 })).await;
    }
    let counts = server.stored_counts();
    for target in [json!({ "nickname": "阿玲" }), json!({ "user": ling.user().id })] {
        let mut command = target;
        command["type"] = json!("open_direct");
        command["id"] = json!(CommandId::generate());
        ming.send(&command).await;
        let error = ming.expect_error().await;
        assert_eq!(error.code, ErrorCode::Muted);
        assert!(error.retry_after_ms.is_some());
    }
    script.send_direct_message("阿玲", "psst").await;
    assert_eq!(script.next_error().await, "muted");
    assert_eq!(server.stored_counts(), counts);
    assert_eq!(ming.open_direct("老板").await.id, before, "an existing direct can be opened");
}
