//! Two users talk alone.

use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, ConversationKind, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{TestClient, TestServer};

#[tokio::test]
async fn a_direct_is_heard_by_its_two_users_and_nobody_else() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut hong = TestClient::guest(&server, "小红").await;

    let direct = ming.open_direct("阿玲").await;
    assert_eq!(direct.kind, ConversationKind::Direct { with: ling.welcome.me.user() });
    ming.say_in(direct.id, "only you").await;
    assert_eq!(ling.expect_event("only you").await.conversation, direct.id);
    ling.say_in(direct.id, "only me").await;
    ming.expect_event("only me").await;

    // Delivery keeps the order of commits: whatever she was to get would have come before this.
    ming.say("all of you").await;
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
async fn the_other_user_is_told_of_a_new_direct() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let opened = ming.open_direct("阿玲").await;
    let told = ling
        .expect("a conversation", |frame| match frame {
            ServerFrame::Conversation(conversation) => Some(conversation.clone()),
            _ => None,
        })
        .await;
    assert_eq!(told.id, opened.id);
    assert_eq!(told.kind, ConversationKind::Direct { with: ming.welcome.me.user() });
}

#[tokio::test]
async fn two_users_have_one_direct_whoever_opens_it_and_however_the_name_is_typed() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let first = ada.open_direct("bob").await;
    ada.say_in(first.id, "hi").await;
    let second = bob.open_direct(" ADA ").await;
    assert_eq!(second.id, first.id);
    assert_eq!((second.last_seq, second.unread), (Seq(1), 1));
    assert_eq!(ada.open_direct("Bob").await.id, first.id);
}

#[tokio::test]
async fn who_is_not_here_finds_the_message_on_coming_back() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let token = ling.token().to_owned();
    let her = ling.user();
    ming.expect_arrival(&her).await;
    drop(ling);
    ming.expect_departure(&her).await;

    let direct = ming.open_direct("阿玲").await;
    ming.say_in(direct.id, "晚安").await;

    let ling = TestClient::with_token(server.address, &token).await;
    let found = ling.welcome.conversations.iter().find(|conversation| conversation.id == direct.id);
    let found = found.expect("the direct");
    assert_eq!((found.last_seq, found.read_seq, found.unread), (Seq(1), Seq(0), 1));
}

#[tokio::test]
async fn nobody_of_that_name_is_an_error_that_says_so() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored();
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
    assert_eq!(server.stored(), before);
}

#[tokio::test]
async fn nobody_writes_into_or_reads_from_others_directs() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    let mut hong = TestClient::guest(&server, "小红").await;
    let direct = ming.open_direct("阿玲").await.id;
    let before = server.stored();

    for conversation in [direct, ConversationId::generate()] {
        let id = hong.post(conversation, "let me in").await;
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
        let answer = server.http(reqwest::Method::GET, &path).bearer_auth(hong.token()).send().await;
        assert_eq!(answer.expect("an answer").status(), 404);
    }
    assert_eq!(server.stored(), before);
}
