//! The limit on wrong passwords holds wherever a password is accepted; reserved nicknames cannot be taken.

use std::net::{IpAddr, Ipv4Addr};

use argon2::{Argon2, PasswordHasher as _, password_hash::SaltString};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::Nickname,
    protocol::{ErrorCode, Problem},
};

use super::support::{Closed, PASSWORD, RawClient, TestClient, TestServer, register_user, set_password, sign_in};

/// Returns one of this machine's loopback addresses.
fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// Tries a current password at `PUT /api/me/password`.
async fn change(server: &TestServer, from: IpAddr, token: &str, current: &str) -> StatusCode {
    let body = json!({ "password": "new and long", "current": current });
    let request = server.http_from(from, Method::PUT, "/api/me/password").bearer_auth(token).json(&body);
    request.send().await.expect("a response").status()
}

#[tokio::test]
async fn guessing_the_current_password_is_limited_across_addresses() {
    let server = TestServer::start().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let mut responses = Vec::new();
    for number in 0..12_u8 {
        responses.push(change(&server, address(2 + number), &token, &format!("guess number {number}")).await);
    }
    assert_eq!(responses[..10], [StatusCode::FORBIDDEN; 10], "the limit allows ten attempts");
    assert_eq!(responses[10..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    let (_bob, other) = register_user(&server, "Bob").await;
    assert_eq!(
        change(&server, address(2), &other, PASSWORD).await,
        StatusCode::NO_CONTENT,
        "other users are not affected"
    );
}

#[tokio::test]
async fn password_attempts_count_at_all_endpoints_together() {
    let server = TestServer::start_with_pages().await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for number in 0..10_u8 {
        let body = json!({ "nickname": "Alice", "password": format!("guess number {number}") });
        let response = server.http_from(address(2 + number), Method::POST, "/api/session").json(&body).send().await;
        assert_eq!(response.expect("a response").status(), StatusCode::FORBIDDEN);
    }
    // The password change, the invite and the form of the page share the limit.
    assert_eq!(change(&server, address(20), &token, PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    let body = json!({ "nickname": "Alice", "password": PASSWORD, "invite": invite });
    let response = server.http_from(address(21), Method::POST, "/api/session").json(&body).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::TOO_MANY_REQUESTS);
    let form = server.http_from(address(22), Method::POST, "/talk/lobby");
    let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let response = form.body("nickname=Alice&password=correct+horse").send().await.expect("a response");
    assert!(response.headers().get(header::SET_COOKIE).is_none(), "no session is created");
}

#[tokio::test]
async fn password_limits_do_not_reveal_accounts() {
    let server = TestServer::start().await;
    let _alice = register_user(&server, "Alice").await;
    for nickname in ["Alice", "Nobody"] {
        let mut responses = Vec::new();
        for number in 0..12_u8 {
            let body = json!({ "nickname": nickname, "password": "guess and guess", "invite": "made up" });
            let request = server.http_from(address(2 + number), Method::POST, "/api/session").json(&body);
            responses.push(request.send().await.expect("a response").status());
        }
        assert_eq!(
            responses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count(),
            2,
            "{nickname}"
        );
    }
}

#[tokio::test]
async fn weak_passwords_are_refused_with_a_reason_everywhere() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let guest = TestClient::guest(&server, "Alice").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for weak in ["aaaaaaaaaa", "abcabcabcabc", "3456789012", "ASDFGHJKL", "abcd4321", "alicealice"] {
        let request = server.http(Method::PUT, "/api/me/password").bearer_auth(guest.token());
        let response = request.json(&json!({ "password": weak })).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{weak}");
        let problem: Problem = response.json().await.expect("a problem");
        assert_eq!(problem.code, ErrorCode::InvalidPassword);
        assert!(problem.detail.contains("little more than") || problem.detail.contains("first"), "{}", problem.detail);
        let body = json!({ "nickname": "Bob", "password": weak.replace("alice", "bob!bob"), "invite": invite });
        let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{weak}");
    }
}

#[tokio::test]
async fn reserved_nicknames_are_refused_everywhere() {
    let server = TestServer::start().await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    for name in ["Teahouse", "TEAH0USE", "茶馆", "-System-", "Admin 2", "群主", "Owner"] {
        for body in [json!({ "nickname": name }), json!({ "nickname": name, "password": PASSWORD, "invite": invite })] {
            let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
            let problem: Problem = response.json().await.expect("a problem");
            assert_eq!((problem.status, problem.code), (422, ErrorCode::InvalidNickname), "{body}");
        }
        let mut raw = RawClient::connect(&server, "/ws").await;
        raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": name })).await;
        assert_eq!(raw.next_json().await["code"], "invalid_nickname", "{name}");
        assert_eq!(raw.closed().await, Closed::Code(4400));
    }
    for path in ["/Teahouse", "/%E7%BE%A4%E4%B8%BB", "/moderator"] {
        let mut simple = RawClient::connect(&server, path).await;
        assert_eq!(simple.next_json().await["error"], "invalid_nickname", "{path}");
    }
    assert!(server.admin_error(&["create", "Teahouse"]).await.contains("kept for the server"));
    assert_eq!(server.stored_counts().users, 0);
}

#[tokio::test]
async fn existing_users_keep_reserved_nicknames() {
    let server = TestServer::start().await;
    let _alice = register_user(&server, "Alice").await;
    let key = Nickname::parse_existing("Admin").expect("a name").key().as_str().to_owned();
    server
        .tamper(&format!("UPDATE users SET nickname = 'Admin', nickname_key = '{key}' WHERE nickname = 'Alice'"))
        .expect("a reserved nickname");
    let server = server.restart().await;
    let created = sign_in(&server, "admin", PASSWORD).await.expect("a session");
    assert_eq!(created.me.nickname.as_str(), "Admin");
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.open_direct("Admin").await;
    assert!(server.admin(&["mute", "Admin"]).await.contains("Admin"));
}

#[tokio::test]
async fn thirty_users_of_one_address_can_sign_in_with_passwords() {
    let server = TestServer::start().await;
    for number in 0..12 {
        register_user(&server, &format!("Pupil {number}")).await;
    }
    // All at the same time.
    let names: Vec<_> = (0..12).map(|number| format!("Pupil {number}")).collect();
    let signed_in = join_all(names.iter().map(|name| sign_in(&server, name, PASSWORD))).await;
    for (name, signed_in) in names.iter().zip(signed_in) {
        assert_eq!(signed_in.expect("a session").me.nickname.as_str(), *name);
    }
    // One after the other.
    for name in &names {
        sign_in(&server, name, PASSWORD).await.expect("a session");
    }
}

#[tokio::test]
async fn correct_passwords_do_not_refund_wrong_attempts() {
    let server =
        TestServer::start_with(|config| config.limits.sign_ins_per_minute = 2.try_into().expect("a positive number"))
            .await;
    for name in ["Alice", "Bob", "Carol"] {
        register_user(&server, name).await;
    }
    for name in ["Alice", "Bob"] {
        sign_in(&server, name, PASSWORD).await.expect("a session");
        sign_in(&server, name, "wrong horse").await.expect_err("a wrong password");
    }
    let refused =
        sign_in(&server, "Carol", PASSWORD).await.expect_err("two wrong passwords from this address reach the limit");
    assert_eq!((refused.status, refused.code), (429, ErrorCode::RateLimited));
    assert!(refused.retry_after_ms.is_some_and(|wait| (1..=30_001).contains(&wait)), "{refused:?}");
}

#[tokio::test]
async fn parallel_guesses_are_limited_like_sequential_ones() {
    let server = TestServer::start().await;
    let _alice = register_user(&server, "Alice").await;
    let guesses: Vec<_> = (0..100).map(|number| format!("guess number {number}")).collect();
    let responses = join_all(guesses.iter().map(|guess| sign_in(&server, "Alice", guess))).await;
    let statuses: Vec<_> =
        responses.into_iter().map(|response| response.expect_err("a wrong password").status).collect();
    let compared = statuses.iter().filter(|status| **status == 403).count();
    assert!((10..20).contains(&compared), "ten, plus those refilled meanwhile: {compared}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 100 - compared);
}

#[tokio::test]
async fn constant_signing_in_is_limited() {
    let server =
        TestServer::start_with(|config| config.limits.sign_ins_per_minute = 2.try_into().expect("a positive number"))
            .await;
    let _alice = register_user(&server, "Alice").await;
    let mut signed_in_count = 0;
    while sign_in(&server, "Alice", PASSWORD).await.is_ok() {
        signed_in_count += 1;
        assert!(signed_in_count < 40, "the account can sign in without limit");
    }
    assert!(signed_in_count > 9, "{signed_in_count}");
    let _bob = register_user(&server, "Bob").await;
    sign_in(&server, "Bob", PASSWORD).await.expect("other users of the address are not affected");
}

#[tokio::test]
async fn a_password_is_the_same_in_every_unicode_normalization() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    for (number, (set, typed)) in [
        ("Zoë-crème-brûlée-42", "Zoe\u{308}-cre\u{300}me-bru\u{302}le\u{301}e-42"),
        ("Zoe\u{308}'s cup of tea", "Zoë's cup of tea"),
        ("７０４０２２８５１", "704022851"),
        ("seven cups ７", "ｓｅｖｅｎ cups 7"),
        ("ｶﾞﾗｽの茶碗を二つ", "ガラスの茶碗を二つ"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Zoë {number}");
        let guest = TestClient::guest(&server, &name).await;
        let body = json!({ "password": set });
        assert_eq!(set_password(&server, guest.token(), body).await, StatusCode::NO_CONTENT, "{set}");
        for password in [set, typed] {
            sign_in(&server, &name, password).await.expect(password);
        }
        sign_in(&server, &name, &format!("{typed} ")).await.expect_err("a wrong password");
    }
}

#[tokio::test]
async fn passwords_stored_without_normalization_still_work() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let (_alice, token) = register_user(&server, "Alice").await;
    let typed = "Zoe\u{308}-cre\u{300}me ４２";
    let salt = SaltString::from_b64("bm9ib2R5IGlzIGhlcmU").expect("salt");
    let hash = Argon2::default().hash_password(typed.as_bytes(), &salt).expect("a hash").to_string();
    server.tamper(&format!("UPDATE users SET password = '{hash}' WHERE nickname = 'Alice'")).expect("an old hash");
    let is_old = || server.stored_password_hash("Alice") == hash;

    sign_in(&server, "Alice", "Zoë-crème 42").await.expect_err("the old hash cannot match another normal form");
    assert!(is_old());
    sign_in(&server, "Alice", typed).await.expect("a session");
    assert!(!is_old(), "the password is hashed again in normal form");
    for password in [typed, "Zoë-crème 42", "Zoë-crème ４２"] {
        sign_in(&server, "Alice", password).await.expect(password);
    }
    assert_eq!(change(&server, address(1), &token, "Zoë-crème 42").await, StatusCode::NO_CONTENT);
}
