//! Scripts that reconnect: as the same user with a token, or as a new user with the same nickname once the old
//! connection is dead.

use std::{net::IpAddr, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{AdmissionPolicy, User},
    protocol::SessionCreated,
};

use super::support::{Closed, RawClient, SimpleClient, TestClient, TestServer, register_user, sign_in};

/// The time within which a client must answer in these tests.
const SHORT_TIMEOUT: Duration = Duration::from_millis(150);

async fn start_with_short_timeout() -> TestServer {
    TestServer::start_with(|config| config.timing.liveness_timeout = SHORT_TIMEOUT).await
}

/// Creates a guest's session over HTTP, as a script would.
async fn create_session(server: &TestServer, nickname: &str) -> SessionCreated {
    let body = json!({ "nickname": nickname });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.expect("a session")
}

/// Connects with the token in a header.
async fn connect_with_header(server: &TestServer, path: &str, token: &str) -> SimpleClient {
    let bearer = format!("Bearer {token}");
    let raw = RawClient::connect_with(server.address, path, &[("authorization", &bearer)]).await.expect("an upgrade");
    SimpleClient { raw }
}

/// Connects with the token in the first frame.
async fn connect_with_frame(server: &TestServer, path: &str, token: &str) -> SimpleClient {
    let mut client = SimpleClient::connect(server, path).await;
    client.raw.send_json(&json!({ "token": token })).await;
    client
}

#[tokio::test]
async fn a_script_with_a_token_stays_the_same_user_with_its_directs() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let bot = create_session(&server, "bot").await;
    for time in 0..3 {
        for by_header in [true, false] {
            let connect = async |path| {
                if by_header {
                    connect_with_header(&server, path, &bot.token).await
                } else {
                    connect_with_frame(&server, path, &bot.token).await
                }
            };
            // Nicknames do not depend on case.
            let mut client = connect(if time == 1 { "/BOT" } else { "/bot" }).await;
            let text = format!("time {time}, by header: {by_header}");
            client.send_direct_message("小明", &text).await;
            let event = ming.expect_event(&text).await;
            assert_eq!(event.author.id, bot.me.id);
            ming.send_message_to(event.conversation, &format!("heard {text}")).await;
            assert_eq!(client.next().await, json!({ "msg": format!("heard {text}"), "from_user": "小明" }));
        }
    }
    let directs = ming.connect_again(&server).await.welcome.conversations.len() - 1;
    assert_eq!(directs, 1);
    // The nickname stays reserved while the session exists.
    let mut other = SimpleClient::connect(&server, "/bot").await;
    other.send_message("may I?").await;
    assert_eq!(other.next_error().await, "nickname_taken");
}

#[tokio::test]
async fn a_token_counts_only_in_a_header_or_the_first_frame() {
    let server = start_with_short_timeout().await;
    let bot = create_session(&server, "bot").await;
    let cookie = server.cookie(&bot.token);
    let mut by_cookie = SimpleClient {
        raw: RawClient::connect_with(server.address, "/bot", &[("cookie", &cookie)]).await.expect("one"),
    };
    assert_eq!(
        by_cookie.next_error().await,
        "nickname_taken",
        "another program's page may open this WebSocket, so the cookie does not count"
    );
    for path in ["/bot?token=", "/bot?access_token=", "/bot?invite="] {
        let mut by_url = SimpleClient::connect(&server, &format!("{path}{}", bot.token)).await;
        assert_eq!(
            by_url.next_error().await,
            "nickname_taken",
            "{path}: URLs are logged, so a token in one does not count"
        );
    }
    let mut signed_in = connect_with_frame(&server, "/bot", &bot.token).await;
    signed_in.send_message("in").await;
    signed_in.raw.send_json(&json!({ "token": bot.token })).await;
    assert_eq!(signed_in.next_error().await, "bad_frame", "only the first frame may have a token");
}

