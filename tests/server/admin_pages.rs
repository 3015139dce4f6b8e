//! The office's pages, asked without a browser: who gets them, and that forms do what commands do.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{Action, AuditPage, CommandId, User},
    protocol::{ErrorCode, Problem},
};

use super::support::{TestClient, TestServer, register_user};

/// A form about a user, as a browser sends it.
fn form(server: &TestServer, by: &TestClient, to: &User, fields: &[(&str, &str)]) -> RequestBuilder {
    let id = CommandId::generate().to_string();
    let body = fields.iter().fold(format!("id={id}"), |body, (name, value)| format!("{body}&{name}={value}"));
    server
        .http(Method::POST, &format!("/admin/users/{}", to.id))
        .bearer_auth(by.token())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
}

#[tokio::test]
async fn admin_forms_do_the_same_as_commands() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let fields = [("action", "mute"), ("scope", "server"), ("minutes", "10")];
    let answer = form(&server, &owner, &ming.user(), &fields).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], format!("/admin/users/{}?done=mute", ming.user().id));
    let (author, notice) = ming.expect_notice().await;
    assert_eq!((author.id, notice.action), (owner.user().id, Action::Mute));
    assert!(notice.until.is_some());
    let request = server.http(Method::GET, "/api/audit").bearer_auth(owner.token());
    let audit: AuditPage = request.send().await.expect("an answer").json().await.expect("a page");
    assert_eq!(audit.entries[0].action, "mute");
}

#[tokio::test]
async fn forms_from_another_origin_are_refused_at_the_edge() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        for path in [format!("/admin/users/{}", ming.user().id), "/admin/invites".into()] {
            let request = server.http(Method::POST, &path).bearer_auth(owner.token()).header(name, value);
            let answer = request.body("action=mute&scope=server").send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
            assert_eq!(answer.json::<Problem>().await.expect("a problem").code, ErrorCode::ForeignOrigin);
        }
    }
    ming.send_message("still here").await;
}

#[tokio::test]
async fn incomplete_forms_change_nothing() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    for fields in [
        &[][..],
        &[("action", "dance"), ("scope", "server")],
        &[("action", "mute")],
        &[("action", "mute"), ("scope", "elsewhere")],
        &[("action", "mute"), ("scope", "server"), ("minutes", "0")],
        &[("action", "mute"), ("scope", "server"), ("minutes", "-1")],
        &[("action", "mute"), ("scope", "server"), ("minutes", "4294967296")],
        &[("action", "appoint"), ("scope", "server"), ("role", "emperor")],
    ] {
        let answer = form(&server, &owner, &ming.user(), fields).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{fields:?}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
    let large = form(&server, &owner, &ming.user(), &[("more", &"x".repeat(20_000))]);
    assert_eq!(large.send().await.expect("an answer").status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.stored_counts(), before);
    ming.send_message("still here").await;
}

#[tokio::test]
async fn names_are_shown_as_text() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let guest = TestClient::guest(&server, "<b>x</b>").await;
    let ask = |method, path: &str| server.http(method, path).bearer_auth(owner.token());
    for request in [
        ask(Method::GET, "/admin"),
        ask(Method::GET, &format!("/admin/users/{}", guest.user().id)),
        ask(Method::POST, "/admin").body("q=%3Cb%3E"),
    ] {
        let page = request.send().await.expect("an answer").text().await.expect("a page");
        assert!(page.contains("&lt;b&gt;x") && !page.contains("<b>x"), "{page}");
    }
}

#[tokio::test]
async fn a_searched_name_is_not_in_the_url() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let _guests = [TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await];
    let ask = |method, path: &str| server.http(method, path).bearer_auth(owner.token());
    let people = ask(Method::GET, "/admin").send().await.expect("an answer").text().await.expect("a page");
    assert!(people.contains("<form method=\"post\" action=\"/admin\""), "{people}");
    let answer = ask(Method::POST, "/admin").body("q=%E6%98%8E").send().await.expect("an answer");
    assert_eq!((answer.status(), answer.headers().get(header::LOCATION)), (StatusCode::OK, None));
    let found = answer.text().await.expect("a page");
    assert!(found.contains("小明") && !found.contains("阿玲"), "{found}");
    // What an old link says is not looked at.
    let old = ask(Method::GET, "/admin?q=%E6%98%8E").send().await.expect("an answer").text().await.expect("a page");
    assert!(old.contains("阿玲"), "{old}");
}

#[tokio::test]
async fn an_invite_link_is_only_in_the_answer_and_uses_the_public_url() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let make = server.http(Method::POST, "/admin/invites").bearer_auth(owner.token()).body("minutes=60&uses=2");
    let answer = make.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let page = answer.text().await.expect("a page");
    let start = format!("http://{}/?invite=", server.address);
    let token: String = page.split(&start).nth(1).expect("a link").chars().take(43).collect();
    let body = json!({ "nickname": "小明", "invite": token });
    let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    let again = server.http(Method::GET, "/admin/invites").bearer_auth(owner.token());
    let again = again.send().await.expect("an answer").text().await.expect("a page");
    assert!(!again.contains(&token));
}
