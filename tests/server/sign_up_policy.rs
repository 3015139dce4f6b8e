//! The sign-up policy: anyone, only with an invite, or only registered users.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::{
    domain::{AdmissionPolicy, Role},
    protocol::{ErrorCode, InviteCreated, InviteList, Problem, SessionCreated},
};

use super::support::{Closed, PASSWORD, RawClient, TestClient, TestServer, sign_in};

async fn server(policy: AdmissionPolicy) -> TestServer {
    TestServer::start_with(|config| config.admission_policy = policy).await
}

/// Sends `POST /api/session`.
async fn sign_up(server: &TestServer, body: Value) -> Result<SessionCreated, ErrorCode> {
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    if response.status() == StatusCode::CREATED {
        Ok(response.json().await.expect("a session"))
    } else {
        Err(response.json::<Problem>().await.expect("a problem").code)
    }
}

/// Registers the owner with the claim token.
async fn owner(server: &TestServer) -> TestClient {
    let claim = server.pages_api.claim_token().await.expect("a claim token, because there is no owner");
    let body = json!({ "nickname": "老板", "password": PASSWORD, "claim": claim });
    let created = sign_up(server, body).await.expect("a session");
    assert_eq!(created.me.role, Role::Owner);
    TestClient::with_token(server.address, &created.token).await
}

async fn invite(server: &TestServer, owner: &TestClient, body: Value) -> InviteCreated {
    let request = server.http(Method::POST, "/api/invites").bearer_auth(owner.token()).json(&body);
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.expect("an invite")
}

async fn invites(server: &TestServer, owner: &TestClient) -> InviteList {
    let request = server.http(Method::GET, "/api/invites").bearer_auth(owner.token());
    request.send().await.expect("a response").json().await.expect("a list")
}

#[tokio::test]
async fn without_an_invite_no_endpoint_signs_anybody_up() {
    let server = server(AdmissionPolicy::Invite).await;
    assert_eq!(sign_up(&server, json!({ "nickname": "小明" })).await, Err(ErrorCode::InviteRequired));
    let wrong = json!({ "nickname": "小明", "invite": "made up" });
    assert_eq!(sign_up(&server, wrong).await, Err(ErrorCode::InvalidInvite));
    let mut raw = RawClient::connect(&server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "小明" })).await;
    assert_eq!(raw.next_json().await["code"], "invite_required");
    assert_eq!(raw.closed().await, Closed::Code(4403));
    let mut simple = RawClient::connect(&server, "/bot").await;
    assert_eq!(simple.next_json().await["error"], "invite_required");
    assert_eq!(simple.closed().await, Closed::Code(4403));
}

#[tokio::test]
async fn an_invite_admits_its_number_of_users_at_every_endpoint() {
    let server = server(AdmissionPolicy::Invite).await;
    let mut owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({ "uses": 3 })).await;
    assert!(new_invite.path.ends_with(&new_invite.token) && new_invite.qr.contains("<svg"));
    sign_up(&server, json!({ "nickname": "小明", "invite": new_invite.token })).await.expect("a session");
    // A failed sign-in does not use up the invite.
    let taken = json!({ "nickname": "小明", "invite": new_invite.token });
    assert_eq!(sign_up(&server, taken).await, Err(ErrorCode::NicknameTaken));
    let hello = json!({ "type": "hello", "protocol": 1, "nickname": "阿玲", "invite": new_invite.token });
    TestClient::with_hello(server.address, &hello).await;
    let mut bot = RawClient::connect(&server, &format!("/bot?invite={}", new_invite.token)).await;
    bot.send_json(&json!({ "username": "bot", "msg": "hi" })).await;
    owner.expect_event("hi").await;
    assert_eq!(invites(&server, &owner).await.invites, [], "the invite is used up");
    let body = json!({ "nickname": "Carol", "invite": new_invite.token });
    assert_eq!(sign_up(&server, body).await, Err(ErrorCode::InvalidInvite));
}

