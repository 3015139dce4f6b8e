//! A client whose session has ended learns why, whether it was online at the time or offline.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::EndReason,
    protocol::{Problem, SessionList},
};

use super::support::{Closed, PASSWORD, RawClient, TestClient, TestServer, register_user, set_password, sign_in};

/// Returns what a client that was offline is told over HTTP, and how its WebSocket is closed.
async fn end_reason(server: &TestServer, token: &str) -> (Option<EndReason>, Closed) {
    let response = server.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let problem: Problem = response.json().await.expect("a problem");
    let mut raw = RawClient::connect(server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "token": token })).await;
    assert_eq!(raw.next_json().await["code"], "unauthenticated");
    (problem.ended, raw.closed().await)
}

#[tokio::test]
async fn a_session_ended_from_another_device_says_so() {
    let server = TestServer::start().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let [online, offline] = [
        sign_in(&server, "Alice", PASSWORD).await.expect("a session"),
        sign_in(&server, "Alice", PASSWORD).await.expect("a session"),
    ];
    let open = TestClient::with_token(server.address, &online.token).await;
    let list = server.http(Method::GET, "/api/sessions").bearer_auth(&token).send().await.expect("a response");
    let list: SessionList = list.json().await.expect("a list");
    for session in list.sessions.iter().filter(|session| !session.current) {
        let end = server.http(Method::DELETE, &format!("/api/sessions/{}", session.id)).bearer_auth(&token);
        assert_eq!(end.send().await.expect("a response").status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(open.closed().await, Closed::Code(4401));
    assert_eq!(end_reason(&server, &offline.token).await, (Some(EndReason::SignedOut), Closed::Code(4401)));
}

#[tokio::test]
async fn a_session_ended_by_a_new_password_says_so() {
    let server = TestServer::start().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let offline = sign_in(&server, "Alice", PASSWORD).await.expect("a session");
    let change = json!({ "password": "new and long", "current": PASSWORD });
    assert_eq!(set_password(&server, &token, change).await, StatusCode::NO_CONTENT);
    assert_eq!(end_reason(&server, &offline.token).await, (Some(EndReason::PasswordChanged), Closed::Code(4410)));
    // A reset by the operator also counts, and the reason survives a restart.
    server.admin(&["reset-password", "Alice"]).await;
    let server = server.restart().await;
    assert_eq!(end_reason(&server, &token).await, (Some(EndReason::PasswordChanged), Closed::Code(4410)));
}

#[tokio::test]
async fn a_session_ended_by_a_moderator_says_so() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let (_alice, alice) = register_user(&server, "Alice").await;
    let guest = TestClient::guest(&server, "小明").await;
    owner.moderate("remove", &TestClient::with_token(server.address, &alice).await.user(), json!({})).await;
    owner.moderate("ban", &guest.user(), json!({})).await;
    for token in [&alice, guest.token()] {
        assert_eq!(end_reason(&server, token).await, (Some(EndReason::Removed), Closed::Code(4403)));
    }
}

#[tokio::test]
async fn an_expired_session_says_so() {
    let server = TestServer::start().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    server.tamper("UPDATE sessions SET created_at = 1000").expect("an old session");
    assert_eq!(end_reason(&server, &token).await, (Some(EndReason::Expired), Closed::Code(4411)));
    let server = server.restart().await;
    assert_eq!(end_reason(&server, &token).await, (Some(EndReason::Expired), Closed::Code(4411)));
}

#[tokio::test]
async fn an_unknown_token_reveals_nothing() {
    let server = TestServer::start().await;
    assert_eq!(end_reason(&server, "made up").await, (None, Closed::Code(4401)));
    let guest = TestClient::guest(&server, "小明").await;
    let end = server.http(Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await.expect("a response");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        end_reason(&server, guest.token()).await,
        (None, Closed::Code(4401)),
        "a client that signed out needs no reason"
    );
}

#[tokio::test]
async fn signing_in_again_in_the_same_browser_closes_the_connections_of_the_replaced_session() {
    let server = TestServer::start().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let open = TestClient::with_token(server.address, &token).await;
    let sign_in = server
        .http(Method::POST, "/api/session")
        .header("cookie", server.cookie(&token))
        .json(&json!({ "nickname": "Alice", "password": PASSWORD }));
    assert_eq!(sign_in.send().await.expect("a response").status(), StatusCode::CREATED);
    assert_eq!(open.closed().await, Closed::Code(4401));
}
