//! The conversation list: others can make a user's list long, so its pages are bounded and its order is fixed.

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, Conversation, ConversationId, ConversationList, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{SimpleClient, TestClient, TestServer};

/// Inserts `number` directs into the list of the user `owner`, each with one message. `Crowd 1` is the newest.
fn insert_directs(server: &TestServer, owner: &str, number: u32) {
    let user = format!("(SELECT number FROM users WHERE nickname = '{owner}')");
    // The numbers of the strangers, their directs and positions are far from those that the server gives. They are registered,
    // because a guest without a session is gone after a restart.
    let rows = format!(
        r#"CREATE TEMP TABLE crowd AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
             SELECT i, 1000000 + i AS far FROM n;
           INSERT INTO users (number, id, nickname, nickname_key, created_at, password)
             SELECT far, randomblob(16), 'Crowd ' || i, 'crowd ' || i, 1, '!' FROM crowd;
           INSERT INTO conversations (number, id, kind, direct_low, direct_high, created_at)
             SELECT far, randomblob(16), 'direct', {user}, far, 1 FROM crowd;
           INSERT INTO members (conversation, user, read_seq, joined_at, listed) SELECT far, {user}, 0, 1, 29000000 - i FROM crowd;
           INSERT INTO members (conversation, user, read_seq, joined_at, listed) SELECT far, far, 1, 1, 29000000 - i FROM crowd;
           INSERT INTO events (position, conversation, seq, at, author, command_id, payload)
             SELECT far, far, 1, (29000000 - i) * CAST(60000 AS bigint), far, randomblob(16), '{{"kind":"message","body":"hi"}}' FROM crowd;"#
    );
    server.tamper(&rows).expect("a crowd");
}

async fn list(server: &TestServer, client: &TestClient, query: &str) -> ConversationList {
    let request = server.http(Method::GET, &format!("/api/conversations{query}")).bearer_auth(client.token());
    request.send().await.expect("a response").json().await.expect("a list")
}

fn names(conversations: &[Conversation]) -> Vec<String> {
    let name = |conversation: &Conversation| match &conversation.kind {
        teahouse::domain::ConversationKind::Direct { with } => with.user.nickname.as_str().to_owned(),
        teahouse::domain::ConversationKind::Room(room) => room.name.as_str().to_owned(),
    };
    conversations.iter().map(name).collect()
}

fn expected(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(|number| format!("Crowd {number}")).collect()
}

#[tokio::test]
async fn a_welcome_has_all_rooms_and_the_latest_hundred_directs() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "Ming").await;
    insert_directs(&server, "Ming", 1_000);

    let back = ming.connect_again(&server).await;
    let listed = names(&back.welcome.conversations);
    assert_eq!((listed[0].as_str(), &listed[1..]), ("Lobby", &expected(1..=100)[..]));
    assert!(
        back.welcome
            .conversations
            .iter()
            .all(|conversation| conversation.id == back.lobby().id || conversation.unread == 1)
    );
    assert!(serde_json::to_string(&back.welcome).expect("JSON").len() < 40_000);

    // The other directs are on older pages, each once.
    let mut before = back.welcome.older.clone();
    let mut older = Vec::new();
    while let Some(position) = before {
        let page = list(&server, &ming, &format!("?before={position}&limit=70")).await;
        assert!(page.conversations.len() <= 70);
        older.extend(names(&page.conversations));
        before = page.older;
    }
    assert_eq!(older, expected(101..=1_000));
    assert_eq!(list(&server, &ming, "").await.older, back.welcome.older);
    assert_eq!(list(&server, &ming, "?limit=100000").await.conversations.len(), 101);
    let invalid_cursor = server.http(Method::GET, "/api/conversations?before=7").bearer_auth(ming.token()).send().await;
    assert_eq!(invalid_cursor.expect("a response").status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_has_the_same_list_plus_the_direct_it_shows() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "Ming").await;
    insert_directs(&server, "Ming", 1_000);
    let cursor = list(&server, &ming, "").await.older.expect("more");
    let unlisted = list(&server, &ming, &format!("?before={cursor}")).await.conversations[50].clone();

    let get = |path: String| server.http(Method::GET, &path).bearer_auth(ming.token()).send();
    let lobby = get("/talk/lobby".into()).await.expect("a response").text().await.expect("a document");
    assert!(lobby.contains("Crowd 100") && !lobby.contains("Crowd 101"));
    assert!(lobby.len() < 200_000, "{} bytes", lobby.len());
    let open = get(format!("/talk/{}", unlisted.id)).await.expect("a response").text().await.expect("a document");
    assert!(open.contains("Crowd 151"));
}

