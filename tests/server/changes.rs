//! Authors edit and delete their messages, and members react to them. Each of these changes is an event.

use reqwest::Method;
use serde_json::{Value, json};
use teahouse::{
    domain::{CommandId, ConversationId, Event, EventKind, MAX_REACTIONS, Message, MessagesPage, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{TestClient, TestServer};

/// Fetches the messages of a conversation as this user.
async fn fetch(server: &TestServer, client: &TestClient, conversation: ConversationId) -> Vec<Message> {
    let path = format!("/api/conversations/{conversation}/messages?limit=200");
    let response = server.http(Method::GET, &path).bearer_auth(client.token()).send().await.expect("a response");
    response.json::<MessagesPage>().await.expect("a page").messages
}

/// Returns the next event that changes a message.
async fn next_change(client: &mut TestClient) -> Event {
    client
        .expect("a change", |frame| match frame {
            ServerFrame::Event(event) if event.kind.target().is_some() => Some(event.clone()),
            _ => None,
        })
        .await
}

/// Sends a command about the Lobby that must fail. Returns the error code.
async fn command_error(client: &mut TestClient, mut command: Value) -> ErrorCode {
    command["id"] = json!(CommandId::generate());
    command["conversation"] = json!(client.lobby().id);
    client.send(&command).await;
    client.expect_error().await.code
}

#[tokio::test]
async fn an_edit_is_an_event_and_changes_the_message() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("你好").await.seq.expect("a seq");
    ling.send_message("hi").await;

    let ack = ming.change("edit", lobby, sent_seq, json!({ "body": "\n你们好 \n" })).await;
    assert_eq!(ack.seq, Some(Seq(3)));
    let event = next_change(&mut ling).await;
    assert_eq!((event.seq, event.author, event.at), (Seq(3), ming.user(), ack.at));
    assert!(matches!(event.kind, EventKind::Edit { seq, body, .. } if seq == sent_seq && body.as_str() == "你们好"));

    let messages = fetch(&server, &ling, lobby).await;
    assert_eq!(messages.len(), 2, "an edit is not a message");
    let edited = &messages[0];
    assert_eq!((edited.seq, edited.body.as_str(), edited.revision), (sent_seq, "你们好", Seq(3)));
    assert_eq!(edited.edited_at, Some(ack.at));
}

#[tokio::test]
async fn a_deleted_message_leaves_a_tombstone_without_its_text() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let (lobby, epoch) = (ming.lobby().id, ming.welcome.epoch);
    let sent_seq = ming.send_message("a secret").await.seq.expect("a seq");
    ming.change("edit", lobby, sent_seq, json!({ "body": "another secret" })).await;
    ling.change("react", lobby, sent_seq, json!({ "emoji": "👀", "on": true })).await;
    ming.change("delete", lobby, sent_seq, json!({})).await;

    let messages = fetch(&server, &ling, lobby).await;
    let [deleted] = messages.as_slice() else { panic!("not exactly one message: {messages:?}") };
    assert!(
        deleted.deleted
            && deleted.body.as_str().is_empty()
            && deleted.reactions.is_empty()
            && deleted.edited_at.is_none()
    );
    assert_eq!(deleted.revision, Seq(4));

    // Neither a resumed connection nor the database has the text.
    let cursors = [(lobby, Seq::ZERO)].into();
    let mut back = TestClient::resume(&server, ling.token(), epoch, &cursors).await;
    let kinds: Vec<EventKind> = [back.next().await, back.next().await, back.next().await, back.next().await]
        .into_iter()
        .filter_map(|frame| match frame {
            ServerFrame::Event(event) => Some(event.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds.len(), 4);
    assert!(matches!(&kinds[0], EventKind::Message { body, .. } if body.as_str().is_empty()));
    assert!(matches!(&kinds[1], EventKind::Edit { body, .. } if body.as_str().is_empty()));
    assert!(matches!(&kinds[3], EventKind::Deletion { seq } if *seq == sent_seq));
    assert_eq!(server.payloads_containing("secret"), 0);

    for command in [
        json!({ "type": "edit", "seq": sent_seq, "body": "again" }),
        json!({ "type": "delete", "seq": sent_seq }),
        json!({ "type": "react", "seq": sent_seq, "emoji": "👀", "on": true }),
    ] {
        assert_eq!(command_error(&mut ming, command).await, ErrorCode::UnknownMessage);
    }
}

#[tokio::test]
async fn spellings_of_an_emoji_are_one_reaction() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("茶?").await.seq.expect("a seq");
    for (ming_emoji, ling_emoji, canonical) in [
        ("❤", "❤\u{fe0f}", "❤\u{fe0f}"),
        ("👍\u{fe0e}", "👍\u{200d}", "👍"),
        ("👍\u{fe0f}", "👍", "👍"),
        ("1\u{20e3}", "1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
        ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
    ] {
        ming.change("react", lobby, sent_seq, json!({ "emoji": ming_emoji, "on": true })).await;
        let received = next_change(&mut ling).await.kind;
        assert!(
            matches!(&received, EventKind::Reaction { emoji, .. } if emoji.as_str() == canonical),
            "{ming_emoji:?}: {received:?}"
        );
        ling.change("react", lobby, sent_seq, json!({ "emoji": ling_emoji, "on": true })).await;
        next_change(&mut ling).await;
        let reactions = fetch(&server, &ming, lobby).await.remove(0).reactions;
        let [reaction] = reactions.as_slice() else { panic!("{ming_emoji:?} and {ling_emoji:?}: {reactions:?}") };
        assert_eq!((reaction.emoji.as_str(), &reaction.users), (canonical, &vec![ming.user(), ling.user()]));
        ming.change("react", lobby, sent_seq, json!({ "emoji": ling_emoji, "on": false })).await;
        ling.change("react", lobby, sent_seq, json!({ "emoji": ming_emoji, "on": false })).await;
        for _ in 0..2 {
            next_change(&mut ling).await;
        }
        assert!(fetch(&server, &ming, lobby).await.remove(0).reactions.is_empty());
    }
    for emoji in ["👍\u{200d}👎", "👍👍", "🇨", "🇽🇽", "1", "a", "👍\u{200b}", "\u{fe0f}", "\u{1f3fd}", ""]
    {
        let command = json!({ "type": "react", "seq": sent_seq, "emoji": emoji, "on": true });
        assert_eq!(command_error(&mut ming, command).await, ErrorCode::InvalidEmoji, "{emoji:?}");
    }
}

#[tokio::test]
async fn reactions_are_counted_by_user_and_can_be_removed() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("茶?").await.seq.expect("a seq");
    let tea_reaction = json!({ "emoji": "🍵", "on": true });
    ming.change("react", lobby, sent_seq, tea_reaction.clone()).await;
    for reaction in [tea_reaction.clone(), tea_reaction, json!({ "emoji": "👍", "on": true })] {
        ling.change("react", lobby, sent_seq, reaction).await;
    }
    let reactions_with_names = |messages: Vec<Message>| -> Vec<(String, Vec<String>)> {
        let reactions = messages.into_iter().next().expect("a message").reactions.into_iter();
        let names =
            |users: Vec<_>| users.into_iter().map(|user: teahouse::domain::User| user.nickname.as_str().to_owned());
        reactions.map(|reaction| (reaction.emoji.to_string(), names(reaction.users).collect())).collect()
    };
    let users = vec!["小明".to_owned(), "阿玲".to_owned()];
    let expected = [("🍵".to_owned(), users), ("👍".to_owned(), vec!["阿玲".to_owned()])];
    assert_eq!(reactions_with_names(fetch(&server, &ming, lobby).await), expected);

    ming.change("react", lobby, sent_seq, json!({ "emoji": "🍵", "on": false })).await;
    ling.change("react", lobby, sent_seq, json!({ "emoji": "👍", "on": false })).await;
    ling.change("react", lobby, sent_seq, json!({ "emoji": "👍", "on": false })).await;
    assert_eq!(reactions_with_names(fetch(&server, &ming, lobby).await), [("🍵".to_owned(), vec!["阿玲".to_owned()])]);
}

#[tokio::test]
async fn a_repeated_change_gets_the_first_ack_and_has_no_second_effect() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("one").await.seq.expect("a seq");
    let edit = |id: CommandId, body: &str| json!({ "type": "edit", "id": id, "conversation": lobby, "seq": sent_seq, "body": body });
    let (first, second) = (CommandId::generate(), CommandId::generate());
    ming.send(&edit(first, "two")).await;
    let ack = ming.expect_ack(first).await;
    ming.send(&edit(second, "three")).await;
    ming.expect_ack(second).await;
    ming.send(&edit(first, "two")).await;
    assert_eq!(ming.expect_ack(first).await, ack);
    assert_eq!(
        fetch(&server, &ming, lobby).await[0].body.as_str(),
        "three",
        "a repeated command does not restore an older text"
    );

    let delete = |id: CommandId| json!({ "type": "delete", "id": id, "conversation": lobby, "seq": sent_seq });
    let third = CommandId::generate();
    ming.send(&delete(third)).await;
    let ack = ming.expect_ack(third).await;
    ming.send(&delete(third)).await;
    assert_eq!(ming.expect_ack(third).await, ack);
    assert_eq!(server.stored_counts().events, 4);
}

