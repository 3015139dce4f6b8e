//! The admin pages, requested without a browser: who may use them, and that forms do the same as commands.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{Action, AuditPage, CommandId, User},
    protocol::{ErrorCode, Problem},
};

use super::support::{TestClient, TestServer, register_user};

/// A moderation form about `target`, as a browser sends it.
fn form(server: &TestServer, moderator: &TestClient, target: &User, fields: &[(&str, &str)]) -> RequestBuilder {
    let id = CommandId::generate().to_string();
    let body = fields.iter().fold(format!("id={id}"), |body, (name, value)| format!("{body}&{name}={value}"));
    server
        .http(Method::POST, &format!("/admin/users/{}", target.id))
        .bearer_auth(moderator.token())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
}

#[tokio::test]
async fn admin_forms_do_the_same_as_commands() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let fields = [("action", "mute"), ("scope", "server"), ("minutes", "10")];
    let response = form(&server, &owner, &ming.user(), &fields).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], format!("/admin/users/{}?done=mute", ming.user().id));
    let (author, notice) = ming.expect_notice().await;
    assert_eq!((author.id, notice.action), (owner.user().id, Action::Mute));
    assert!(notice.until.is_some());
    let request = server.http(Method::GET, "/api/audit").bearer_auth(owner.token());
    let audit: AuditPage = request.send().await.expect("a response").json().await.expect("a page");
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
            let response = request.body("action=mute&scope=server").send().await.expect("a response");
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
            assert_eq!(response.json::<Problem>().await.expect("a problem").code, ErrorCode::ForeignOrigin);
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
        let response = form(&server, &owner, &ming.user(), fields).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{fields:?}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
    let large_form = form(&server, &owner, &ming.user(), &[("fields", &"x".repeat(20_000))]);
    assert_eq!(large_form.send().await.expect("a response").status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.stored_counts(), before);
    ming.send_message("still here").await;
}

#[tokio::test]
async fn names_are_shown_as_text() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let guest = TestClient::guest(&server, "<b>x</b>").await;
    let request = |method, path: &str| server.http(method, path).bearer_auth(owner.token());
    for shown in [
        request(Method::GET, "/admin"),
        request(Method::GET, &format!("/admin/users/{}", guest.user().id)),
        request(Method::POST, "/admin").body("q=%3Cb%3E"),
    ] {
        let page = shown.send().await.expect("a response").text().await.expect("a page");
        assert!(page.contains("&lt;b&gt;x") && !page.contains("<b>x"), "{page}");
    }
}

#[tokio::test]
async fn a_searched_name_is_not_in_the_url() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let _guests = [TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await];
    let request = |method, path: &str| server.http(method, path).bearer_auth(owner.token());
    let users_page = request(Method::GET, "/admin").send().await.expect("a response").text().await.expect("a page");
    assert!(users_page.contains("<form method=\"post\" action=\"/admin\""), "{users_page}");
    let response = request(Method::POST, "/admin").body("q=%E6%98%8E").send().await.expect("a response");
    assert_eq!((response.status(), response.headers().get(header::LOCATION)), (StatusCode::OK, None));
    let found = response.text().await.expect("a page");
    assert!(found.contains("小明") && !found.contains("阿玲"), "{found}");
    // A query in the URL, from an old link, is ignored.
    let old_link =
        request(Method::GET, "/admin?q=%E6%98%8E").send().await.expect("a response").text().await.expect("a page");
    assert!(old_link.contains("阿玲"), "{old_link}");
}

#[tokio::test]
async fn an_invite_link_is_only_in_the_answer_and_uses_the_public_url() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let create = server.http(Method::POST, "/admin/invites").bearer_auth(owner.token()).body("minutes=60&uses=2");
    let response = create.send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let page = response.text().await.expect("a page");
    let prefix = format!("http://{}/?invite=", server.address);
    let token: String = page.split(&prefix).nth(1).expect("a link").chars().take(43).collect();
    let body = json!({ "nickname": "小明", "invite": token });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED);
    let invites_page = server.http(Method::GET, "/admin/invites").bearer_auth(owner.token());
    let invites_page = invites_page.send().await.expect("a response").text().await.expect("a page");
    assert!(!invites_page.contains(&token));
}