#[tokio::test]
async fn an_old_direct_returns_with_the_next_message_and_can_be_fetched() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "Ming").await;
    let mut ling = TestClient::guest(&server, "Ling").await;
    let direct = ling.open_direct("Ming").await.id;
    ling.send_message_to(direct, "long ago").await;
    ming.expect_event("long ago").await;
    insert_directs(&server, "Ming", 150);
    let make_old = "UPDATE members SET listed = 5 WHERE conversation IN (SELECT number FROM conversations WHERE kind = 'direct')
        AND conversation IN (SELECT conversation FROM members WHERE user = (SELECT number FROM users WHERE nickname = 'Ling'));
        UPDATE events SET at = 300000 WHERE CAST(payload AS text) LIKE '%long ago%'";
    server.tamper(make_old).expect("an update");
    // Restart, because the writer caches what it wrote.
    let server = server.restart().await;

    let cursors = HashMap::from([(direct, Seq(0))]);
    let mut ming = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    assert!(ming.welcome.conversations.iter().all(|conversation| conversation.id != direct), "not among the latest");
    let listed = ming.expect("the direct, because of the cursor", |frame| match frame {
        ServerFrame::Conversation(conversation) => Some(conversation.clone()),
        _ => None,
    });
    assert_eq!((listed.await.id, ming.expect_event("long ago").await.seq), (direct, Seq(1)));
    ming.expect("the end of the resume", |frame| match frame {
        ServerFrame::CaughtUp { conversation, seq } if *conversation == direct => Some(*seq),
        _ => None,
    })
    .await;

    let mut phone = TestClient::with_token(server.address, ming.token()).await;
    let mut ling = TestClient::with_token(server.address, ling.token()).await;
    ling.send_message_to(direct, "and now").await;
    assert_eq!(phone.expect_event("and now").await.conversation, direct, "delivered, although it was not listed");
    let path = format!("/api/conversations/{direct}");
    let fetched = server.http(Method::GET, &path).bearer_auth(phone.token()).send().await.expect("a response");
    let fetched: Conversation = fetched.json().await.expect("a conversation");
    assert_eq!((fetched.last_seq, fetched.unread), (Seq(2), 2));
    assert_eq!(list(&server, &phone, "?limit=1").await.conversations[1].id, direct, "now it is the newest");
}

#[tokio::test]
async fn a_cursor_of_an_unlisted_conversation_is_answered() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "小明").await;
    let elsewhere = ConversationId::generate();
    let cursors = HashMap::from([(elsewhere, Seq(7))]);
    let mut back = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    let removed = back.expect("a reply", |frame| match frame {
        ServerFrame::ConversationRemoved { id } => Some(*id),
        _ => None,
    });
    assert_eq!(removed.await, elsewhere);
}

#[tokio::test]
async fn new_directs_to_one_user_from_one_address_are_limited() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "Ming").await;
    let mut flood = SimpleClient::sign_in(&server, "/flood").await;
    flood.send_direct_message("Ming", "once").await;
    for _ in 0..3 {
        flood.send_direct_message("Ming", "again").await;
    }
    let mut strangers = Vec::new();
    let mut refused = None;
    for number in 0..40 {
        let mut stranger = TestClient::guest(&server, &format!("Stranger {number}")).await;
        let id = CommandId::generate();
        stranger.send(&json!({ "type": "open_direct", "id": id, "nickname": "Ming" })).await;
        let response = stranger.expect("a reply", |frame| match frame {
            ServerFrame::Ack { id: answered, .. } if *answered == id => Some(None),
            ServerFrame::Error(error) if error.id == Some(id) => Some(Some(error.clone())),
            _ => None,
        });
        if let Some(error) = response.await {
            refused = Some(error);
            break;
        }
        strangers.push(stranger);
    }
    let error = refused.expect("an error before 40 directs");
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|wait| wait > 1_000), "{error:?}");
    assert!((10..40).contains(&strangers.len()), "{}", strangers.len());

    let mut late = SimpleClient::sign_in(&server, "/late").await;
    late.send_direct_message("Ming", "me, too").await;
    assert_eq!(late.next_error().await, "rate_limited");
    // The limit does not affect users who already have a direct with Ming, by nickname or by id.
    for target in [json!({ "nickname": "Ming" }), json!({ "user": ming.user().id })] {
        let id = CommandId::generate();
        let mut command = target;
        command["type"] = json!("open_direct");
        command["id"] = json!(id);
        strangers[0].send(&command).await;
        strangers[0].expect_ack(id).await;
    }
    flood.send_direct_message("Ming", "and again").await;
    // Directs without a message are not listed.
    let listed = list(&server, &ming, "").await.conversations;
    assert_eq!(names(&listed), ["Lobby", "flood"]);
}

