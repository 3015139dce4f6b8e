//! The HTTP API: sessions, history, conversation list, problems and health checks.

use std::collections::HashMap;

use reqwest::{Method, Response};
use serde_json::json;
use teahouse::{
    domain::{ConversationList, CurrentUser, MessagesPage, Seq},
    protocol::{ErrorCode, Problem, SessionCreated},
};

use super::support::{TestClient, TestServer};

/// Checks the headers of a problem and returns it.
async fn problem(response: Response) -> Problem {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status = response.status().as_u16();
    let problem: Problem = response.json().await.expect("problem details");
    assert_eq!(problem.status, status);
    problem
}

async fn post_session(server: &TestServer, body: &str, content_type: &str) -> Response {
    let request = server.http(Method::POST, "/api/session").header("content-type", content_type);
    request.body(body.to_owned()).send().await.expect("a response")
}

async fn get(server: &TestServer, path: &str, token: &str) -> Response {
    server.http(Method::GET, path).bearer_auth(token).send().await.expect("a response")
}

#[tokio::test]
async fn a_session_has_a_token_and_a_cookie() {
    let server = TestServer::start().await;
    let response = post_session(&server, r#"{"nickname":" 小明 "}"#, "application/json").await;
    assert_eq!(response.status(), 201);
    let cookie = response.headers()["set-cookie"].to_str().expect("ASCII").to_owned();
    let created: SessionCreated = response.json().await.expect("a session");
    assert_eq!(created.me.nickname.as_str(), "小明");
    let cookie_pair = server.cookie(&created.token);
    assert_eq!(cookie, format!("{cookie_pair}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"));

    for (name, value) in [("cookie", cookie_pair.clone()), ("authorization", format!("Bearer {}", created.token))] {
        let response = server.http(Method::GET, "/api/me").header(name, value).send().await.expect("a response");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.json::<CurrentUser>().await.expect("me"), created.me);
    }
    assert_eq!(server.pages_api.me(&created.token).await, Some(created.me));

    let response =
        server.http(Method::DELETE, "/api/session").header("cookie", cookie_pair).send().await.expect("a response");
    assert_eq!(response.status(), 204);
    assert!(response.headers()["set-cookie"].to_str().expect("ASCII").ends_with("Max-Age=0"));
    assert_eq!(problem(get(&server, "/api/me", &created.token).await).await.code, ErrorCode::Unauthenticated);
    assert_eq!(server.pages_api.me(&created.token).await, None);
}

