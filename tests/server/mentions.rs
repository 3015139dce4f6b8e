//! Mentions: whom a message names, and what they find of it later.

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;
use teahouse::domain::{
    CommandId, Completions, ConversationId, Event, Mention, MentionPage, Mentioned, MessagesPage, Seq, UserId,
};

use super::support::{TestClient, TestServer, register_user};

async fn get<T: DeserializeOwned>(server: &TestServer, token: &str, path: &str) -> T {
    let response = server.http(Method::GET, path).bearer_auth(token).send().await.expect("a response");
    response.json().await.expect("a body")
}

/// What a guest was told of.
async fn told(server: &TestServer, client: &TestClient, query: &str) -> MentionPage {
    get(server, client.token(), &format!("/api/mentions{query}")).await
}

/// The texts that a user was told of, the newest first.
async fn told_texts(server: &TestServer, client: &TestClient) -> Vec<String> {
    let page = told(server, client, "").await;
    page.mentions.iter().map(|told| told.message.body.as_str().to_owned()).collect()
}

fn users(event: &Event) -> Vec<(usize, usize, Option<UserId>)> {
    let place = |mention: &Mention| (mention.range().start, mention.range().end, mention.user().map(|user| user.id));
    event.kind.mentions().iter().map(place).collect()
}

#[tokio::test]
async fn a_nickname_after_an_at_sign_mentions_a_member_with_the_longest_name() {
    let server = TestServer::start().await;
    let mut ann = TestClient::guest(&server, "Ann").await;
    let lee = TestClient::guest(&server, "Ann Lee").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    ann.send_message("你好@阿玲，@ann lee and @ANN's `@阿玲` x@阿玲 @nobody").await;
    let event = ann.expect_event("你好@阿玲，@ann lee and @ANN's `@阿玲` x@阿玲 @nobody").await;
    let id = |client: &TestClient| Some(client.user().id);
    assert_eq!(users(&event), [(6, 13, id(&ling)), (16, 24, id(&lee)), (29, 33, id(&ann))]);
    assert_eq!(told_texts(&server, &ling).await.len(), 1);
    assert!(told_texts(&server, &ann).await.is_empty(), "authors are not told of their own messages");
}

#[tokio::test]
async fn only_moderators_mention_everyone_and_only_in_rooms() {
    let server = TestServer::start().await;
    let (mut owner, owner_token) = register_user(&server, "Olga").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    ling.send_message("@room hello").await;
    assert!(ling.expect_event("@room hello").await.kind.mentions().is_empty());
    owner.send_message("@所有人 大家好").await;
    let event = ling.expect_event("@所有人 大家好").await;
    assert!(matches!(event.kind.mentions(), [Mention { start: 0, end: 10, whom: Mentioned::Everyone }]));
    assert_eq!(told_texts(&server, &ling).await, ["@所有人 大家好"]);
    let own: MentionPage = get(&server, &owner_token, "/api/mentions").await;
    assert!(own.mentions.is_empty());
    let direct = owner.open_direct("阿玲").await;
    owner.send_message_to(direct.id, "@room here").await;
    assert!(ling.expect_event("@room here").await.kind.mentions().is_empty());
}

#[tokio::test]
async fn an_edit_mentions_nobody_anew_and_a_deletion_takes_mentions_away() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let bob = TestClient::guest(&server, "Bob").await;
    let lobby = ming.lobby().id;
    let seq = ming.send_message("@阿玲 hi").await.seq.expect("a seq");
    ling.expect_event("@阿玲 hi").await;
    ming.change("edit", lobby, seq, json!({ "body": "hi, @Bob and @阿玲" })).await;
    let edit = ling.expect_event("hi, @Bob and @阿玲").await;
    assert_eq!(users(&edit), [(13, 20, Some(ling.user().id))]);
    assert_eq!(told_texts(&server, &ling).await, ["hi, @Bob and @阿玲"]);
    assert!(told_texts(&server, &bob).await.is_empty());
    ming.change("edit", lobby, seq, json!({ "body": "hi" })).await;
    ling.expect_event("hi").await;
    assert!(told_texts(&server, &ling).await.is_empty(), "the text mentions nobody any more");
    let other = ming.send_message("@阿玲 again").await.seq.expect("a seq");
    assert_eq!(told_texts(&server, &ling).await, ["@阿玲 again"]);
    ming.change("delete", lobby, other, json!({})).await;
    assert!(told_texts(&server, &ling).await.is_empty());
    let page: MessagesPage =
        get(&server, ling.token(), &format!("/api/conversations/{lobby}/messages?seqs={other}")).await;
    assert!(page.messages[0].deleted && page.messages[0].mentions.is_empty());
}

