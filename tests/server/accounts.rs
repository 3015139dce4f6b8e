//! Registered users: passwords, their sessions, and who may use a registered nickname.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{SessionId, UserKind},
    protocol::{ErrorCode, ServerFrame, SessionCreated, SessionList},
};

use super::support::{Closed, PASSWORD, TestClient, TestServer, register_user, set_password, sign_in};

async fn sessions(server: &TestServer, token: &str) -> SessionList {
    let request = server.http(Method::GET, "/api/sessions").bearer_auth(token);
    request.send().await.expect("a response").json().await.expect("a list")
}

#[tokio::test]
async fn a_guest_who_sets_a_password_stays_the_same_user() {
    let server = TestServer::start().await;
    let mut guest = TestClient::guest(&server, "小明").await;
    guest.send_message("before").await;
    let (id, token) = (guest.welcome.me.id, guest.token().to_owned());
    assert_eq!(set_password(&server, &token, json!({ "password": PASSWORD })).await, StatusCode::NO_CONTENT);
    // The server asks the open connection to reconnect, which it does as a registered user.
    assert_eq!(guest.closed().await, Closed::Code(1013));
    let mut returned = TestClient::with_token(server.address, &token).await;
    assert_eq!((returned.welcome.me.id, returned.welcome.me.kind), (id, UserKind::Registered));

    let second_session = sign_in(&server, " 小明 ", PASSWORD).await.expect("a session");
    assert_eq!((second_session.me.id, second_session.me.kind), (id, UserKind::Registered));
    assert_eq!(sessions(&server, &token).await.sessions.len(), 2);

    // Other users see that the user is registered.
    let mut ling = TestClient::guest(&server, "阿玲").await;
    returned.send_message("after").await;
    assert!(ling.expect_event("after").await.author.registered);
    assert!(!ling.user().registered);
}