#[tokio::test]
async fn directs_are_sorted_by_their_newest_message_alone() {
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "Ming").await;
    let mut others = Vec::new();
    for name in ["Ada", "Bob", "Carol"] {
        let mut other = TestClient::guest(&server, name).await;
        let direct = other.open_direct("Ming").await.id;
        let first = other.send_message_to(direct, &format!("from {name}")).await;
        ming.expect_event(&format!("from {name}")).await;
        others.push((other, direct, first.seq.expect("a seq")));
    }
    let order = async |ming: &TestClient| {
        let conversations = ming.connect_again(&server).await.welcome.conversations;
        let welcome = names(&conversations)[1..].to_vec();
        assert_eq!(
            names(&list(&server, ming, "").await.conversations)[1..],
            welcome,
            "the same order over HTTP as in the welcome"
        );
        let document =
            server.http(Method::GET, "/talk/lobby").bearer_auth(ming.token()).send().await.expect("a response");
        let document = document.text().await.expect("a document");
        let (_, document) = document.split_once("class=\"lists\"").expect("the lists");
        // The page shows those with unread messages first.
        let (unread, read): (Vec<_>, Vec<_>) = conversations[1..].iter().cloned().partition(|direct| direct.unread > 0);
        let mut by_position = welcome.clone();
        let position = |name: &String| document.find(&format!(">{name}</bdi>")).unwrap_or_else(|| panic!("{name}"));
        by_position.sort_by_key(position);
        assert_eq!(by_position, names(&[unread, read].concat()), "the same order in the page as in the welcome");
        welcome.iter().map(|name| name[..1].to_owned()).collect::<String>()
    };
    assert_eq!(order(&ming).await, "CBA");
    // All of this happens within a minute, unless the test starts at the end of one.
    let (ada, with_ada, first_of_ada) = &mut others[0];
    ada.send_message_to(*with_ada, "again").await;
    let with_ada = *with_ada;
    let first_of_ada = *first_of_ada;
    assert_eq!(order(&ming).await, "ACB", "a message of the companion");
    let (_, with_bob, first_of_bob) = others[1];
    ming.send_message_to(with_bob, "an answer").await;
    assert_eq!(order(&ming).await, "BAC", "a message of the user");
    ming.change("react", with_ada, first_of_ada, json!({ "emoji": "🍵", "on": true })).await;
    assert_eq!(order(&ming).await, "BAC", "a reaction is not a message");
    let (ada, ..) = &mut others[0];
    ada.change("edit", with_ada, first_of_ada, json!({ "body": "from Ada, once more" })).await;
    assert_eq!(order(&ming).await, "BAC", "an edit is not a message");
    let (bob, ..) = &mut others[1];
    bob.change("delete", with_bob, first_of_bob, json!({})).await;
    assert_eq!(order(&ming).await, "BAC", "a deletion is not a message");
    ming.send(&json!({ "type": "read", "conversation": with_ada, "seq": 9 })).await;
    ming.expect_read(with_ada).await;
    assert_eq!(order(&ming).await, "BAC", "reading does not change the order");
    let (carol, with_carol, _) = &mut others[2];
    carol.send_message_to(*with_carol, "hello?").await;
    assert_eq!(order(&ming).await, "CBA", "a new message moves it to the front");
    // The order survives a restart.
    let server = server.restart().await;
    assert_eq!(names(&ming.connect_again(&server).await.welcome.conversations)[1..], ["Carol", "Bob", "Ada"]);
}

