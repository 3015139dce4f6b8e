//! The session cookie among the other cookies that a browser sends to a host.

use std::collections::BTreeMap;

use reqwest::{
    Method, Response, StatusCode,
    header::{COOKIE, HeaderValue, SET_COOKIE},
};
use serde_json::json;
use teahouse::domain::CurrentUser;

use super::support::{TestClient, TestServer};

/// A browser's cookies for a host. As browsers do, it ignores the port.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    async fn request(&mut self, server: &TestServer, method: Method, path: &str, nickname: Option<&str>) -> Response {
        let cookies: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = server.http(method, path).header(COOKIE, cookies.join("; "));
        if let Some(nickname) = nickname {
            request = request.json(&json!({ "nickname": nickname }));
        }
        let response = request.send().await.expect("a response");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    async fn me(&mut self, server: &TestServer) -> Option<CurrentUser> {
        let response = self.request(server, Method::GET, "/api/me", None).await;
        if response.status() == StatusCode::OK { Some(response.json().await.expect("me")) } else { None }
    }

    async fn visit_lobby(&mut self, server: &TestServer) {
        assert_eq!(self.request(server, Method::GET, "/talk/lobby", None).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn signing_in_to_one_server_of_a_machine_keeps_the_sessions_of_others() {
    let servers = [
        TestServer::start_with_pages().await,
        TestServer::start_with_pages().await,
        TestServer::start_with_pages().await,
    ];
    let mut browser = Browser::default();
    let mut signed_in = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let name = format!("guest {number}");
        let response = browser.request(server, Method::POST, "/api/session", Some(&name)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        signed_in.push(browser.me(server).await.expect("a session"));
    }
    for (server, me) in servers.iter().zip(&signed_in) {
        browser.visit_lobby(server).await;
        assert_eq!(browser.me(server).await.as_ref(), Some(me));
    }
    // Signing out of one server keeps the sessions of the others.
    let signed_out = browser.request(&servers[1], Method::DELETE, "/api/session", None).await;
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.me(&servers[0]).await.as_ref(), Some(&signed_in[0]));
    assert_eq!(browser.me(&servers[1]).await, None);
    assert_eq!(browser.me(&servers[2]).await.as_ref(), Some(&signed_in[2]));
}

#[tokio::test]
async fn a_session_moves_from_the_old_cookie_to_the_new_one() {
    let server = TestServer::start_with_pages().await;
    let other = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut browser = Browser::default();
    browser.0.insert("teahouse_session".into(), ming.token().to_owned());
    // The old cookie may belong to any server of this host. A server that does not know its token does not delete it.
    browser.visit_lobby(&other).await;
    assert_eq!(browser.me(&other).await, None);
    let signed_in = browser.request(&other, Method::POST, "/api/session", Some("小明")).await;
    assert_eq!(signed_in.status(), StatusCode::CREATED);
    let other_user = browser.me(&other).await.expect("a session");

    assert_eq!(browser.me(&server).await.as_ref(), Some(&ming.welcome.me));
    browser.visit_lobby(&server).await;
    assert!(!browser.0.contains_key("teahouse_session"), "replaced by the new cookie: {:?}", browser.0);
    assert_eq!(browser.me(&server).await.as_ref(), Some(&ming.welcome.me));
    assert_eq!(browser.me(&other).await, Some(other_user));
    browser.request(&server, Method::DELETE, "/api/session", None).await;
    assert_eq!(browser.me(&server).await, None);
}

#[tokio::test]
async fn foreign_cookies_do_not_hide_the_session() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let own_cookie = server.cookie(ming.token());
    let name = own_cookie.split('=').next().expect("a name").to_owned();
    for (before, after) in [
        ("theme=茶; ", ""),
        ("", "; drink=普洱茶"),
        ("caf\u{e9}=1; ", "; =; ;;"),
        ("\u{ff}; ", "; \u{80}=\u{fe}"),
        ("a=b=c; no pair; ", "; teahouse_session=older"),
        (&format!("{name}=茶; "), ""),
        ("", &format!("; {name}=not a token")),
        (&format!("{name}=; {name}=\"\"; "), "; x=\";\""),
        (&format!("not_{name}=x; {name}2=y; "), ""),
    ] {
        let header = format!("{before}{own_cookie}{after}");
        // As UTF-8, and as Latin-1 with one byte per character.
        let latin_1: Vec<u8> = header.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xe8)).collect();
        for bytes in [header.as_bytes(), &latin_1] {
            let cookies = HeaderValue::from_bytes(bytes).expect("a header");
            let request = server.http(Method::GET, "/api/me").header(COOKIE, &cookies);
            assert_eq!(request.send().await.expect("a response").status(), StatusCode::OK, "{header}");
            let page = server.http(Method::GET, "/talk/lobby").header(COOKIE, &cookies);
            let page = page.send().await.expect("a response");
            assert!(page.headers().contains_key(SET_COOKIE), "the cookie is renewed: {header}");
            let upgrade =
                server.http(Method::GET, "/ws").header("connection", "upgrade").header("upgrade", "websocket");
            let upgrade =
                upgrade.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
            let response = upgrade.header(COOKIE, &cookies).send().await.expect("a response");
            assert!(response.headers().contains_key(SET_COOKIE), "{header}");
        }
    }
}

#[tokio::test]
async fn language_and_theme_are_found_among_foreign_cookies() {
    let server = TestServer::start_with_pages().await;
    for (cookies, language) in [
        ("teahouse_language=zh-Hans; drink=茶", "zh-Hans"),
        ("茶=茶; teahouse_language=zh-Hans", "zh-Hans"),
        ("teahouse_language=茶; teahouse_language=zh-Hans", "zh-Hans"),
        ("茶=茶; teahouse_language=en", "en"),
    ] {
        let cookies = HeaderValue::from_bytes(cookies.as_bytes()).expect("a header");
        let page = server.http(Method::GET, "/").header(COOKIE, &cookies).send().await.expect("a response");
        let page = page.text().await.expect("a page");
        assert!(page.contains(&format!("lang=\"{language}\"")), "{cookies:?}");
    }
}
