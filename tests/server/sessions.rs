//! Sessions end when they are too old, unused or replaced.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{protocol::SessionCreated, server::Config};

use super::support::{Closed, PASSWORD, TestClient, TestServer, register_user, set_password, sign_in, with_timeout};

/// Starts a server whose housekeeping runs often.
async fn server() -> TestServer {
    TestServer::start_with(|config| config.timing.housekeeping_interval = Duration::from_millis(20)).await
}

async fn is_signed_in(server: &TestServer, token: &str) -> bool {
    let response = server.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("a response");
    response.status() == StatusCode::OK
}

#[tokio::test]
async fn a_session_expires_after_its_days() {
    let server = server().await;
    let (alice, token) = register_user(&server, "Alice").await;
    let guest = TestClient::guest(&server, "Bob").await;
    server.tamper("UPDATE sessions SET created_at = 1000").expect("an update");
    // Open connections are closed at once.
    assert_eq!(alice.closed().await, Closed::Code(4411));
    assert!(!is_signed_in(&server, &token).await);
    let again = sign_in(&server, "Alice", PASSWORD).await.expect("a session");
    assert!(is_signed_in(&server, &again.token).await);
    assert!(is_signed_in(&server, guest.token()).await, "a guest cannot sign in again, so the session does not expire");
}

#[tokio::test]
async fn an_expired_session_is_refused_before_housekeeping_runs() {
    let server = TestServer::start().await;
    let (alice, token) = register_user(&server, "Alice").await;
    server.tamper("UPDATE sessions SET created_at = 1000").expect("an update");
    assert!(!is_signed_in(&server, &token).await);
    assert_eq!(server.sessions_of(alice.welcome.me.id), 1);
}

#[tokio::test]
async fn unused_sessions_end_and_used_ones_do_not() {
    let server = server().await;
    let (mut alice, _) = register_user(&server, "Alice").await;
    let other_session = sign_in(&server, "Alice", PASSWORD).await.expect("a session");
    let (connection, _) = register_user(&server, "Bob").await;
    let (alice_id, bob) = (alice.welcome.me.id, connection.user());
    alice.expect_online(&bob).await;
    drop(connection);
    // Until then the server takes the session for one in use.
    alice.expect_offline(&bob).await;
    server.tamper("UPDATE sessions SET seen_at = 1000").expect("an update");
    with_timeout("Bob's session to end", async {
        while server.sessions_of(bob.id) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Alice's other session, which is not connected.
    with_timeout("Alice's other session to end", async {
        while server.sessions_of(alice_id) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    alice.send_message("I have been here all the time").await;
    assert!(!is_signed_in(&server, &other_session.token).await);
}

#[tokio::test]
async fn a_user_who_stayed_connected_is_known_after_a_restart() {
    let server = server().await;
    let (_alice, alice) = register_user(&server, "Alice").await;
    let guest = TestClient::guest(&server, "Bob").await;
    let carol = register_user(&server, "Carol").await.0.welcome.me.id;
    // As if these users had been connected for a year.
    server.age_sessions_of("Alice");
    server.age_sessions_of("Bob");
    with_timeout("the use of the sessions to be stored", async {
        while server.count("sessions WHERE seen_at = 1000") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let server = server.restart().await;
    // Housekeeping runs before they reconnect: it ends the session that nobody uses.
    server.age_sessions_of("Carol");
    with_timeout("an unused session to end", async {
        while server.sessions_of(carol) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for token in [&alice, guest.token()] {
        assert!(is_signed_in(&server, token).await);
    }
}

#[tokio::test]
async fn setting_a_password_renews_the_session() {
    let server = server().await;
    let guest = TestClient::guest(&server, "Alice").await;
    let token = guest.token().to_owned();
    server.tamper("UPDATE sessions SET created_at = 1000").expect("an update");
    assert_eq!(set_password(&server, &token, json!({ "password": PASSWORD })).await, StatusCode::NO_CONTENT);
    assert!(is_signed_in(&server, &token).await);
    TestClient::with_token(server.address, &token).await.send_message("still me").await;
}

#[tokio::test]
async fn the_cookie_lasts_as_long_as_the_session() {
    let days = |config: &mut Config| config.session_days = 90.try_into().expect("a number of days");
    let server = TestServer::start_with(days).await;
    let request = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "Alice" }));
    let response = request.send().await.expect("a response");
    let cookie = response.headers()["set-cookie"].to_str().expect("ASCII");
    assert!(cookie.contains(&format!("; Max-Age={}", 90 * 24 * 60 * 60)), "{cookie}");
}

#[tokio::test]
async fn a_visit_renews_the_cookie() {
    let server = TestServer::start_with_pages().await;
    let guest = TestClient::guest(&server, "Alice").await;
    let cookie = server.cookie(guest.token());
    let get = async |name: &str, value: &str| {
        let request = server.http(Method::GET, "/talk/lobby").header(name, value);
        let response = request.send().await.expect("a response");
        response.headers().get("set-cookie").map(|value| value.to_str().expect("ASCII").to_owned())
    };
    let again = format!("{cookie}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
    assert_eq!(get("cookie", &cookie).await.as_ref(), Some(&again));
    // Only browsers need the cookie renewed, and an unknown token is not renewed.
    assert_eq!(get("authorization", &format!("Bearer {}", guest.token())).await, None);
    assert_eq!(get("cookie", &server.cookie("nobody")).await, None);
    // A page that stays open renews the cookie when its WebSocket connects.
    let upgrade = server.http(Method::GET, "/ws").header("connection", "upgrade").header("upgrade", "websocket");
    let upgrade = upgrade.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = upgrade.header("cookie", &cookie).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()["set-cookie"].to_str().expect("ASCII"), again);
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_earlier_session() {
    let server = TestServer::start().await;
    let (alice, first) = register_user(&server, "Alice").await;
    let guest = TestClient::guest(&server, "Bob").await;
    let sign_in_with = async |token: &str, password: &str| {
        let request = server.http(Method::POST, "/api/session").header("cookie", server.cookie(token));
        request.json(&json!({ "nickname": "Alice", "password": password })).send().await.expect("a response")
    };
    assert_eq!(sign_in_with(&first, "wrong horse").await.status(), StatusCode::FORBIDDEN);
    assert!(is_signed_in(&server, &first).await, "the session is unchanged");

    let second: SessionCreated = sign_in_with(&first, PASSWORD).await.json().await.expect("a session");
    assert_ne!(second.token, first);
    assert_eq!(alice.closed().await, Closed::Code(4401));
    assert!(!is_signed_in(&server, &first).await);
    assert!(is_signed_in(&server, &second.token).await);

    // The session of another user ends, too: when a guest signs in to an account, the guest's nickname becomes free.
    assert_eq!(sign_in_with(guest.token(), PASSWORD).await.status(), StatusCode::CREATED);
    assert!(!is_signed_in(&server, guest.token()).await);
    TestClient::guest(&server, "Bob").await;
}
