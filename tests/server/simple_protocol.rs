//! The simple protocol as the tutorial's clients use it, and inputs that crashed the tutorial's server.

use serde_json::json;
use teahouse::protocol::{ErrorCode, ServerFrame};

use super::support::{Closed, RawClient, SimpleClient, TestClient, TestServer};

#[tokio::test]
async fn a_group_message_reaches_everyone_but_the_sender() {
    let server = TestServer::start().await;
    let mut a = SimpleClient::sign_in(&server, "/a").await;
    let mut b = SimpleClient::sign_in(&server, "/b").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    a.send_message("hi all").await;
    assert_eq!(b.next().await, json!({ "username": "a", "msg": "hi all" }));
    assert_eq!(ming.expect_event("hi all").await.author.nickname.as_str(), "a");
    ming.send_message("你好").await;
    // The sender does not receive its own message: its first frame is another user's message.
    assert_eq!(a.next().await, json!({ "username": "小明", "msg": "你好" }));
    assert_eq!(b.next().await, json!({ "username": "小明", "msg": "你好" }));
}

#[tokio::test]
async fn a_private_message_reaches_only_its_recipient() {
    let server = TestServer::start().await;
    let mut a = SimpleClient::sign_in(&server, "/a").await;
    let mut b = SimpleClient::sign_in(&server, "/b").await;
    let mut c = SimpleClient::sign_in(&server, "/c").await;
    for number in 0..5 {
        a.send_direct_message("b", &format!("only you {number}")).await;
    }
    for number in 0..5 {
        assert_eq!(b.next().await, json!({ "msg": format!("only you {number}"), "from_user": "a" }));
    }
    b.send_direct_message("a", "and you").await;
    assert_eq!(a.next().await, json!({ "msg": "and you", "from_user": "b" }));
    a.send_message("all").await;
    assert_eq!(c.next().await, json!({ "username": "a", "msg": "all" }));
}

#[tokio::test]
async fn simple_clients_and_browsers_exchange_directs() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut robot = SimpleClient::sign_in(&server, "/%E8%8C%B6%20bot").await;
    robot.send_direct_message("小明", "喝茶吗?").await;
    let event = ming.expect_event("喝茶吗?").await;
    assert_eq!(event.author.nickname.as_str(), "茶 bot");
    ming.send_message_to(event.conversation, "好").await;
    assert_eq!(robot.next().await, json!({ "msg": "好", "from_user": "小明" }));
}

#[tokio::test]
async fn input_that_crashed_the_tutorial_is_answered_and_keeps_the_socket() {
    let server = TestServer::start().await;
    let mut a = SimpleClient::sign_in(&server, "/a").await;
    let before = server.stored_counts();
    for (frame, code) in [
        (json!({ "to_user": "nobody", "msg": "hello?" }).to_string(), "unknown_user"),
        (json!({ "to_user": "a", "msg": "me" }).to_string(), "self_direct"),
        (json!({ "to_user": "nobody", "msg": " " }).to_string(), "empty_message"),
        (json!({ "msg": "" }).to_string(), "empty_message"),
        (json!({ "msg": "x".repeat(4_001) }).to_string(), "message_too_long"),
        (json!({ "username": "a" }).to_string(), "bad_frame"),
        (json!({ "to_user": 7, "msg": "x" }).to_string(), "bad_frame"),
        ("{".to_owned(), "bad_frame"),
        ("[]".to_owned(), "bad_frame"),
        (String::new(), "bad_frame"),
    ] {
        a.raw.send_text(&frame).await;
        assert_eq!(a.next_error().await, code, "{frame}");
    }
    futures_util::SinkExt::send(&mut a.raw.socket, tokio_tungstenite::tungstenite::Message::binary(vec![1, 2]))
        .await
        .expect("an open socket");
    assert_eq!(a.next_error().await, "bad_frame");
    assert_eq!(server.stored_counts(), before);

    let mut ming = TestClient::guest(&server, "小明").await;
    a.send_message("still here").await;
    ming.expect_event("still here").await;
}

#[tokio::test]
async fn a_taken_nickname_is_refused_and_its_user_stays() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut a = SimpleClient::sign_in(&server, "/a").await;
    for path in ["/a", "/A", "/%E5%B0%8F%E6%98%8E"] {
        let mut second = SimpleClient::connect(&server, path).await;
        assert_eq!(a.read_during(second.next_error()).await, "nickname_taken", "{path}");
        assert_eq!(second.closed().await, Closed::Code(4409), "{path}");
    }
    a.send_message("mine").await;
    ming.expect_event("mine").await;
}

#[tokio::test]
async fn an_invalid_nickname_is_refused() {
    let server = TestServer::start().await;
    for path in ["/%20", "/everyone", "/a%E2%80%8Bb", "/%FF"] {
        let mut refused = SimpleClient::connect(&server, path).await;
        assert_eq!(refused.next_error().await, "invalid_nickname", "{path}");
        assert_eq!(refused.closed().await, Closed::Code(4400), "{path}");
    }
    assert_eq!(server.stored_counts().users, 0);
}

#[tokio::test]
async fn a_simple_client_is_announced_and_frees_its_nickname() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let a = SimpleClient::sign_in(&server, "/a").await;
    let guest = ming
        .expect("the guest's arrival", |frame| match frame {
            ServerFrame::Presence { joined, .. } => joined.iter().find(|user| user.nickname.as_str() == "a").cloned(),
            _ => None,
        })
        .await;
    drop(a);
    ming.expect_offline(&guest).await;
    let again = TestClient::guest(&server, "a").await;
    assert_ne!(again.welcome.me.id, guest.id);

    // Nobody online has this nickname, and no offline user could come back with it.
    let id = teahouse::domain::CommandId::generate();
    drop(again);
    ming.send(&json!({ "type": "open_direct", "id": id, "nickname": "nobody" })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::UnknownUser);
}

#[tokio::test]
async fn only_pages_of_this_machine_may_use_the_simple_protocol() {
    let server = TestServer::start().await;
    let local = [("origin", "http://localhost:8080")];
    let mut a = RawClient::connect_with(server.address, "/a", &local).await.expect("an upgrade");
    a.send_text("{").await;
    assert_eq!(a.next_json().await["error"], "bad_frame");
    let foreign = [("origin", "https://evil.example")];
    let refused = RawClient::connect_with(server.address, "/b", &foreign).await.err().expect("a refusal");
    assert_eq!(refused.status(), 403);
    assert_eq!(server.stored_counts().users, 1);
}

#[tokio::test]
async fn only_an_upgrade_of_a_single_segment_path_is_the_simple_endpoint() {
    let server = TestServer::start().await;
    for path in ["/a/b", "/", "/api/a"] {
        let refused = RawClient::connect_with(server.address, path, &[]).await.err().expect(path);
        assert_eq!(refused.status(), 404, "{path}");
    }
    // Without an upgrade the path belongs to the pages, which this server does not have.
    let response = server.http(reqwest::Method::GET, "/a").send().await.expect("a response");
    assert_eq!(response.status(), 404);
    assert_eq!(server.stored_counts().users, 0);
}