#[tokio::test]
async fn an_invalid_token_is_refused_and_creates_no_guest() {
    let server = start_with_short_timeout().await;
    let (bot, other) = (create_session(&server, "bot").await, create_session(&server, "other").await);
    let mut ming = TestClient::guest(&server, "小明").await;
    let ended = create_session(&server, "ended").await;
    let end = server.http(Method::DELETE, "/api/session").bearer_auth(&ended.token).send().await.expect("a response");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
    for (path, token, why) in [
        ("/bot", "no such token", "no session has it"),
        ("/bot", "", "it is empty"),
        ("/bot", other.token.as_str(), "it belongs to another user"),
        ("/free", bot.token.as_str(), "the path names no user"),
        ("/free", "no such token", "no session has it, and the nickname is free"),
        ("/ended", ended.token.as_str(), "its session has ended"),
        ("/%20", bot.token.as_str(), "the path is not a nickname"),
    ] {
        // A header with an empty token counts as no header.
        if !token.is_empty() {
            let mut client = connect_with_header(&server, path, token).await;
            assert_eq!(client.next_error().await, "unauthenticated", "as a header: {why}");
            assert_eq!(client.closed().await, Closed::Code(4401), "as a header: {why}");
        }
        if path != "/%20" {
            let mut client = connect_with_frame(&server, path, token).await;
            assert_eq!(client.next_error().await, "unauthenticated", "in the first frame: {why}");
            assert_eq!(client.closed().await, Closed::Code(4401), "in the first frame: {why}");
        }
    }
    // Both nicknames are free again.
    for name in ["free", "ended"] {
        SimpleClient::sign_in(&server, &format!("/{name}")).await.send_message(&format!("{name} again")).await;
        ming.expect_event(&format!("{name} again")).await;
    }
}

#[tokio::test]
async fn a_token_signs_in_where_new_guests_cannot() {
    for policy in [AdmissionPolicy::Invite, AdmissionPolicy::Registered] {
        let server = TestServer::start().await;
        register_user(&server, "bot").await;
        let server = server
            .restart_with(|config| {
                config.admission_policy = policy;
                config.timing.liveness_timeout = SHORT_TIMEOUT;
            })
            .await;
        let token = sign_in(&server, "bot", super::support::PASSWORD).await.expect("a session").token;
        let mut listener = TestClient::with_token(server.address, &token).await;
        connect_with_header(&server, "/bot", &token).await.send_message("by a header").await;
        listener.expect_event("by a header").await;
        connect_with_frame(&server, "/bot", &token).await.send_message("by a frame").await;
        assert!(listener.expect_event("by a frame").await.author.registered, "{policy:?}");
        let mut new_guest = SimpleClient::connect(&server, "/stranger").await;
        let expected = if policy == AdmissionPolicy::Invite { "invite_required" } else { "account_required" };
        assert_eq!(new_guest.next_error().await, expected);
        assert_eq!(new_guest.closed().await, Closed::Code(4403));
    }
}

#[tokio::test]
async fn an_ended_session_closes_its_simple_connections() {
    let server = start_with_short_timeout().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let bot = create_session(&server, "bot").await;
    let mut client = connect_with_header(&server, "/bot", &bot.token).await;
    client.send_message("here").await;
    let me = ming.expect_event("here").await.author;
    ming.expect_online(&me).await;
    drop(client);
    ming.expect_offline(&me).await;
    let mut other = SimpleClient::connect(&server, "/bot").await;
    assert_eq!(other.next_error().await, "nickname_taken", "the user is offline, but exists");

    let mut client = connect_with_frame(&server, "/bot", &bot.token).await;
    client.send_message("back").await;
    assert_eq!(ming.expect_event("back").await.author.id, bot.me.id);
    let end = server.http(Method::DELETE, "/api/session").bearer_auth(&bot.token).send().await.expect("a response");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
    assert_eq!(client.closed().await, Closed::Code(4401));
    SimpleClient::sign_in(&server, "/bot").await;
}

/// Sends a message as the script. Returns its author as other users see it.
async fn author_of(script: &mut SimpleClient, listener: &mut TestClient, text: &str) -> User {
    script.send_message(text).await;
    listener.expect_event(text).await.author
}

#[tokio::test]
async fn a_script_gets_its_nickname_back_when_the_old_connection_misses_a_ping() {
    let server = start_with_short_timeout().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    for (time, path) in ["/script", "/SCRIPT", "/script"].into_iter().enumerate() {
        // Nothing reads from the old connection, so its pings stay unanswered.
        let mut old = SimpleClient::sign_in(&server, "/script").await;
        let before = author_of(&mut old, &mut ming, &format!("before {time}")).await;
        let mut new = SimpleClient::sign_in(&server, path).await;
        let after = author_of(&mut new, &mut ming, &format!("after {time}")).await;
        assert_ne!(after.id, before.id, "the same nickname alone does not make the same user");
        assert_eq!(old.closed().await, Closed::Code(4409), "a client that reads again learns why");
        // The end of the old connection does not free the nickname of the new one.
        let mut other = SimpleClient::connect(&server, "/script").await;
        assert_eq!(new.read_during(other.next_error()).await, "nickname_taken");
    }
}

