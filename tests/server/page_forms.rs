//! The page's own forms, as a browser sends them before the WebAssembly has loaded, or without scripts.

use std::num::NonZeroU32;

use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{CommandId, Seq},
    protocol::{ErrorCode, Problem},
};

use super::support::{TestClient, TestServer, register_user};

const FORM: &str = "application/x-www-form-urlencoded";

async fn post(server: &TestServer, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = server.http(Method::POST, path).header(header::CONTENT_TYPE, FORM).header(header::COOKIE, cookie);
    request.body(body.finish()).send().await.expect("a response")
}

fn location(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().expect("ASCII")
}

fn cookie_of(server: &TestServer, user: &TestClient) -> String {
    server.cookie(user.token())
}

#[tokio::test]
async fn the_sign_in_form_is_answered_with_the_chat_page() {
    let server = TestServer::start_with_pages().await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    ling.send_message("was here before").await;
    let response = post(&server, "/talk/lobby", "", &[("nickname", "小明")]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("ASCII").to_owned();
    assert!(cookie.starts_with(&server.cookie("")) && cookie.contains("HttpOnly"), "{cookie}");
    assert!(response.text().await.expect("a page").contains("was here before"));

    // Reloading the page without scripts sends the form again.
    let cookie = cookie.split(';').next().expect("a name and a value");
    let again = post(&server, "/talk/lobby", cookie, &[("nickname", "小明")]).await;
    assert_eq!(location(&again), "/talk/lobby");
    assert!(again.headers().get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn whoever_signs_in_at_the_address_of_a_room_is_there() {
    let server = TestServer::start_with_pages().await;
    let (mut ling, _) = register_user(&server, "阿玲").await;
    let id = CommandId::generate();
    ling.send(&json!({ "type": "create_room", "id": id, "name": "茶具", "topic": "Pots and cups" })).await;
    let room = ling.expect_ack(id).await.conversation;
    for (number, path) in [format!("/talk/{room}"), format!("/talk/{room}/1"), "/rooms".to_owned()].iter().enumerate() {
        let form = server.http(Method::GET, path).send().await.expect("a response").text().await.expect("a page");
        assert!(form.contains(&format!("action=\"{path}\"")), "{form}");
        let name = format!("Guest {number}");
        let response = post(&server, path, "", &[("nickname", &name)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()[header::SET_COOKIE].to_str().expect("ASCII").to_owned();
        let page = response.text().await.expect("a page");
        assert_eq!(page.contains("Pots and cups"), number < 2, "{path}: {page}");
        let cookie = cookie.split(';').next().expect("a name and a value");
        assert_eq!(location(&post(&server, path, cookie, &[("nickname", &name)]).await), path);
        // Nothing can be sent there.
        let sent = post(&server, "/rooms", cookie, &[("body", "hello"), ("form", &id.to_string())]).await;
        assert_eq!(sent.status(), StatusCode::NOT_FOUND);
    }
    let elsewhere = post(&server, "/talk/elsewhere", "", &[("nickname", "Elsewhere")]).await;
    assert!(elsewhere.text().await.expect("a page").contains("action=\"/talk/lobby\""));
}

#[tokio::test]
async fn messages_are_text_in_the_page() {
    let server = TestServer::start_with_pages().await;
    let mut mallory = TestClient::guest(&server, "Mallory\"><i>").await;
    mallory.send_message("<img src=x onerror=alert(1)> &amp; </template></script><script>alert(1)</script>").await;
    mallory.send_message("http://a.example/\"onmouseover=\"alert(1)").await;
    let request = server.http(Method::GET, "/talk/lobby").bearer_auth(mallory.token());
    let page = request.send().await.expect("a response").text().await.expect("a page");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt; &amp;amp; "), "{page}");
    for injected in ["<img", "<script>alert", "<i>", "=\"Mallory\">"] {
        assert!(!page.contains(injected), "{injected}: {page}");
    }
}

#[tokio::test]
async fn a_refused_sign_in_shows_the_form_again_without_leaking_input_into_the_url() {
    let server = TestServer::start_with_pages().await;
    let _ming = TestClient::guest(&server, "小明").await;
    for (fields, status, why, more) in [
        (&[("nickname", "小明")][..], StatusCode::CONFLICT, "昵称已被使用", "改用“小明2”"),
        (&[("nickname", "a&b\0")], StatusCode::UNPROCESSABLE_ENTITY, "昵称需要", "value=\"a&amp;b"),
        (&[("nickname", "")], StatusCode::UNPROCESSABLE_ENTITY, "昵称需要", ""),
        (
            &[("nickname", "小明"), ("password", "mistaken"), ("invite", "made-up")],
            StatusCode::FORBIDDEN,
            "邀请",
            "name=\"invite\" value=\"made-up\"",
        ),
    ] {
        let response = post(&server, "/talk/lobby", "teahouse_language=zh-Hans", fields).await;
        assert_eq!(response.status(), status, "{fields:?}");
        for header in [header::SET_COOKIE, header::LOCATION, header::REFRESH] {
            assert_eq!(response.headers().get(&header), None, "{fields:?}");
        }
        let page = response.text().await.expect("a page");
        assert!(page.contains(why) && page.contains(more), "{fields:?}: {page}");
        assert!(!page.contains("mistaken"), "the page contains the password: {page}");
        // No link of the page repeats the form's values.
        let links: Vec<_> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!links.is_empty() && !links.iter().any(|link| link.contains("nickname") || link.contains("%E5%B0%8F")));
    }
}

#[tokio::test]
async fn a_link_cannot_fill_in_the_form() {
    let server = TestServer::start_with_pages().await;
    let path = "/?nickname=Mallory&error=banned&suggestion=Trudy";
    let page = server.http(Method::GET, path).send().await.expect("a response").text().await.expect("a page");
    for text in ["Mallory", "Trudy", "banned"] {
        assert!(!page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn a_form_submitted_twice_sends_one_message() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let (cookie, form) = (cookie_of(&server, &ming), CommandId::generate().to_string());
    for _ in 0..2 {
        let response = post(&server, "/talk/lobby", &cookie, &[("form", &form), ("body", "你好 & welcome")]).await;
        assert_eq!(location(&response), "/talk/lobby");
    }
    assert_eq!(ling.expect_event("你好 & welcome").await.author, ming.user());
    assert_eq!(server.stored_counts().events, 1);
    // The browser restored the old form with its id, and the user typed another text.
    post(&server, "/talk/lobby", &cookie, &[("form", &form), ("body", "and good bye")]).await;
    ling.expect_event("and good bye").await;
    assert_eq!(server.stored_counts().events, 2);
}

#[tokio::test]
async fn a_command_sent_by_form_and_websocket_takes_effect_once() {
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, id) = (ming.lobby().id, CommandId::generate());
    let fields = [("id", &*id.to_string()), ("body", "once")];
    post(&server, &format!("/talk/{lobby}"), &cookie_of(&server, &ming), &fields).await;
    let event = ming.expect_event("once").await;
    ming.send_with_id(id, lobby, "once").await;
    assert_eq!(ming.expect_ack(id).await.seq, Some(event.seq));
    assert_eq!(server.stored_counts().events, 1);
}

#[tokio::test]
async fn a_form_may_send_a_reply() {
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let cookie = cookie_of(&server, &ming);
    for (body, original, replies_to) in [("Green or black?", "", None), ("Oolong", "1", Some(Seq(1)))] {
        let id = CommandId::generate().to_string();
        post(&server, "/talk/lobby", &cookie, &[("id", &id), ("body", body), ("reply_to", original)]).await;
        let event = ming.expect_event(body).await;
        assert_eq!(event.kind.reply().map(|reply| reply.to), replies_to);
    }
}

#[tokio::test]
async fn a_refused_message_is_back_in_the_composer_with_the_reason() {
    let server = TestServer::start_with_pages().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let ming = TestClient::guest(&server, "小明").await;
    owner.moderate("mute", &ming.user(), json!({ "conversation": owner.lobby().id })).await;
    let cookie = format!("{}; teahouse_language=zh-Hans", cookie_of(&server, &ming));
    let form = CommandId::generate().to_string();
    let response = post(&server, "/talk/lobby", &cookie, &[("form", &form), ("body", "\n</textarea><b>&amp;喂")]).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let page = response.text().await.expect("a page");
    assert!(page.contains(">\n\n&lt;/textarea>&lt;b>&amp;amp;喂</textarea>"), "the typed text is missing: {page}");
    assert!(page.contains("role=\"alert\" class=\"problem small\">你"), "the reason is missing: {page}");

    let long = "字".repeat(10_000);
    let response = post(&server, "/talk/lobby", &cookie_of(&server, &owner), &[("form", &form), ("body", &long)]).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().await.expect("a page").contains(&long));
}

#[tokio::test]
async fn forms_need_a_session_and_the_servers_own_page() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let form = CommandId::generate().to_string();
    let fields = [("form", &*form), ("body", "hello")];
    for cookie in ["", &server.cookie("x")] {
        assert_eq!(post(&server, "/talk/lobby", cookie, &fields).await.status(), StatusCode::UNAUTHORIZED);
    }
    for fields in [
        &[("body", "hello")][..],
        &[("form", "x"), ("body", "hello")],
        &[("id", ""), ("body", "hello")],
        &[("form", &form), ("body", "hello"), ("reply_to", "-1")],
    ] {
        let response = post(&server, "/talk/lobby", &cookie_of(&server, &ming), fields).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{fields:?}");
    }
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = server.http(Method::POST, "/talk/lobby").bearer_auth(ming.token()).header(name, value);
        let response = request.body(format!("form={form}&body=hello")).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.json::<Problem>().await.expect("a problem").code, ErrorCode::ForeignOrigin);
    }
    assert_eq!(server.stored_counts().events, 0);
}

#[tokio::test]
async fn a_form_is_charged_like_a_command() {
    // A burst of one, and fifteen seconds until the next.
    let rare = NonZeroU32::new(4).expect("not zero");
    let server = TestServer::start_with_pages_and_config(|config| config.limits.commands_per_minute = rare).await;
    let ming = TestClient::guest(&server, "小明").await;
    let send = async |body: &str| {
        let form = CommandId::generate().to_string();
        post(&server, "/talk/lobby", &cookie_of(&server, &ming), &[("form", &form), ("body", body)]).await
    };
    assert_eq!(send("one").await.status(), StatusCode::SEE_OTHER);
    let refused = send("two").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let page = refused.text().await.expect("a page");
    assert!(page.contains(">\ntwo</textarea>"), "{page}");
}

#[tokio::test]
async fn a_text_too_long_for_the_composer_is_given_back_on_its_own() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let (form, author) = (CommandId::generate().to_string(), ming.user().id.to_string());
    let fields = [("form", &*form), ("author", &*author), ("body", "\"</textarea>喂")];
    let unknown_path = format!("/talk/{}", CommandId::generate());
    for (path, cookie, status, reason) in [
        (&*unknown_path, cookie_of(&server, &ming), StatusCode::NOT_FOUND, "会话不存在"),
        ("/talk/nowhere", cookie_of(&server, &ming), StatusCode::NOT_FOUND, "会话不存在"),
        ("/talk/lobby", String::new(), StatusCode::UNAUTHORIZED, "会话"),
    ] {
        let response = post(&server, path, &format!("{cookie}; teahouse_language=zh-Hans"), &fields).await;
        assert_eq!(response.status(), status);
        let page = response.text().await.expect("a page");
        assert!(page.contains(">\n\"&lt;/textarea>喂</textarea>"), "the typed text is missing: {page}");
        assert!(page.contains(&format!("role=\"alert\" class=\"problem\">{reason}")), "the reason is missing: {page}");
        // The user can send the same form again.
        assert!(page.contains(&format!("action=\"{path}\"")) && page.contains(&form), "{page}");
    }
    assert_eq!(server.stored_counts().events, 0);
}

