//! One rule for every place that takes a password; and names that nobody new can have.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::Nickname,
    protocol::{ErrorCode, Problem},
};

use super::support::{Hangup, PASSWORD, RawClient, TestClient, TestServer, registered, sign_in};

/// One of the many addresses of this machine.
fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// Tries a password at `PUT /api/me/password`.
async fn change(server: &TestServer, from: IpAddr, token: &str, current: &str) -> StatusCode {
    let body = json!({ "password": "new and long", "current": current });
    let request = server.http_from(from, Method::PUT, "/api/me/password").bearer_auth(token).json(&body);
    request.send().await.expect("an answer").status()
}

#[tokio::test]
async fn the_current_password_cannot_be_tried_from_many_addresses() {
    let server = TestServer::start().await;
    let (_alice, token) = registered(&server, "Alice").await;
    let mut answers = Vec::new();
    for number in 0..12_u8 {
        answers.push(change(&server, address(2 + number), &token, &format!("guess number {number}")).await);
    }
    assert_eq!(answers[..10], [StatusCode::FORBIDDEN; 10], "so many are tried");
    assert_eq!(answers[10..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    let (_bob, other) = registered(&server, "Bob").await;
    assert_eq!(change(&server, address(2), &other, PASSWORD).await, StatusCode::NO_CONTENT, "others are not concerned");
}

#[tokio::test]
async fn what_is_tried_at_one_place_counts_at_all_of_them() {
    let server = TestServer::start_with_pages().await;
    let (_alice, token) = registered(&server, "Alice").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for number in 0..10_u8 {
        let body = json!({ "nickname": "Alice", "password": format!("guess number {number}") });
        let answer = server.http_from(address(2 + number), Method::POST, "/api/session").json(&body).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::FORBIDDEN);
    }
    // The current password of who is in, the invite's form, and the page's.
    assert_eq!(change(&server, address(20), &token, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    let body = json!({ "nickname": "Alice", "password": PASSWORD, "invite": invite });
    let answer = server.http_from(address(21), Method::POST, "/api/session").json(&body).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::TOO_MANY_REQUESTS);
    let form = server.http_from(address(22), Method::POST, "/talk/lobby");
    let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = form.body("nickname=Alice&password=correct+horse").send().await.expect("an answer");
    assert!(answer.headers().get(header::SET_COOKIE).is_none(), "nobody gets in");
}

#[tokio::test]
async fn how_often_passwords_can_be_tried_does_not_tell_who_has_an_account() {
    let server = TestServer::start().await;
    let _alice = registered(&server, "Alice").await;
    for nickname in ["Alice", "Nobody"] {
        let mut answers = Vec::new();
        for number in 0..12_u8 {
            let body = json!({ "nickname": nickname, "password": "guess and guess", "invite": "made up" });
            let request = server.http_from(address(2 + number), Method::POST, "/api/session").json(&body);
            answers.push(request.send().await.expect("an answer").status());
        }
        assert_eq!(answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count(), 2, "{nickname}");
    }
}

#[tokio::test]
async fn weak_passwords_are_refused_in_words_wherever_one_is_set() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let guest = TestClient::guest(&server, "Alice").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for weak in ["aaaaaaaaaa", "abcabcabcabc", "3456789012", "ASDFGHJKL", "abcd4321", "alicealice"] {
        let request = server.http(Method::PUT, "/api/me/password").bearer_auth(guest.token());
        let answer = request.json(&json!({ "password": weak })).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{weak}");
        let problem: Problem = answer.json().await.expect("a problem");
        assert_eq!(problem.code, ErrorCode::InvalidPassword);
        assert!(problem.detail.contains("little more than") || problem.detail.contains("first"), "{}", problem.detail);
        let body = json!({ "nickname": "Bob", "password": weak.replace("alice", "bob!bob"), "invite": invite });
        let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{weak}");
    }
}

#[tokio::test]
async fn names_that_the_program_speaks_by_are_refused_wherever_somebody_comes_in() {
    let server = TestServer::start().await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for name in ["Teahouse", "TEAH0USE", "茶馆", "-System-", "Admin 2", "群主", "Owner"] {
        for body in [json!({ "nickname": name }), json!({ "nickname": name, "password": PASSWORD, "invite": invite })] {
            let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
            let problem: Problem = answer.json().await.expect("a problem");
            assert_eq!((problem.status, problem.code), (422, ErrorCode::InvalidNickname), "{body}");
        }
        let mut raw = RawClient::connect(&server, "/ws").await;
        raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": name })).await;
        assert_eq!(raw.next_json().await["code"], "invalid_nickname", "{name}");
        assert_eq!(raw.hangup().await, Hangup::Code(4400));
    }
    for path in ["/Teahouse", "/%E7%BE%A4%E4%B8%BB", "/moderator"] {
        let mut plain = RawClient::connect(&server, path).await;
        assert_eq!(plain.next_json().await["error"], "invalid_nickname", "{path}");
    }
    assert!(server.admin_in_vain(&["create", "Teahouse"]).await.contains("kept for the server"));
    assert_eq!(server.stored().users, 0);
}

#[tokio::test]
async fn who_has_had_such_a_name_from_before_keeps_it() {
    let server = TestServer::start().await;
    let _alice = registered(&server, "Alice").await;
    let key = Nickname::parse_existing("Admin").expect("a name").key().as_str().to_owned();
    server
        .tamper(&format!("UPDATE users SET nickname = 'Admin', nickname_key = '{key}' WHERE nickname = 'Alice'"))
        .expect("a name from before");
    let server = server.restart().await;
    let created = sign_in(&server, "admin", PASSWORD).await.expect("a session");
    assert_eq!(created.me.nickname.as_str(), "Admin");
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.open_direct("Admin").await;
    assert!(server.admin(&["mute", "Admin"]).await.contains("Admin"));
}