#[tokio::test]
async fn a_taken_nickname_is_a_conflict_with_a_suggestion() {
    let server = TestServer::start().await;
    let _alice = TestClient::guest(&server, "Alice").await;
    let response = post_session(&server, r#"{"nickname":"alice"}"#, "application/json").await;
    assert_eq!(response.status(), 409);
    let problem = problem(response).await;
    assert_eq!(problem.code, ErrorCode::NicknameTaken);
    assert_eq!(problem.suggestion.expect("a free name").as_str(), "alice2");
}

#[tokio::test]
async fn bad_requests_are_problems_and_change_nothing() {
    let server = TestServer::start().await;
    let token = TestClient::guest(&server, "小明").await.token().to_owned();
    let before = server.stored_counts();
    for (body, status, code) in [
        ("{", 400, ErrorCode::BadFrame),
        ("{}", 400, ErrorCode::BadFrame),
        (r#"{"nickname":7}"#, 400, ErrorCode::BadFrame),
        (r#"{"nickname":" "}"#, 422, ErrorCode::InvalidNickname),
        (&"x".repeat(20_000), 413, ErrorCode::BadFrame),
    ] {
        let response = post_session(&server, body, "application/json").await;
        assert_eq!((response.status().as_u16(), problem(response).await.code), (status, code), "{body:.20}");
    }
    for (path, status, code) in [
        ("/api/nothing", 404, ErrorCode::NotFound),
        ("/api", 404, ErrorCode::NotFound),
        ("/api/", 404, ErrorCode::NotFound),
        ("/api/session", 405, ErrorCode::NotFound),
        ("/api/conversations/nope/messages", 404, ErrorCode::UnknownConversation),
        ("/api/conversations/%FF/messages", 404, ErrorCode::UnknownConversation),
        ("/api/conversations/lobby/messages?before=x", 400, ErrorCode::BadFrame),
        ("/api/conversations/lobby/messages?limit=-1", 400, ErrorCode::BadFrame),
        ("/api/conversations/lobby/messages?before=1&after=1", 400, ErrorCode::BadFrame),
    ] {
        let response = get(&server, path, &token).await;
        assert_eq!((response.status().as_u16(), problem(response).await.code), (status, code), "{path}");
    }
    for path in ["/api/me", "/api/conversations", "/api/conversations/lobby/messages"] {
        let response = server.http(Method::GET, path).send().await.expect("a response");
        assert_eq!(
            (response.status().as_u16(), problem(response).await.code),
            (401, ErrorCode::Unauthenticated),
            "{path}"
        );
    }
    for method in [Method::POST, Method::DELETE] {
        let request = server.http(method, "/api/session").bearer_auth(&token).header("origin", "https://evil.example");
        let response = request.json(&json!({ "nickname": "evil" })).send().await.expect("a response");
        assert_eq!((response.status().as_u16(), problem(response).await.code), (403, ErrorCode::ForeignOrigin));
    }
    assert_eq!(server.stored_counts(), before);
    assert_eq!(get(&server, "/api/me", &token).await.status(), 200);
}

#[tokio::test]
async fn a_page_of_long_messages_has_fewer_of_them_and_says_so() {
    const MESSAGES: usize = 12;
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    // 1,600 visible characters that take 40 kB.
    let long = "👨‍👩‍👧‍👦".repeat(1_600);
    for number in 0..MESSAGES {
        ming.send_message(&format!("{number:02} {long}")).await;
    }
    let (lobby, mut all, mut pages) = (ming.lobby().id, Vec::new(), 0);
    let mut after = Seq::ZERO;
    loop {
        let path = format!("/api/conversations/{lobby}/messages?after={}&limit=200", after.0);
        let page: MessagesPage = get(&server, &path, ming.token()).await.json().await.expect("a page");
        pages += 1;
        after = page.messages.last().expect("at least one message").seq;
        all.extend(page.messages.into_iter().map(|message| message.seq.0));
        if !page.more {
            break;
        }
    }
    assert_eq!(all, (1..=MESSAGES as u64).collect::<Vec<_>>());
    assert_eq!(pages, 2, "a page holds 256 KiB");

    // A resume reads missed events in small pieces as well, and delivers all of them.
    let cursors = HashMap::from([(lobby, Seq::ZERO)]);
    let mut back = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    let last = format!("{:02} {long}", MESSAGES - 1);
    assert_eq!(back.message_texts_until(&last).await.len(), MESSAGES);
}

#[tokio::test]
async fn history_is_paged_in_both_directions() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    for number in 1..=7 {
        ming.send_message(&number.to_string()).await;
    }
    let lobby = ming.lobby().id;
    for (query, expected, more) in [
        ("", &[1, 2, 3, 4, 5, 6, 7][..], false),
        ("?limit=3", &[5, 6, 7], true),
        ("?before=5&limit=3", &[2, 3, 4], true),
        ("?before=4&limit=3", &[1, 2, 3], false),
        ("?before=1", &[], false),
        ("?after=0&limit=3", &[1, 2, 3], true),
        ("?after=4&limit=3", &[5, 6, 7], false),
        ("?after=7", &[], false),
        ("?after=18446744073709551615", &[], false),
        ("?before=18446744073709551615&limit=1", &[7], true),
        ("?limit=1000000", &[1, 2, 3, 4, 5, 6, 7], false),
    ] {
        for id in ["lobby".to_owned(), lobby.to_string()] {
            let path = format!("/api/conversations/{id}/messages{query}");
            let page: MessagesPage = get(&server, &path, ming.token()).await.json().await.expect("a page");
            let seqs: Vec<_> = page.messages.iter().map(|message| message.seq.0).collect();
            assert_eq!((seqs.as_slice(), page.more, page.as_of), (expected, more, Seq(7)), "{query}");
        }
    }
}

#[tokio::test]
async fn a_fetched_message_equals_the_sent_one() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send_message("<b>'\"; -- 🫖").await;
    let event = ming.expect_event("<b>'\"; -- 🫖").await;
    let page: MessagesPage =
        get(&server, "/api/conversations/lobby/messages", ming.token()).await.json().await.expect("a page");
    let message = &page.messages[0];
    assert_eq!((message.seq, message.at, message.id), (event.seq, event.at, event.id));
    assert_eq!((&message.author, message.body.as_str()), (&event.author, "<b>'\"; -- 🫖"));
    assert_eq!(message.revision, event.seq);
}

#[tokio::test]
async fn conversations_are_listed_like_in_the_welcome() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    ming.open_direct("阿玲").await;
    let list: ConversationList = get(&server, "/api/conversations", ming.token()).await.json().await.expect("a list");
    assert_eq!(list.conversations, ming.connect_again(&server).await.welcome.conversations);
    assert_eq!(list.conversations.len(), 2);
}

#[tokio::test]
async fn healthz_checks_the_process_and_readyz_the_store() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.http(Method::GET, path).send().await.expect("a response").status(), 200, "{path}");
    }
}
