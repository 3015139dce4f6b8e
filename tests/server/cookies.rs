//! The session's cookie, among all that a browser sends to a host.

use std::collections::BTreeMap;

use reqwest::{
    Method, Response, StatusCode,
    header::{COOKIE, HeaderValue, SET_COOKIE},
};
use serde_json::json;
use teahouse::domain::CurrentUser;

use super::support::{TestClient, TestServer};

/// What a browser keeps for a host: cookies by their names alone, whatever the port.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    async fn ask(&mut self, server: &TestServer, method: Method, path: &str, body: Option<&str>) -> Response {
        let cookies: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = server.http(method, path).header(COOKIE, cookies.join("; "));
        if let Some(nickname) = body {
            request = request.json(&json!({ "nickname": nickname }));
        }
        let answer = request.send().await.expect("an answer");
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn me(&mut self, server: &TestServer) -> Option<CurrentUser> {
        let answer = self.ask(server, Method::GET, "/api/me", None).await;
        if answer.status() == StatusCode::OK { Some(answer.json().await.expect("me")) } else { None }
    }

    async fn look(&mut self, server: &TestServer) {
        assert_eq!(self.ask(server, Method::GET, "/talk/lobby", None).await.status(), StatusCode::OK);
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
    let mut known = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let name = format!("guest {number}");
        let answer = browser.ask(server, Method::POST, "/api/session", Some(&name)).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        known.push(browser.me(server).await.expect("a session"));
    }
    for (server, me) in servers.iter().zip(&known) {
        browser.look(server).await;
        assert_eq!(browser.me(server).await.as_ref(), Some(me));
    }
    // Leaving one of them is leaving that one alone.
    let left = browser.ask(&servers[1], Method::DELETE, "/api/session", None).await;
    assert_eq!(left.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.me(&servers[0]).await.as_ref(), Some(&known[0]));
    assert_eq!(browser.me(&servers[1]).await, None);
    assert_eq!(browser.me(&servers[2]).await.as_ref(), Some(&known[2]));
}

#[tokio::test]
async fn a_session_moves_from_the_old_cookie_to_the_new_one() {
    let server = TestServer::start_with_pages().await;
    let other = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut browser = Browser::default();
    browser.0.insert("teahouse_session".into(), ming.token().to_owned());
    // It may be that of any server of this host: whose it is not leaves it as it is.
    browser.look(&other).await;
    assert_eq!(browser.me(&other).await, None);
    let came = browser.ask(&other, Method::POST, "/api/session", Some("小明")).await;
    assert_eq!(came.status(), StatusCode::CREATED);
    let there = browser.me(&other).await.expect("a session");

    assert_eq!(browser.me(&server).await.as_ref(), Some(&ming.welcome.me));
    browser.look(&server).await;
    assert!(!browser.0.contains_key("teahouse_session"), "it has its own now: {:?}", browser.0);
    assert_eq!(browser.me(&server).await.as_ref(), Some(&ming.welcome.me));
    assert_eq!(browser.me(&other).await, Some(there));
    browser.ask(&server, Method::DELETE, "/api/session", None).await;
    assert_eq!(browser.me(&server).await, None);
}

#[tokio::test]
async fn foreign_cookies_do_not_hide_the_session() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let own = server.cookie(ming.token());
    let name = own.split('=').next().expect("a name").to_owned();
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
        let line = format!("{before}{own}{after}");
        // As bytes that are UTF-8, and as one byte a character.
        let latin: Vec<u8> = line.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xe8)).collect();
        for bytes in [line.as_bytes(), &latin] {
            let cookies = HeaderValue::from_bytes(bytes).expect("a header");
            let request = server.http(Method::GET, "/api/me").header(COOKIE, &cookies);
            assert_eq!(request.send().await.expect("an answer").status(), StatusCode::OK, "{line}");
            let page = server.http(Method::GET, "/talk/lobby").header(COOKIE, &cookies);
            let page = page.send().await.expect("an answer");
            assert!(page.headers().contains_key(SET_COOKIE), "kept for as long again: {line}");
            let upgrade =
                server.http(Method::GET, "/ws").header("connection", "upgrade").header("upgrade", "websocket");
            let upgrade =
                upgrade.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
            let answer = upgrade.header(COOKIE, &cookies).send().await.expect("an answer");
            assert!(answer.headers().contains_key(SET_COOKIE), "{line}");
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
        let page = server.http(Method::GET, "/").header(COOKIE, &cookies).send().await.expect("an answer");
        let page = page.text().await.expect("a page");
        assert!(page.contains(&format!("lang=\"{language}\"")), "{cookies:?}");
    }
}
