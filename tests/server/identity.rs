//! Nobody can impersonate another user.

use reqwest::Method;
use serde_json::json;
use teahouse::protocol::{ErrorCode, ServerFrame};

use super::support::{Closed, RawClient, TestClient, TestServer};

async fn refused_hello(server: &TestServer, hello: serde_json::Value) -> (ServerFrame, Closed) {
    let mut raw = RawClient::connect(server, "/ws").await;
    raw.send_json(&hello).await;
    let frame = serde_json::from_value(raw.next_json().await).expect("a frame");
    (frame, raw.closed().await)
}

fn code(frame: &ServerFrame) -> ErrorCode {
    match frame {
        ServerFrame::Error(error) => error.code,
        other => panic!("not an error: {other:?}"),
    }
}

#[tokio::test]
async fn a_taken_nickname_is_refused_with_a_suggestion() {
    let server = TestServer::start().await;
    let _alice = TestClient::guest(&server, "Alice").await;
    for look_alike in ["Alice", " aLICE ", "А1ісе"] {
        let (frame, closed) =
            refused_hello(&server, json!({ "type": "hello", "protocol": 1, "nickname": look_alike })).await;
        let ServerFrame::Error(error) = frame else { panic!("not an error: {frame:?}") };
        assert_eq!((error.code, closed), (ErrorCode::NicknameTaken, Closed::Code(4409)), "{look_alike}");
        let suggestion = error.suggestion.expect("a free name");
        let guest = TestClient::guest(&server, suggestion.as_str()).await;
        assert_eq!(guest.welcome.me.nickname, suggestion);
    }
}

#[tokio::test]
async fn simultaneous_sign_ins_get_different_nicknames() {
    let server = TestServer::start().await;
    let join = async || {
        let body = json!({ "nickname": "小明" });
        server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response").status().as_u16()
    };
    let (a, b, c) = tokio::join!(join(), join(), join());
    let mut statuses = [a, b, c];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn invalid_nicknames_are_refused() {
    let server = TestServer::start().await;
    for nickname in ["", " \t", "a\u{200b}b", "everyone", &"x".repeat(33)] {
        let (frame, closed) =
            refused_hello(&server, json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await;
        assert_eq!((code(&frame), closed), (ErrorCode::InvalidNickname, Closed::Code(4400)), "{nickname:?}");
    }
    assert_eq!(server.stored_counts().users, 0);
}

#[tokio::test]
async fn a_missing_or_invalid_session_is_refused() {
    let server = TestServer::start().await;
    for hello in
        [json!({ "type": "hello", "protocol": 1 }), json!({ "type": "hello", "protocol": 1, "token": "guessed" })]
    {
        let (frame, closed) = refused_hello(&server, hello).await;
        assert_eq!((code(&frame), closed), (ErrorCode::Unauthenticated, Closed::Code(4401)));
    }
}

#[tokio::test]
async fn other_protocol_versions_are_refused() {
    let server = TestServer::start().await;
    let (frame, closed) = refused_hello(&server, json!({ "type": "hello", "protocol": 2, "nickname": "小明" })).await;
    assert_eq!((code(&frame), closed), (ErrorCode::UnsupportedProtocol, Closed::Code(4400)));
    assert_eq!(server.stored_counts().users, 0);
}

#[tokio::test]
async fn a_token_or_cookie_restores_the_same_user() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "小明").await;
    let token = ming.token().to_owned();
    let reconnected = TestClient::with_token(server.address, &token).await;
    assert_eq!(reconnected.welcome.me, ming.welcome.me);
    assert_eq!(reconnected.token(), token);

    let cookie = format!("theme=dark; {}", server.cookie(&token));
    let mut raw = RawClient::connect_with(server.address, "/ws", &[("cookie", &cookie)]).await.expect("an upgrade");
    raw.send_json(&json!({ "type": "hello", "protocol": 1 })).await;
    let by_cookie = TestClient::await_welcome(raw).await;
    assert_eq!(by_cookie.welcome.me, ming.welcome.me);
    assert_eq!(by_cookie.welcome.token, None, "the page's scripts never see the cookie's token");
}

#[tokio::test]
async fn ending_a_session_closes_its_connections_and_frees_the_nickname() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "小明").await;
    let token = ming.token().to_owned();
    let phone = ming.connect_again(&server).await;
    let response = server.http(Method::DELETE, "/api/session").bearer_auth(&token).send().await.expect("a response");
    assert_eq!(response.status(), 204);
    assert_eq!(ming.closed().await, Closed::Code(4401));
    assert_eq!(phone.closed().await, Closed::Code(4401));
    let (frame, closed) = refused_hello(&server, json!({ "type": "hello", "protocol": 1, "token": token })).await;
    assert_eq!((code(&frame), closed), (ErrorCode::Unauthenticated, Closed::Code(4401)));
    TestClient::guest(&server, "小明").await;
}
