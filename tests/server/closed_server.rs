//! A stricter sign-up policy applies to existing sessions as well, and the claim token decides who becomes the first owner.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::{
    domain::{AdmissionPolicy, EndReason, Role},
    protocol::{ErrorCode, Problem, SessionCreated},
};
use tempfile::TempDir;

use super::support::{
    Closed, PASSWORD, PROGRAM, RawClient, TestClient, TestProcess, TestServer, register_user, set_password, sign_in,
    with_timeout,
};

/// Sends `POST /api/session`.
async fn create_session(server: &TestServer, body: &Value) -> Result<SessionCreated, Problem> {
    let response = server.http(Method::POST, "/api/session").json(body).send().await.expect("a response");
    if response.status() == StatusCode::CREATED {
        Ok(response.json().await.expect("a session"))
    } else {
        Err(response.json().await.expect("a problem"))
    }
}

/// Returns the problem with which a session token is refused.
async fn session_problem(server: &TestServer, token: &str) -> Problem {
    let response = server.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    response.json().await.expect("a problem")
}

async fn has_session(server: &TestServer, token: &str) -> bool {
    let response = server.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("a response");
    response.status() == StatusCode::OK
}

#[tokio::test]
async fn closing_a_server_to_guests_ends_their_sessions() {
    let server = TestServer::start().await;
    let mut guest = TestClient::guest(&server, "小明").await;
    guest.send_message("before").await;
    let token = guest.token().to_owned();
    let (_alice, alice) = register_user(&server, "Alice").await;
    let server = server.restart_with(|config| config.admission_policy = AdmissionPolicy::Registered).await;

    // The session is refused over HTTP, over the WebSocket, by pages, and when it sets a password.
    let problem = session_problem(&server, &token).await;
    assert_eq!((problem.code, problem.ended), (ErrorCode::Unauthenticated, Some(EndReason::GuestsEnded)));
    let mut raw = RawClient::connect(&server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "token": token })).await;
    assert_eq!(raw.next_json().await["code"], "unauthenticated");
    assert_eq!(raw.closed().await, Closed::Code(4412));
    assert_eq!(server.pages_api.me(&token).await, None);
    assert_eq!(set_password(&server, &token, json!({ "password": PASSWORD })).await, StatusCode::UNAUTHORIZED);
    // The nickname is free again, and registered users keep their sessions.
    server.admin(&["create", "小明"]).await;
    TestClient::with_token(server.address, &alice).await.send_message("still here").await;
}

#[tokio::test]
async fn all_guest_sessions_can_be_ended_at_once() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let guests = [TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await];
    let mut simple = RawClient::connect(&server, "/bot").await;
    simple.send_json(&json!({ "username": "bot", "msg": "hi" })).await;
    owner.expect_event("hi").await;
    assert!(server.admin_error(&["end-sessions", "小明", "--guests"]).await.contains("cannot be used with"));
    assert!(server.admin_error(&["end-sessions"]).await.contains("required"));

    assert!(server.admin(&["end-sessions", "--guests"]).await.starts_with("3 guests"));
    for guest in guests {
        let token = guest.token().to_owned();
        assert_eq!(guest.closed().await, Closed::Code(4412));
        assert!(!has_session(&server, &token).await);
    }
    assert_eq!(simple.closed().await, Closed::Code(4412));
    owner.send_message("alone").await;
    assert!(server.admin(&["audit", "--limit", "1"]).await.contains("end_guests"));
    TestClient::guest(&server, "小明").await;
}

#[tokio::test]
async fn an_invite_only_server_reports_guests_without_an_invite() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let address = format!("http://{}/api/session", process.address);
    let response = reqwest::Client::new().post(address).json(&json!({ "nickname": "小明" })).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::CREATED);
    process.signal("TERM");
    assert!(process.exit().await.success());

    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env_remove("RUST_LOG").env("TEAHOUSE_ENTRY", "invite");
    program.stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;
    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = std::fs::read_to_string(&log).expect("the log");
    let line = log.lines().find(|line| line.contains("guests=1")).expect(&log);
    assert!(line.contains("teahouse admin end-sessions --guests"), "{line}");
}

#[tokio::test]
async fn an_invite_only_server_does_not_report_invited_guests() {
    let server = TestServer::start_with(|config| config.admission_policy = AdmissionPolicy::Invite).await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();
    let guest = create_session(&server, &json!({ "nickname": "小明", "invite": invite })).await.expect("a session");
    assert_eq!(server.count("users WHERE nickname = '小明' AND invited"), 1);
    let server = server.restart().await;
    TestClient::with_token(server.address, &guest.token).await.send_message("still here").await;
}