#[tokio::test]
async fn others_see_at_once_that_a_user_has_registered() {
    let server = TestServer::start().await;
    let guest = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let token = guest.token().to_owned();
    set_password(&server, &token, json!({ "password": PASSWORD })).await;
    drop(guest);
    let returned = TestClient::with_token(server.address, &token).await;
    assert!(returned.user().registered);
    ling.expect("the registered mark", |frame| match frame {
        ServerFrame::Presence { joined, .. } if joined.contains(&returned.user()) => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn a_registered_nickname_stays_taken_while_its_user_is_away() {
    let server = TestServer::start().await;
    let (client, token) = register_user(&server, "Alice").await;
    drop(client);
    let ended = server.http(Method::DELETE, "/api/session").bearer_auth(&token).send().await.expect("a response");
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    for look_alike in ["Alice", "ALICE", "А1ісе"] {
        let body = json!({ "nickname": look_alike });
        let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::CONFLICT, "{look_alike}");
    }
    let server = server.restart().await;
    assert_eq!(sign_in(&server, "alice", PASSWORD).await.expect("a session").me.nickname.as_str(), "Alice");
}

#[tokio::test]
async fn wrong_passwords_unknown_names_and_guests_get_the_same_answer() {
    let server = TestServer::start().await;
    let _alice = register_user(&server, "Alice").await;
    let _guest = TestClient::guest(&server, "Bob").await;
    let mut answers = Vec::new();
    for (nickname, password) in
        [("Alice", "wrong horse"), ("Nobody", PASSWORD), ("Bob", PASSWORD), ("", PASSWORD), ("Alice", &"x".repeat(300))]
    {
        answers.push(sign_in(&server, nickname, password).await.expect_err("no session"));
    }
    for response in answers {
        assert_eq!((response.status, response.code), (403, ErrorCode::WrongPassword));
        assert_eq!(response.detail, "the nickname or the password is wrong");
    }
}

#[tokio::test]
async fn changing_a_password_needs_the_old_one_and_ends_other_sessions() {
    let server = TestServer::start().await;
    let (_here, token) = register_user(&server, "Alice").await;
    let second_session = sign_in(&server, "Alice", PASSWORD).await.expect("a session");
    let second_client = TestClient::with_token(server.address, &second_session.token).await;

    for wrong in [json!({ "password": "new and long" }), json!({ "password": "new and long", "current": "wrong" })] {
        assert_eq!(set_password(&server, &token, wrong).await, StatusCode::FORBIDDEN);
    }
    let change = json!({ "password": "new and long", "current": PASSWORD });
    assert_eq!(set_password(&server, &token, change).await, StatusCode::NO_CONTENT);
    assert_eq!(second_client.closed().await, Closed::Code(4410));
    let me = server.http(Method::GET, "/api/me").bearer_auth(&second_session.token).send().await.expect("a response");
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    assert!(sign_in(&server, "Alice", PASSWORD).await.is_err());
    assert!(sign_in(&server, "Alice", "new and long").await.is_ok());
    TestClient::with_token(server.address, &token).await.send_message("still here").await;
}

#[tokio::test]
async fn short_long_and_common_passwords_are_refused() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let guest = TestClient::guest(&server, "Alice").await;
    for password in ["", "seven77", "password1", "PASSWORD1", &"x".repeat(257)] {
        let body = json!({ "password": password });
        assert_eq!(set_password(&server, guest.token(), body).await, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
    }
    assert_eq!(set_password(&server, guest.token(), json!({ "pass": 7 })).await, StatusCode::BAD_REQUEST);
    assert_eq!(guest.connect_again(&server).await.welcome.me.kind, UserKind::Guest);
}

#[tokio::test]
async fn users_see_their_sessions_and_can_end_each() {
    let server = TestServer::start().await;
    let (here, token) = register_user(&server, "Alice").await;
    let body = json!({ "nickname": "Alice", "password": PASSWORD });
    let request = server.http(Method::POST, "/api/session").header("User-Agent", "A phone");
    let second_session: SessionCreated =
        request.json(&body).send().await.expect("a response").json().await.expect("one");
    let second_client = TestClient::with_token(server.address, &second_session.token).await;

    let list = sessions(&server, &token).await.sessions;
    let [mine, other] =
        [true, false].map(|current| list.iter().find(|session| session.current == current).expect("one of them"));
    assert_eq!((list.len(), other.agent.as_str()), (2, "A phone"));
    let stranger = TestClient::guest(&server, "Mallory").await;
    let end_session = async |token: &str, id: SessionId| {
        let request = server.http(Method::DELETE, &format!("/api/sessions/{id}")).bearer_auth(token);
        request.send().await.expect("a response").status()
    };
    assert_eq!(end_session(stranger.token(), other.id).await, StatusCode::NOT_FOUND, "a session of another user");
    assert_eq!(end_session(&token, other.id).await, StatusCode::NO_CONTENT);
    assert_eq!(second_client.closed().await, Closed::Code(4401));
    assert_eq!(end_session(&token, other.id).await, StatusCode::NOT_FOUND);
    assert_eq!(end_session(&token, mine.id).await, StatusCode::NO_CONTENT);
    assert_eq!(here.closed().await, Closed::Code(4401));
}

#[tokio::test]
async fn guessing_passwords_is_limited() {
    let server = TestServer::start().await;
    let _alice = register_user(&server, "Alice").await;
    let mut last = None;
    for number in 0..11 {
        last = sign_in(&server, "Alice", &format!("guess number {number}")).await.err();
    }
    let last = last.expect("refused");
    assert_eq!((last.status, last.code), (429, ErrorCode::RateLimited));
    assert!(last.retry_after_ms.is_some_and(|wait| wait > 0));
}

#[tokio::test]
async fn nicknames_of_guests_expire_and_those_of_registered_users_do_not() {
    let server = TestServer::start().await;
    let mut guest = TestClient::guest(&server, "Long gone").await;
    guest.send_message("I was here").await;
    let (_alice, _) = register_user(&server, "Alice").await;
    let recent = TestClient::guest(&server, "Recent").await;
    server.age_sessions_except(recent.welcome.me.id);
    let expired_token = guest.token().to_owned();
    drop((guest, recent));

    let server = server.restart().await;
    // Housekeeping runs at once after the start.
    let mut newcomer = loop {
        let body = json!({ "nickname": "Long gone" });
        let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
        if response.status() == StatusCode::CREATED {
            let created: SessionCreated = response.json().await.expect("a session");
            break TestClient::with_token(server.address, &created.token).await;
        }
        tokio::task::yield_now().await;
    };
    newcomer.send_message("me too").await;
    let me = server.http(Method::GET, "/api/me").bearer_auth(&expired_token).send().await.expect("a response");
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    assert!(sign_in(&server, "Alice", PASSWORD).await.is_ok());
    let body = json!({ "nickname": "Recent" });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CONFLICT);
}
