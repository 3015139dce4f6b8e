//! The cost of displaying a text is limited, however the text arrives and whenever it was stored.

use std::collections::HashMap;

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS, MAX_CHARACTER_MARKS, Message, MessagesPage, Seq},
    protocol::{ErrorCode, ServerFrame},
    state::{PageRange, Timeline},
};

use super::support::{SimpleClient, TestClient, TestServer, event_text, only_on_sqlite};

fn stacked_marks(marks: usize) -> String {
    format!("a{}", "\u{301}".repeat(marks))
}

/// Texts that look short and are expensive to store or display.
fn costly() -> [(String, ErrorCode); 5] {
    [
        (stacked_marks(MAX_CHARACTER_MARKS + 1), ErrorCode::InvalidMessage),
        (stacked_marks(30_000), ErrorCode::MessageTooLong),
        (["👨"; MAX_CHARACTER_CODE_POINTS].join("\u{200d}"), ErrorCode::InvalidMessage),
        ("\u{1100}".repeat(MAX_CHARACTER_CODE_POINTS + 1), ErrorCode::InvalidMessage),
        (
            stacked_marks(MAX_CHARACTER_MARKS).repeat(MAX_BODY_CODE_POINTS / MAX_CHARACTER_MARKS),
            ErrorCode::MessageTooLong,
        ),
    ]
}

async fn fetch(server: &TestServer, client: &TestClient) -> Vec<Message> {
    let request = server.http(Method::GET, "/api/conversations/lobby/messages").bearer_auth(client.token());
    let page: MessagesPage = request.send().await.expect("a response").json().await.expect("a page");
    page.messages
}

#[tokio::test]
async fn too_many_marks_are_refused_in_messages_edits_and_reactions() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message(&stacked_marks(MAX_CHARACTER_MARKS)).await.seq.expect("a sequence number");
    let before = server.stored_counts();
    for (text, code) in costly() {
        ming.send_without_waiting(lobby, &text).await;
        assert_eq!(ming.expect_error().await.code, code);
        let id = teahouse::domain::CommandId::generate();
        ming.send(&json!({ "type": "edit", "id": id, "conversation": lobby, "seq": sent_seq, "body": text })).await;
        let error = ming.expect_error().await;
        assert_eq!((error.id, error.code), (Some(id), code));
    }
    let id = teahouse::domain::CommandId::generate();
    let emoji = format!("👍{}", "\u{301}".repeat(MAX_CHARACTER_MARKS));
    ming.send(
        &json!({ "type": "react", "id": id, "conversation": lobby, "seq": sent_seq, "emoji": emoji, "on": true }),
    )
    .await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::InvalidEmoji);
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn too_many_marks_are_refused_by_the_simple_protocol_and_the_form() {
    let server = TestServer::start_with_pages_and_config(|config| config.unlimited = true).await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    for (text, code) in costly() {
        script.send_message(&text).await;
        assert_eq!(script.next_error().await, code.name());
        script.send_direct_message("小明", &text).await;
        assert_eq!(script.next_error().await, code.name());
        let fields = [("form", "0b0f9d6e-1d0a-4a39-9d2b-6f1f5a2c7e90"), ("body", &text)];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = server.http(Method::POST, "/talk/lobby").body(form);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(header::COOKIE, server.cookie(ming.token()));
        let request = request.header(header::ACCEPT_LANGUAGE, "zh");
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        if code == ErrorCode::InvalidMessage {
            assert!(response.text().await.expect("a page").contains("有个字符叠加了太多符号"));
        }
    }
    assert_eq!((server.count("events"), server.count("conversations")), (0, 1), "no direct was created");
}

/// Sends the page's form as a browser without scripts does.
async fn send_form(server: &TestServer, client: &TestClient, text: &str) -> StatusCode {
    let id = teahouse::domain::CommandId::generate().to_string();
    let form =
        form_urlencoded::Serializer::new(String::new()).extend_pairs([("form", id.as_str()), ("body", text)]).finish();
    let request = server.http(Method::POST, "/talk/lobby").body(form);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.header(header::COOKIE, server.cookie(client.token()));
    request.send().await.expect("a response").status()
}