#[tokio::test]
async fn older_sessions_last_no_longer_than_new_ones() {
    let server = TestServer::start().await;
    let (_alice, alice) = register_user(&server, "Alice").await;
    let (_carol, carol) = register_user(&server, "Carol").await;
    let guest = TestClient::guest(&server, "小明").await.token().to_owned();
    let two_days = "(unixepoch() - 2 * 24 * 60 * 60) * 1000";
    let of_user = |name: &str| format!("WHERE user = (SELECT number FROM users WHERE nickname = '{name}')");
    server
        .tamper(&format!("UPDATE sessions SET created_at = {two_days} {}", of_user("Alice")))
        .expect("an old session");
    let server = server
        .restart_with(|config| {
            config.session_days = 1.try_into().expect("a number of days");
            config.idle_days = 1.try_into().expect("a number of days");
            config.guest_days = 1.try_into().expect("a number of days");
        })
        .await;
    assert_eq!(session_problem(&server, &alice).await.ended, Some(EndReason::Expired));
    assert!(has_session(&server, &carol).await && has_session(&server, &guest).await, "these sessions are not old");
    for name in ["Carol", "小明"] {
        server.tamper(&format!("UPDATE sessions SET seen_at = {two_days} {}", of_user(name))).expect("an idle session");
    }
    let server = server.restart().await;
    for token in [&carol, &guest] {
        with_timeout("housekeeping", async { while has_session(&server, token).await {} }).await;
        assert_eq!(session_problem(&server, token).await.ended, Some(EndReason::Expired));
    }
}

#[tokio::test]
async fn setting_the_first_password_makes_nobody_an_owner() {
    let server = TestServer::start().await;
    let first = TestClient::guest(&server, "小明").await;
    assert_eq!(set_password(&server, first.token(), json!({ "password": PASSWORD })).await, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&server, "小明", PASSWORD).await.expect("a session").me.role, Role::Member);

    let second = TestClient::guest(&server, "阿玲").await;
    let wrong = json!({ "password": PASSWORD, "claim": "made up" });
    assert_eq!(set_password(&server, second.token(), wrong).await, StatusCode::FORBIDDEN);
    let claim = server.pages_api.claim_token().await.expect("the server has no owner");
    let right = json!({ "password": PASSWORD, "claim": claim });
    assert_eq!(set_password(&server, second.token(), right.clone()).await, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&server, "阿玲", PASSWORD).await.expect("a session").me.role, Role::Owner);

    let third = TestClient::guest(&server, "Carol").await;
    assert_eq!(set_password(&server, third.token(), right).await, StatusCode::FORBIDDEN, "the claim token works once");
    assert_eq!(server.pages_api.claim_token().await, None);
}

#[tokio::test]
async fn the_claim_link_opens_a_closed_server_to_its_owner() {
    let server = TestServer::start_with(|config| config.admission_policy = AdmissionPolicy::Registered).await;
    let link = server.admin(&["claim-token"]).await;
    let prefix = format!("http://{}/?claim=", server.address);
    let claim = link.trim().strip_prefix(&prefix).expect(&link).to_owned();
    for (claim, password, code) in
        [("made up", PASSWORD, ErrorCode::InvalidInvite), (&*claim, "aaaaaaaaaa", ErrorCode::InvalidPassword)]
    {
        let body = json!({ "nickname": "老板", "password": password, "claim": claim });
        assert_eq!(create_session(&server, &body).await.expect_err("refused").code, code);
    }
    let body = json!({ "nickname": "老板", "password": PASSWORD, "claim": claim });
    assert_eq!(create_session(&server, &body).await.expect("a session").me.role, Role::Owner);
    let reused = json!({ "nickname": "小明", "password": PASSWORD, "claim": claim });
    assert_eq!(create_session(&server, &reused).await.expect_err("refused").code, ErrorCode::InvalidInvite);
    assert!(server.admin_error(&["claim-token"]).await.contains("has an owner"));
}

#[tokio::test]
async fn the_claim_link_is_printed_at_the_start_and_never_logged() {
    let data = TempDir::new().expect("a folder");
    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env("RUST_LOG", "trace").stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;
    let output = Command::new(PROGRAM).args(["admin", "claim-token", "--data"]).arg(data.path()).output();
    let link = String::from_utf8(output.expect("the command").stdout).expect("text");
    let claim = link.trim().rsplit('=').next().expect("a token");
    assert_eq!(process.startup_output.lines().nth(1), Some(&*format!("own this server: {}", link.trim())));
    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = String::from_utf8_lossy(&std::fs::read(&log).expect("the log")).into_owned();
    assert!(log.contains("nobody owns this server") && !log.contains(claim), "{log}");
}
