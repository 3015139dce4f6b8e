//! Odd paths, queries and numbers where threads, mentions, pins and changes are asked for: the server answers or refuses, and never
//! fails.

use reqwest::Method;
use serde_json::{Value, json};
use teahouse::{
    domain::{CommandId, ConversationId},
    protocol::{ErrorCode, Problem},
};

use super::support::{TestClient, TestServer};

/// SQL's integers end at 2^63 - 1, those of the protocol at 2^64 - 1.
const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "2",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "1.0",
    "",
    "x",
    "%00",
    "%ff",
];

const SEQS: [&str; 9] =
    ["1", "1,2", "2,1,1", "1,,2", ",", "0", "9223372036854775807", "9223372036854775808", "1%2C2%00"];

const TYPED: [&str; 11] =
    ["", "a", "%20", "%F0%9F%8D%B5", "%00", "%ff", "%", "xiao%20ming", "%25_", "%CC%81%E2%80%8D", "%E5%B0%8F%27%22%5C"];

/// What follows the name of a server in a URL, for a conversation.
fn paths(conversation: &str) -> Vec<String> {
    let base = format!("/api/conversations/{conversation}");
    let mut paths = vec![format!("{base}/pins"), format!("{base}/completions"), format!("{base}/changes")];
    for number in NUMBERS {
        paths.push(format!("{base}/threads/{number}"));
        paths.push(format!("{base}/messages/{number}/history"));
        paths.push(format!("{base}/changes?after={number}"));
        for query in ["before", "after", "limit"] {
            paths.push(format!("{base}/threads/1?{query}={number}"));
        }
        paths.push(format!("{base}/changes?after=0&limit={number}"));
    }
    let fifty_one = vec!["1"; 51].join(",");
    paths.extend(SEQS.into_iter().chain([&*fifty_one]).map(|seqs| format!("{base}/messages?seqs={seqs}")));
    let long = "%E5%B0%8F".repeat(1_000);
    paths.extend(TYPED.into_iter().chain([&*long]).map(|typed| format!("{base}/completions?q={typed}")));
    paths
}

fn mention_paths(conversation: &str) -> Vec<String> {
    let mut paths = vec!["/api/mentions".to_owned(), "/api/mentions?before=..".to_owned()];
    for number in NUMBERS {
        paths.push(format!("/api/mentions?limit={number}"));
        paths.push(format!("/api/mentions?before={number}"));
        paths.push(format!("/api/mentions?before={number}.{conversation}.1"));
        paths.push(format!("/api/mentions?before=1.{conversation}.{number}"));
    }
    paths
}

/// Asserts that the server answers with an object, or refuses.
async fn assert_answered(server: &TestServer, reader: &TestClient, path: &str) {
    let response = server.http(Method::GET, path).bearer_auth(reader.token()).send().await.expect(path);
    let status = response.status();
    if status.is_success() {
        let body: Value = response.json().await.expect(path);
        assert!(body.is_object(), "{path}: {body}");
    } else {
        assert!(matches!(status.as_u16(), 400 | 404), "{path}: {status}");
        let problem: Problem = response.json().await.expect(path);
        let expected =
            [ErrorCode::BadFrame, ErrorCode::NotFound, ErrorCode::UnknownConversation, ErrorCode::UnknownMessage];
        assert!(expected.contains(&problem.code), "{path}: {problem:?}");
    }
}

#[tokio::test]
async fn odd_queries_of_threads_mentions_and_changes_are_answered_or_refused() {
    let server = TestServer::start().await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send_message("@阿玲 你好").await;
    ling.send_message("@小明 你好").await;
    let (known, unknown) = (ling.lobby().id.to_string(), ConversationId::generate().to_string());
    let mut asked = mention_paths(&known);
    asked.extend(paths(&known));
    for conversation in [unknown.as_str(), "lobby", "x", "%00"] {
        asked.extend(
            ["threads/1", "pins", "changes?after=0", "messages/1/history", "messages?seqs=1", "completions?q=a"]
                .map(|rest| format!("/api/conversations/{conversation}/{rest}")),
        );
    }
    for path in asked {
        assert_answered(&server, &ling, &path).await;
    }
    assert_eq!(ming.send_message("still running").await.seq.map(|seq| seq.0), Some(3));
}

#[tokio::test]
async fn odd_numbers_in_commands_are_refused_or_mean_the_end() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send_message("one").await;
    let lobby = ming.lobby().id;
    for seq in [0, 2, i64::MAX as u64, 1 << 63, u64::MAX] {
        for fields in [
            json!({ "type": "send", "body": "two", "reply_to": seq }),
            json!({ "type": "edit", "body": "two", "seq": seq }),
            json!({ "type": "pin", "seq": seq, "on": true }),
            json!({ "type": "mute_thread", "thread": seq, "on": true }),
        ] {
            let mut frame = fields;
            frame["id"] = json!(CommandId::generate());
            frame["conversation"] = json!(lobby);
            ming.send(&frame).await;
            let code = ming.expect_error().await.code;
            let expected = if frame["type"] == "pin" { ErrorCode::Forbidden } else { ErrorCode::UnknownMessage };
            assert_eq!(code, expected, "{frame}");
        }
        let id = CommandId::generate();
        ming.send(&json!({ "type": "set_conversation", "id": id, "conversation": lobby, "unread_from": seq })).await;
        assert_eq!(ming.expect_ack(id).await.seq, None, "{seq}");
    }
    assert_eq!(ming.send_message("still running").await.seq.map(|seq| seq.0), Some(2));
}