#[tokio::test]
async fn an_invisible_message_is_empty_at_every_endpoint() {
    let server = TestServer::start_with_pages_and_config(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("visible").await.seq.expect("a sequence number");
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let before = server.stored_counts();
    for text in [
        "\u{3164}",
        "\u{2800}",
        "\u{115f}",
        "\u{ffa0}",
        "\u{17b4}",
        "\u{3164}\u{2800} \u{115f}\n\u{ffa0}\u{17b4}",
        "\u{200b}\u{2060}\u{feff}",
        "\u{ad}\u{34f}\u{61c}",
        "\u{e0061}\u{e007f}",
    ] {
        ming.send_without_waiting(lobby, text).await;
        assert_eq!(ming.expect_error().await.code, ErrorCode::EmptyMessage, "{text:?}");
        let id = teahouse::domain::CommandId::generate();
        ming.send(&json!({ "type": "edit", "id": id, "conversation": lobby, "seq": sent_seq, "body": text })).await;
        assert_eq!(ming.expect_error().await.code, ErrorCode::EmptyMessage, "{text:?}");
        script.send_message(text).await;
        assert_eq!(script.next_error().await, ErrorCode::EmptyMessage.name(), "{text:?}");
        assert_eq!(send_form(&server, &ming, text).await, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
    }
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn the_first_line_keeps_its_indentation_at_every_endpoint() {
    const SENT: &str = "\n  \n    if a:\n        b()\n\n  ";
    const KEPT: &str = "    if a:\n        b()";
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let mut other = SimpleClient::sign_in(&server, "/other").await;
    script.send_message(SENT).await;
    assert_eq!(other.next().await, json!({ "username": "script", "msg": KEPT }));
    script.send_direct_message("other", SENT).await;
    assert_eq!(other.next().await, json!({ "msg": KEPT, "from_user": "script" }));
    let sent_seq = ming.send_message(SENT).await.seq.expect("a sequence number");
    ming.change("edit", ming.lobby().id, sent_seq, json!({ "body": format!("{SENT}\t") })).await;
    assert_eq!(send_form(&server, &ming, &SENT.replace('\n', "\r\n")).await, StatusCode::SEE_OTHER);
    let texts: Vec<_> = fetch(&server, &ming).await.into_iter().map(|message| message.body).collect();
    assert_eq!(texts.iter().map(teahouse::domain::Body::as_str).collect::<Vec<_>>(), [KEPT; 3]);
}

#[tokio::test]
async fn control_characters_are_removed_at_every_endpoint() {
    const SENT: &str = "\u{1b}[2J\u{1b}]0;title\u{7}one\r\ntwo\tthree\u{0}\u{8}\u{7f}\u{9b}31m";
    const KEPT: &str = "[2J]0;titleone\ntwo\tthree31m";
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut script = SimpleClient::sign_in(&server, "/script").await;
    let mut other = SimpleClient::sign_in(&server, "/other").await;

    script.send_message(SENT).await;
    assert_eq!(other.next().await, json!({ "username": "script", "msg": KEPT }));
    ming.expect_event(KEPT).await;
    script.send_direct_message("other", SENT).await;
    assert_eq!(other.next().await, json!({ "msg": KEPT, "from_user": "script" }));
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message(SENT).await.seq.expect("a sequence number");
    assert_eq!(other.next().await, json!({ "username": "小明", "msg": KEPT }));
    ming.change("edit", lobby, sent_seq, json!({ "body": format!("{SENT}!") })).await;
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("form", "0b0f9d6e-1d0a-4a39-9d2b-6f1f5a2c7e90"), ("body", SENT)])
        .finish();
    let request = server.http(Method::POST, "/talk/lobby").body(form);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.header(header::COOKIE, server.cookie(ming.token()));
    assert_eq!(request.send().await.expect("a response").status(), StatusCode::SEE_OTHER);
    let texts: Vec<_> = fetch(&server, &ming).await.into_iter().map(|message| message.body).collect();
    let edited = format!("{KEPT}!");
    assert_eq!(texts.iter().map(teahouse::domain::Body::as_str).collect::<Vec<_>>(), [KEPT, &edited, KEPT]);
}

/// Stores an event with a text that an older version, with other rules, could have accepted.
fn store_event(server: &TestServer, seq: Seq, kind: &str, text: &str) {
    let payload = json!({ "kind": kind, "body": text }).to_string().replace('\'', "''");
    server.tamper(&format!("UPDATE events SET payload = '{payload}' WHERE seq = {seq}")).expect("an update");
}

#[tokio::test]
async fn oversized_texts_of_earlier_versions_are_cut_for_everybody() {
    if only_on_sqlite("no earlier version has written to PostgreSQL") {
        return;
    }
    let server = TestServer::start_with_pages_and_config(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let stored =
        [stacked_marks(30_000), "\u{1b}[31mred\u{0}".to_owned(), ["👨"; 500].join("\u{200d}"), "as it was".to_owned()];
    for text in &stored {
        let sent_seq = ming.send_message("something").await.seq.expect("a sequence number");
        store_event(&server, sent_seq, "message", text);
    }
    // An edit that an older version accepted.
    let edited = ming.send_message("something").await.seq.expect("a sequence number");
    ming.change("edit", lobby, edited, json!({ "body": "other" })).await;
    let accepted = stacked_marks(500);
    let update = format!(
        "UPDATE states SET body = '{accepted}' WHERE seq = {edited};
         UPDATE events SET payload = json_set(payload, '$.body', '{accepted}') WHERE target = {edited}"
    );
    server.tamper(&update).expect("an update");
    let stacked_marks = stacked_marks(MAX_CHARACTER_MARKS);
    let fetched = fetch(&server, &ming).await;
    let texts: Vec<_> = fetched.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(
        (texts[0], texts[1], texts[3], texts[4]),
        (stacked_marks.as_str(), "[31mred", "as it was", stacked_marks.as_str())
    );
    assert_eq!(texts[2].chars().count(), MAX_CHARACTER_CODE_POINTS);
    assert!(texts[2].starts_with("👨\u{200d}👨"));
    let request = server.http(Method::GET, "/talk/lobby").bearer_auth(ming.token());
    let page = request.send().await.expect("a response").text().await.expect("a page");
    assert!(page.contains("as it was") && page.contains(&stacked_marks));
    assert!(!page.contains(&format!("{stacked_marks}\u{301}")) && !page.contains('\u{1b}') && !page.contains('\0'));

    // A client that resumes receives the same texts as one that fetches.
    let cursors = HashMap::from([(lobby, Seq::ZERO)]);
    let mut reconnected = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    let mut view = Timeline::default();
    view.apply_page(PageRange::Newest, MessagesPage { messages: vec![], as_of: Seq::ZERO, more: false });
    loop {
        match reconnected.next().await {
            ServerFrame::Event(event) => view.apply(&event),
            ServerFrame::CaughtUp { .. } => break,
            _ => {}
        }
    }
    assert_eq!(view.messages().cloned().collect::<Vec<_>>(), fetched);
}

#[tokio::test]
async fn each_event_is_replayed_with_its_own_text_until_the_message_is_deleted() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, epoch) = (ming.lobby().id, ming.welcome.epoch);
    let sent_seq = ming.send_message("a secret").await.seq.expect("a sequence number");
    ming.change("edit", lobby, sent_seq, json!({ "body": "another secret" })).await;
    ming.change("react", lobby, sent_seq, json!({ "emoji": "🍵", "on": true })).await;
    ming.change("edit", lobby, sent_seq, json!({ "body": "the last secret" })).await;

    // A client may claim any cursor.
    let newcomer = TestClient::guest(&server, "new").await;
    let replayed = async |cursor: u64| {
        let cursors = HashMap::from([(lobby, Seq(cursor))]);
        let mut reconnected = TestClient::resume(&server, newcomer.token(), epoch, &cursors).await;
        let mut texts = Vec::new();
        loop {
            match reconnected.next().await {
                ServerFrame::Event(event) => texts.push(event_text(&event).to_owned()),
                ServerFrame::CaughtUp { .. } => return texts,
                _ => {}
            }
        }
    };
    for cursor in 0..4 {
        let expected = ["a secret", "another secret", "", "the last secret"];
        assert_eq!(replayed(cursor).await, expected[usize::try_from(cursor).expect("small")..], "from {cursor}");
    }
    assert_eq!(fetch(&server, &newcomer).await[0].body.as_str(), "the last secret");
    ming.change("delete", lobby, sent_seq, json!({})).await;
    assert_eq!(replayed(0).await, [""; 5]);
    assert_eq!(server.payloads_containing("secret"), 0, "the store does not keep the texts either");
}