#[tokio::test]
async fn forbidden_changes_are_refused_without_an_effect() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let carol = TestClient::guest(&server, "Carol").await;
    let direct = ming.open_direct("阿玲").await.id;
    let sent_seq = ming.send_message("mine").await.seq.expect("a seq");
    ming.change("react", ming.lobby().id, sent_seq, json!({ "emoji": "🍵", "on": true })).await;
    let before = server.stored_counts();

    let edit = |seq: u64, body: &str| json!({ "type": "edit", "seq": seq, "body": body });
    let react = |emoji: &str| json!({ "type": "react", "seq": sent_seq, "emoji": emoji, "on": true });
    assert_eq!(command_error(&mut ling, edit(sent_seq.0, "not yours")).await, ErrorCode::Forbidden);
    assert_eq!(command_error(&mut ling, json!({ "type": "delete", "seq": sent_seq })).await, ErrorCode::Forbidden);
    assert_eq!(command_error(&mut ming, edit(sent_seq.0, " ")).await, ErrorCode::EmptyMessage);
    assert_eq!(command_error(&mut ming, edit(sent_seq.0, &"x".repeat(4_001))).await, ErrorCode::MessageTooLong);
    for seq in [0, 2, 3, u64::MAX] {
        assert_eq!(command_error(&mut ming, edit(seq, "nothing there")).await, ErrorCode::UnknownMessage, "{seq}");
    }
    for emoji in ["", "x", "👍👍", "<img>"] {
        assert_eq!(command_error(&mut ming, react(emoji)).await, ErrorCode::InvalidEmoji, "{emoji}");
    }
    // A user cannot react in a conversation of others.
    let mut carol = carol;
    let id = CommandId::generate();
    carol
        .send(&json!({ "type": "react", "id": id, "conversation": direct, "seq": 1, "emoji": "👀", "on": true }))
        .await;
    assert_eq!(carol.expect_error().await.code, ErrorCode::UnknownConversation);
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn different_reactions_to_a_message_are_limited() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("say it with pictures").await.seq.expect("a seq");
    let emoji_list: Vec<String> = ('😀'..).take(MAX_REACTIONS + 1).map(String::from).collect();
    let (last, allowed) = emoji_list.split_last().expect("some");
    for emoji in allowed {
        ming.change("react", lobby, sent_seq, json!({ "emoji": emoji, "on": true })).await;
    }
    let one_more = json!({ "type": "react", "seq": sent_seq, "emoji": last, "on": true });
    assert_eq!(command_error(&mut ming, one_more).await, ErrorCode::TooManyReactions);
    // Another user can join an existing reaction, and a removed reaction makes room for a new one.
    let mut ling = TestClient::guest(&server, "阿玲").await;
    ling.change("react", lobby, sent_seq, json!({ "emoji": allowed[0], "on": true })).await;
    ming.change("react", lobby, sent_seq, json!({ "emoji": allowed[1], "on": false })).await;
    ming.change("react", lobby, sent_seq, json!({ "emoji": last, "on": true })).await;
}

#[tokio::test]
async fn changes_and_deletions_are_not_counted_as_unread() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let sent_seq = ming.send_message("one").await.seq.expect("a seq");
    ming.send_message("two").await;
    ming.change("edit", lobby, sent_seq, json!({ "body": "one!" })).await;
    assert_eq!(ling.connect_again(&server).await.lobby().unread, 2);
    ming.change("delete", lobby, sent_seq, json!({})).await;
    assert_eq!(ling.connect_again(&server).await.lobby().unread, 1);
}