#[tokio::test]
async fn a_fetched_message_and_a_replayed_event_have_their_mentions() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let text = "@阿玲, @小明";
    let seq = ming.send_message(text).await.seq.expect("a seq");
    let sent = ming.expect_event(text).await;
    let page: MessagesPage = get(&server, ling.token(), &format!("/api/conversations/{lobby}/messages")).await;
    let message = page.messages.iter().find(|message| message.seq == seq).expect("the message");
    assert_eq!(message.mentions, sent.kind.mentions());
    let cursors = HashMap::from([(lobby, Seq(seq.0 - 1))]);
    let mut back = TestClient::resume(&server, ling.token(), ling.welcome.epoch, &cursors).await;
    assert_eq!(back.expect_event(text).await.kind, sent.kind);
}

#[tokio::test]
async fn who_left_a_room_or_blocked_the_author_is_told_of_nothing_there() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let room = create_private_room(&mut owner, "阿玲").await;
    owner.send_message_to(room, "@阿玲 one").await;
    owner.send_message("@阿玲 two").await;
    ling.expect_event("@阿玲 two").await;
    assert_eq!(told_texts(&server, &ling).await, ["@阿玲 two", "@阿玲 one"]);
    let first = told(&server, &ling, "?limit=1").await;
    let cursor = first.older.expect("there is an older one");
    let second = told(&server, &ling, &format!("?limit=1&before={cursor}")).await;
    assert_eq!(second.mentions[0].conversation, room);
    assert_eq!(second.older, None);
    let leave = CommandId::generate();
    ling.send(&json!({ "type": "leave", "id": leave, "conversation": room })).await;
    ling.expect_ack(leave).await;
    assert_eq!(told_texts(&server, &ling).await, ["@阿玲 two"]);
    let block = server.http(Method::PUT, &format!("/api/blocks/{}", owner.user().id)).bearer_auth(ling.token());
    assert_eq!(block.send().await.expect("a response").status(), StatusCode::NO_CONTENT);
    assert!(told_texts(&server, &ling).await.is_empty());
}

#[tokio::test]
async fn completions_find_members_by_name_and_pinyin_and_hide_private_rooms() {
    let server = TestServer::start().await;
    let (mut owner, owner_token) = register_user(&server, "Olga").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let room = create_private_room(&mut owner, "阿玲").await;
    let of = |conversation: ConversationId, q: &str| format!("/api/conversations/{conversation}/completions?q={q}");
    let found: Completions = get(&server, &owner_token, &of(owner.lobby().id, "ali")).await;
    assert_eq!(found.members, [ling.user()]);
    let found: Completions = get(&server, ling.token(), &of(room, "")).await;
    assert_eq!(found.members, [owner.user()]);
    assert!(found.others.is_empty());
    let stranger = TestClient::guest(&server, "Bob").await;
    let response = server.http(Method::GET, &of(room, "a")).bearer_auth(stranger.token()).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::NOT_FOUND);
}

/// Creates a private room and adds the user with this nickname.
async fn create_private_room(owner: &mut TestClient, nickname: &str) -> ConversationId {
    let id = CommandId::generate();
    owner.send(&json!({ "type": "create_room", "id": id, "name": "Tea", "visibility": "private" })).await;
    let room = owner.expect_ack(id).await.conversation;
    let id = CommandId::generate();
    owner.send(&json!({ "type": "add_member", "id": id, "conversation": room, "nickname": nickname })).await;
    owner.expect_ack(id).await;
    room
}