#[tokio::test]
async fn a_script_that_reconnects_at_once_gets_its_nickname_back() {
    // The test must not depend on an unanswered ping.
    let server = TestServer::start_with(|config| config.timing.liveness_timeout = Duration::from_hours(1)).await;
    for _ in 0..20 {
        drop(SimpleClient::sign_in(&server, "/script").await);
    }
}

#[tokio::test]
async fn a_live_client_keeps_its_nickname() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut alive = SimpleClient::sign_in(&server, "/script").await;
    let before = author_of(&mut alive, &mut ming, "first").await;
    for _ in 0..5 {
        let attempts = ["/script", "/Script", "/scr1pt", "/script"].map(|path| {
            let server = &server;
            async move {
                let mut other = SimpleClient::connect(server, path).await;
                assert_eq!(other.next_error().await, "nickname_taken", "{path}");
                assert_eq!(other.closed().await, Closed::Code(4409), "{path}");
            }
        });
        alive.read_during(futures_util::future::join_all(attempts)).await;
    }
    assert_eq!(author_of(&mut alive, &mut ming, "still").await, before);
}

#[tokio::test]
async fn another_address_cannot_take_the_nickname_of_a_stalled_client() {
    let server = start_with_short_timeout().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut stalled = SimpleClient::sign_in(&server, "/script").await;
    let before = author_of(&mut stalled, &mut ming, "here").await;
    let other_address = IpAddr::from([127, 0, 0, 2]);
    let mut new_guest = SimpleClient { raw: RawClient::connect_from(&server, other_address, "/script").await };
    assert_eq!(new_guest.next_error().await, "nickname_taken");
    assert_eq!(new_guest.closed().await, Closed::Code(4409));
    assert_eq!(author_of(&mut stalled, &mut ming, "here again").await, before);
}

#[tokio::test]
async fn one_of_two_claimants_gets_the_nickname_of_a_dead_connection() {
    let server = start_with_short_timeout().await;
    let _dead = SimpleClient::sign_in(&server, "/script").await;
    let attempt = async || {
        let mut client = SimpleClient::connect(&server, "/script").await;
        client.raw.send_text("?").await;
        let response = client.next_error().await;
        (client, response)
    };
    let ((_one, first), (_other, second)) = tokio::join!(attempt(), attempt());
    let mut codes = [first, second];
    codes.sort_unstable();
    assert_eq!(codes, ["bad_frame", "nickname_taken"], "the other client is signed in");
}

#[tokio::test]
async fn a_nickname_is_valid_in_both_protocols_or_in_neither() {
    let server = TestServer::start_with_pages().await;
    for name in [
        "ws",
        "api",
        "healthz",
        "readyz",
        "pkg",
        "talk",
        "house",
        "lobby",
        "admin",
        "echo",
        "favicon.ico",
        "robots.txt",
        "index.html",
        "teahouse.css",
        ".well-known",
        "security.txt",
        "metrics",
        "static",
        "login",
        "session",
        "WS",
        "Api",
        "HEALTHZ",
        "api.",
        "ws2",
        "health",
        "manifest.json",
        "sw.js",
        "conversation",
    ] {
        let mut full = RawClient::connect(&server, "/ws").await;
        full.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": name })).await;
        let response = full.next_json().await;
        let is_possible = response["type"] == "welcome";
        if !is_possible {
            assert_eq!(response["code"], "invalid_nickname", "{name}");
        }
        if is_possible {
            let token = response["token"].as_str().expect("a token");
            let end = server.http(Method::DELETE, "/api/session").bearer_auth(token).send().await.expect("a response");
            assert_eq!(end.status(), StatusCode::NO_CONTENT);
        }
        // A percent-encoded letter is the same letter.
        let first = name.bytes().next().expect("a name");
        for path in [format!("/{name}"), format!("/%{first:02x}{}", &name[1..])] {
            if path == "/ws" {
                continue;
            }
            if is_possible {
                drop(SimpleClient::sign_in(&server, &path).await);
            } else {
                let mut plain = SimpleClient::connect(&server, &path).await;
                assert_eq!(plain.next_error().await, "invalid_nickname", "{path}");
            }
        }
        assert_eq!(is_possible, !["ws", "lobby", "admin"].contains(&name), "{name}");
    }
    // The server's own paths still work.
    for path in ["/healthz", "/readyz", "/talk/lobby", "/"] {
        assert_eq!(server.http(Method::GET, path).send().await.expect("a response").status(), StatusCode::OK, "{path}");
    }
    assert_eq!(server.http(Method::GET, "/api").send().await.expect("a response").status(), StatusCode::NOT_FOUND);
}