#[tokio::test]
async fn a_single_use_invite_admits_one_of_many_at_once() {
    let server = server(AdmissionPolicy::Invite).await;
    let owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({ "uses": 1 })).await;
    let tries = (0..20).map(|number| {
        let body = json!({ "nickname": format!("guest {number}"), "invite": new_invite.token });
        sign_up(&server, body)
    });
    let outcomes = futures_util::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_revoked_invite_admits_nobody_and_keeps_existing_users() {
    let server = server(AdmissionPolicy::Invite).await;
    let owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({})).await;
    let created = sign_up(&server, json!({ "nickname": "小明", "invite": new_invite.token })).await.expect("a session");
    let path = format!("/api/invites/{}", new_invite.invite.id);
    let revoke = || server.http(Method::DELETE, &path).bearer_auth(owner.token());
    assert_eq!(revoke().send().await.expect("a response").status(), StatusCode::NO_CONTENT);
    assert_eq!(revoke().send().await.expect("a response").status(), StatusCode::NOT_FOUND);
    let body = json!({ "nickname": "阿玲", "invite": new_invite.token });
    assert_eq!(sign_up(&server, body).await, Err(ErrorCode::InvalidInvite));
    TestClient::with_token(server.address, &created.token).await.send_message("still here").await;
}

#[tokio::test]
async fn without_an_invite_nobody_learns_who_is_online() {
    let server =
        TestServer::start_with_pages_and_config(|config| config.admission_policy = AdmissionPolicy::Invite).await;
    let owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({ "uses": 1 })).await;
    // A refused sign-up does not use up the invite.
    let taken = json!({ "nickname": "老板", "invite": new_invite.token });
    assert_eq!(sign_up(&server, taken).await, Err(ErrorCode::NicknameTaken));
    let _ming = sign_up(&server, json!({ "nickname": "小明", "invite": new_invite.token })).await.expect("a session");
    for nickname in ["老板", "小明", "nobody yet"] {
        for password in [Value::Null, json!("correct donkey")] {
            for invite in ["made up", &new_invite.token] {
                let body = json!({ "nickname": nickname, "password": password, "invite": invite });
                assert_eq!(sign_up(&server, body.clone()).await, Err(ErrorCode::InvalidInvite), "{body}");
            }
        }
    }
    let page = server.http(Method::GET, "/").send().await.expect("a response").text().await.expect("a page");
    assert!(!page.contains("老板") && !page.contains("小明"), "{page}");
    // A registered user may sign in with a used invite.
    let body = json!({ "nickname": "老板", "password": PASSWORD, "invite": new_invite.token });
    sign_up(&server, body).await.expect("a session");
}

#[tokio::test]
async fn an_invite_expires() {
    let server = server(AdmissionPolicy::Invite).await;
    let owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({ "minutes": 1 })).await;
    assert!(new_invite.invite.expires_at.is_some());
    server.tamper("UPDATE invites SET expires_at = 1000 WHERE expires_at IS NOT NULL").expect("an old invite");
    let body = json!({ "nickname": "小明", "invite": new_invite.token });
    assert_eq!(sign_up(&server, body).await, Err(ErrorCode::InvalidInvite));
}

#[tokio::test]
async fn a_registered_only_server_has_no_guests() {
    let server = server(AdmissionPolicy::Registered).await;
    let owner = owner(&server).await;
    let new_invite = invite(&server, &owner, json!({ "uses": 1 })).await;
    for body in [json!({ "nickname": "小明" }), json!({ "nickname": "小明", "invite": new_invite.token })] {
        assert_eq!(sign_up(&server, body).await, Err(ErrorCode::AccountRequired));
    }
    let mut simple = RawClient::connect(&server, "/bot").await;
    assert_eq!(simple.next_json().await["error"], "account_required");
    let body = json!({ "nickname": "小明", "password": "battery staple", "invite": new_invite.token });
    let created = sign_up(&server, body).await.expect("a session");
    assert_eq!(created.me.role, Role::Member);
    sign_in(&server, "小明", "battery staple").await.expect("another session");
    // Using the invite again as the user that it created only signs in.
    let body = json!({ "nickname": "小明", "password": "battery staple", "invite": new_invite.token });
    sign_up(&server, body).await.expect("a third session");
}

#[tokio::test]
async fn accounts_created_by_the_operator_can_sign_in() {
    let server = server(AdmissionPolicy::Registered).await;
    let output = server.admin(&["create", "小明"]).await;
    let password = output.trim().rsplit(' ').next().expect("a password");
    let created = sign_in(&server, "小明", password).await.expect("a session");
    assert_eq!(created.me.role, Role::Member);
    server.admin(&["promote", "小明", "owner"]).await;
    assert_eq!(sign_in(&server, "小明", password).await.expect("a session").me.role, Role::Owner);
}