#[tokio::test]
async fn forms_have_the_same_limits_as_frames() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let form = CommandId::generate().to_string();
    // One character as a user counts.
    let stacked_marks = format!("e{}", "\u{301}".repeat(40_000));
    let response =
        post(&server, "/talk/lobby", &cookie_of(&server, &ming), &[("form", &form), ("body", &stacked_marks)]).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.stored_counts().events, 0);
}

#[tokio::test]
async fn a_page_of_another_session_sends_nothing() {
    let server = TestServer::start_with_pages().await;
    let (ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let id = CommandId::generate().to_string();
    let author = ming.user().id.to_string();
    let fields = [("form", &*id), ("author", &*author), ("body", "by 小明")];
    let response = post(&server, "/talk/lobby", &cookie_of(&server, &ling), &fields).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    // A script would take a redirect for success.
    let fields = [("id", &*id), ("author", &*author), ("body", "by 小明")];
    for cookie in [cookie_of(&server, &ling), String::new()] {
        assert_eq!(post(&server, "/talk/lobby", &cookie, &fields).await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.stored_counts().events, 0);
    assert_eq!(location(&post(&server, "/talk/lobby", &cookie_of(&server, &ming), &fields).await), "/talk/lobby");
    assert_eq!(server.stored_counts().events, 1);
}

#[tokio::test]
async fn a_page_contains_a_limited_part_of_the_history() {
    let server = TestServer::start_with_pages().await;
    let long = "👨‍👩‍👧‍👦".repeat(1_600);
    for (nickname, mark) in [("小明", "the first"), ("阿玲", "the second")] {
        let mut guest = TestClient::guest(&server, nickname).await;
        guest.send_message(&format!("{mark} {long}")).await;
    }
    let reader = TestClient::guest(&server, "Bob").await;
    let request = server.http(Method::GET, "/talk/lobby").bearer_auth(reader.token());
    let page = request.send().await.expect("a response").text().await.expect("a page");
    assert!(page.contains("the second") && !page.contains("the first"), "{} bytes", page.len());
    assert!(page.contains("&quot;more&quot;:true"), "the page says that there is more");
}