/// The nicknames of the companions of all directs, in order. `†` marks former users.
fn companion_names(conversations: &[Conversation]) -> Vec<String> {
    let direct = |conversation: &Conversation| match &conversation.kind {
        teahouse::domain::ConversationKind::Direct { with } => {
            Some(format!("{}{}", with.user.nickname.as_str(), if with.gone { "†" } else { "" }))
        }
        teahouse::domain::ConversationKind::Room(_) => None,
    };
    conversations.iter().filter_map(direct).collect()
}

/// Ends a guest's session.
async fn sign_out(server: &TestServer, guest: &TestClient) {
    let response = server.http(Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn directs_with_former_users_are_listed_last() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "Ming").await;
    let mut friend = TestClient::guest(&server, "Friend").await;
    let direct = friend.open_direct("Ming").await.id;
    friend.send_message_to(direct, "long ago").await;
    for time in 0..4 {
        let mut script = TestClient::guest(&server, "script").await;
        let direct = script.open_direct("Ming").await.id;
        script.send_message_to(direct, &format!("time {time}")).await;
        sign_out(&server, &script).await;
    }
    let listed = ming.connect_again(&server).await.welcome.conversations;
    assert_eq!(companion_names(&listed), ["Friend", "script†", "script†", "script†", "script†"]);
    let first = list(&server, &ming, "?limit=1").await;
    assert_eq!(companion_names(&first.conversations), ["Friend"]);
    let older = list(&server, &ming, &format!("?limit=3&before={}", first.older.expect("more"))).await;
    assert_eq!(companion_names(&older.conversations), ["script†"; 3]);
    let last_page = list(&server, &ming, &format!("?before={}", older.older.expect("one more"))).await;
    assert_eq!((companion_names(&last_page.conversations), last_page.older), (vec!["script†".to_owned()], None));

    // A hidden direct that is opened again returns to its old position.
    let former = listed
        .iter()
        .filter(|conversation| companion_names(std::slice::from_ref(conversation)) == ["script†"])
        .map(|conversation| conversation.id);
    for id in former {
        let path = format!("/api/conversations/{id}");
        let hidden = server.http(Method::DELETE, &path).bearer_auth(ming.token()).send().await.expect("a response");
        assert_eq!(hidden.status(), StatusCode::NO_CONTENT);
    }
    let mut back = ming.connect_again(&server).await;
    assert_eq!(companion_names(&back.welcome.conversations), ["Friend"]);
    let former_user = listed.iter().rev().find_map(|conversation| match &conversation.kind {
        teahouse::domain::ConversationKind::Direct { with } if with.gone => Some(with.user.id),
        _ => None,
    });
    let id = CommandId::generate();
    back.send(&json!({ "type": "open_direct", "id": id, "user": former_user })).await;
    back.expect_ack(id).await;
    assert_eq!(companion_names(&ming.connect_again(&server).await.welcome.conversations), ["Friend", "script†"]);
}

#[tokio::test]
async fn an_empty_direct_with_a_former_user_disappears() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "Ming").await;
    let removed = async |ming: &mut TestClient, id: ConversationId| {
        let removed = ming.expect("the direct to be removed", |frame| match frame {
            ServerFrame::ConversationRemoved { id } => Some(*id),
            _ => None,
        });
        assert_eq!(removed.await, id);
        let list = ming.connect_again(&server).await.welcome.conversations;
        assert!(list.iter().all(|conversation| conversation.id != id), "{list:?}");
    };

    // Bob deletes his only message and then signs out.
    let mut bob = TestClient::guest(&server, "Bob").await;
    let direct = bob.open_direct("Ming").await.id;
    let seq = bob.send_message_to(direct, "forget it").await.seq.expect("a seq");
    bob.change("delete", direct, seq, json!({})).await;
    sign_out(&server, &bob).await;
    removed(&mut ming, direct).await;

    // Carol signs out, and then the last message is deleted.
    let mut carol = TestClient::guest(&server, "Carol").await;
    let direct = carol.open_direct("Ming").await.id;
    carol.send_message_to(direct, "hi").await;
    ming.expect_event("hi").await;
    let reply_seq = ming.send_message_to(direct, "bye").await.seq.expect("a seq");
    sign_out(&server, &carol).await;
    ming.change("delete", direct, reply_seq, json!({})).await;
    let listed = ming.connect_again(&server).await.welcome.conversations;
    assert!(listed.iter().any(|conversation| conversation.id == direct), "Carol's message is still there");
    server.admin(&["delete-message", &direct.to_string(), "1"]).await;
    removed(&mut ming, direct).await;
}
