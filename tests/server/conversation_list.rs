//! How long somebody's list gets is for others to decide; what it costs is not.

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, Conversation, ConversationId, ConversationList, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{SimpleClient, TestClient, TestServer};

/// Puts so many directs into somebody's list, each with one message, the first one the latest.
fn crowd(server: &TestServer, of: &str, number: u32) {
    let user = format!("(SELECT id FROM users WHERE nickname = '{of}')");
    let rows = format!(
        r#"CREATE TEMP TABLE crowd AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
             SELECT i, randomblob(16) AS stranger, randomblob(16) AS direct FROM n;
           INSERT INTO users (id, nickname, nickname_key, created_at) SELECT stranger, 'Crowd ' || i, 'crowd ' || i, 1 FROM crowd;
           INSERT INTO conversations (id, kind, direct_low, direct_high, created_at)
             SELECT direct, 'direct', min(stranger, {user}), max(stranger, {user}), 1 FROM crowd;
           INSERT INTO members (conversation, user, read_seq, joined_at, listed) SELECT direct, {user}, 0, 1, 29000000 - i FROM crowd;
           INSERT INTO members (conversation, user, read_seq, joined_at, listed) SELECT direct, stranger, 1, 1, 29000000 - i FROM crowd;
           INSERT INTO events (conversation, seq, at, author, command_id, payload)
             SELECT direct, 1, (29000000 - i) * 60000, stranger, randomblob(16), '{{"kind":"message","body":"hi"}}' FROM crowd;"#
    );
    server.tamper(&rows).expect("a crowd");
}

async fn list(server: &TestServer, client: &TestClient, query: &str) -> ConversationList {
    let request = server.http(Method::GET, &format!("/api/conversations{query}")).bearer_auth(client.token());
    request.send().await.expect("an answer").json().await.expect("a list")
}

fn names(conversations: &[Conversation]) -> Vec<String> {
    let name = |talk: &Conversation| match &talk.kind {
        teahouse::domain::ConversationKind::Direct { with } => with.user.nickname.as_str().to_owned(),
        teahouse::domain::ConversationKind::Room { name, .. } => name.clone(),
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
    crowd(&server, "Ming", 1_000);

    let back = ming.connect_again(&server).await;
    let told = names(&back.welcome.conversations);
    assert_eq!((told[0].as_str(), &told[1..]), ("Lobby", &expected(1..=100)[..]));
    assert!(back.welcome.conversations.iter().all(|talk| talk.id == back.lobby().id || talk.unread == 1));
    assert!(serde_json::to_string(&back.welcome).expect("JSON").len() < 40_000);

    // The rest is there for who asks, once each.
    let mut before = back.welcome.older.clone();
    let mut rest = Vec::new();
    while let Some(place) = before {
        let page = list(&server, &ming, &format!("?before={place}&limit=70")).await;
        assert!(page.conversations.len() <= 70);
        rest.extend(names(&page.conversations));
        before = page.older;
    }
    assert_eq!(rest, expected(101..=1_000));
    assert_eq!(list(&server, &ming, "").await.older, back.welcome.older);
    assert_eq!(list(&server, &ming, "?limit=100000").await.conversations.len(), 101);
    let nonsense = server.http(Method::GET, "/api/conversations?before=7").bearer_auth(ming.token()).send().await;
    assert_eq!(nonsense.expect("an answer").status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_has_the_same_list_plus_the_direct_it_shows() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "Ming").await;
    crowd(&server, "Ming", 1_000);
    let last = list(&server, &ming, "").await.older.expect("more");
    let further = list(&server, &ming, &format!("?before={last}")).await.conversations[50].clone();

    let get = |path: String| server.http(Method::GET, &path).bearer_auth(ming.token()).send();
    let lobby = get("/talk/lobby".into()).await.expect("an answer").text().await.expect("a document");
    assert!(lobby.contains("Crowd 100") && !lobby.contains("Crowd 101"));
    assert!(lobby.len() < 200_000, "{} bytes", lobby.len());
    let open = get(format!("/talk/{}", further.id)).await.expect("an answer").text().await.expect("a document");
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
    crowd(&server, "Ming", 150);
    let age = "UPDATE members SET listed = 5 WHERE conversation IN (SELECT id FROM conversations WHERE kind = 'direct')
        AND conversation IN (SELECT conversation FROM members WHERE user = (SELECT id FROM users WHERE nickname = 'Ling'));
        UPDATE events SET at = 300000 WHERE payload LIKE '%long ago%'";
    server.tamper(age).expect("an update");
    // The server's writer knows what it has written itself.
    let server = server.restart().await;

    let cursors = HashMap::from([(direct, Seq(0))]);
    let mut ming = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    assert!(ming.welcome.conversations.iter().all(|talk| talk.id != direct), "not among the latest");
    let told = ming.expect("it, because of the cursor", |frame| match frame {
        ServerFrame::Conversation(talk) => Some(talk.clone()),
        _ => None,
    });
    assert_eq!((told.await.id, ming.expect_event("long ago").await.seq), (direct, Seq(1)));
    ming.expect("the end of that", |frame| match frame {
        ServerFrame::CaughtUp { conversation, seq } if *conversation == direct => Some(*seq),
        _ => None,
    })
    .await;

    let mut phone = TestClient::with_token(server.address, ming.token()).await;
    let mut ling = TestClient::with_token(server.address, ling.token()).await;
    ling.send_message_to(direct, "and now").await;
    assert_eq!(phone.expect_event("and now").await.conversation, direct, "heard, though it was not listed");
    let path = format!("/api/conversations/{direct}");
    let one = server.http(Method::GET, &path).bearer_auth(phone.token()).send().await.expect("an answer");
    let one: Conversation = one.json().await.expect("a conversation");
    assert_eq!((one.last_seq, one.unread), (Seq(2), 2));
    assert_eq!(list(&server, &phone, "?limit=1").await.conversations[1].id, direct, "now it is the latest");
}

#[tokio::test]
async fn a_cursor_of_an_unlisted_conversation_is_answered() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "小明").await;
    let elsewhere = ConversationId::generate();
    let cursors = HashMap::from([(elsewhere, Seq(7))]);
    let mut back = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    let removed = back.expect("an answer", |frame| match frame {
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
        let answer = stranger.expect("an answer", |frame| match frame {
            ServerFrame::Ack { id: answered, .. } if *answered == id => Some(None),
            ServerFrame::Error(error) if error.id == Some(id) => Some(Some(error.clone())),
            _ => None,
        });
        if let Some(error) = answer.await {
            refused = Some(error);
            break;
        }
        strangers.push(stranger);
    }
    let error = refused.expect("not without end");
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|wait| wait > 1_000), "{error:?}");
    assert!((10..40).contains(&strangers.len()), "{}", strangers.len());

    let mut late = SimpleClient::sign_in(&server, "/late").await;
    late.send_direct_message("Ming", "me, too").await;
    assert_eq!(late.next_error().await, "rate_limited");
    // Who has a direct with him is not concerned, by name or by id.
    for whom in [json!({ "nickname": "Ming" }), json!({ "user": ming.user().id })] {
        let id = CommandId::generate();
        let mut command = whom;
        command["type"] = json!("open_direct");
        command["id"] = json!(id);
        strangers[0].send(&command).await;
        strangers[0].expect_ack(id).await;
    }
    flood.send_direct_message("Ming", "and again").await;
    // Directs without a message are in nobody's way.
    let told = list(&server, &ming, "").await.conversations;
    assert_eq!(names(&told), ["Lobby", "flood"]);
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
        others.push((other, direct, first.seq.expect("a place")));
    }
    let order = async |ming: &TestClient| {
        let welcome = names(&ming.connect_again(&server).await.welcome.conversations)[1..].to_vec();
        assert_eq!(names(&list(&server, ming, "").await.conversations)[1..], welcome, "by HTTP as in the welcome");
        let document =
            server.http(Method::GET, "/talk/lobby").bearer_auth(ming.token()).send().await.expect("an answer");
        let document = document.text().await.expect("a document");
        let (_, document) = document.split_once("class=\"lists\"").expect("the lists");
        let mut shown = welcome.clone();
        let place = |name: &String| document.find(&format!(">{name}</bdi>")).unwrap_or_else(|| panic!("{name}"));
        shown.sort_by_key(place);
        assert_eq!(shown, welcome, "in the document as in the welcome");
        welcome.iter().map(|name| name[..1].to_owned()).collect::<String>()
    };
    assert_eq!(order(&ming).await, "CBA");
    // All within a minute, as far as the clock does not stand just before one.
    let (ada, with_ada, first_of_ada) = &mut others[0];
    ada.send_message_to(*with_ada, "again").await;
    let with_ada = *with_ada;
    let first_of_ada = *first_of_ada;
    assert_eq!(order(&ming).await, "ACB", "a message of the other");
    let (_, with_bob, first_of_bob) = others[1];
    ming.send_message_to(with_bob, "an answer").await;
    assert_eq!(order(&ming).await, "BAC", "a message of one's own");
    ming.change("react", with_ada, first_of_ada, json!({ "emoji": "🍵", "on": true })).await;
    assert_eq!(order(&ming).await, "BAC", "a reaction is no message");
    let (ada, ..) = &mut others[0];
    ada.change("edit", with_ada, first_of_ada, json!({ "body": "from Ada, once more" })).await;
    assert_eq!(order(&ming).await, "BAC", "nor is an edit");
    let (bob, ..) = &mut others[1];
    bob.change("delete", with_bob, first_of_bob, json!({})).await;
    assert_eq!(order(&ming).await, "BAC", "nor a deletion");
    ming.send(&json!({ "type": "read", "conversation": with_ada, "seq": 9 })).await;
    assert_eq!(order(&ming).await, "BAC", "nor reading");
    let (carol, with_carol, _) = &mut others[2];
    carol.send_message_to(*with_carol, "hello?").await;
    assert_eq!(order(&ming).await, "CBA", "back at the front");
    // After a restart, too.
    let server = server.restart().await;
    assert_eq!(names(&ming.connect_again(&server).await.welcome.conversations)[1..], ["Carol", "Bob", "Ada"]);
}

/// Whom the reader's directs are with, in order; with `†` behind those who have gone for good.
fn shown(conversations: &[Conversation]) -> Vec<String> {
    let direct = |talk: &Conversation| match &talk.kind {
        teahouse::domain::ConversationKind::Direct { with } => {
            Some(format!("{}{}", with.user.nickname.as_str(), if with.gone { "†" } else { "" }))
        }
        teahouse::domain::ConversationKind::Room { .. } => None,
    };
    conversations.iter().filter_map(direct).collect()
}

async fn leaves(server: &TestServer, guest: &TestClient) {
    let answer = server.http(Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::NO_CONTENT);
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
        leaves(&server, &script).await;
    }
    let told = ming.connect_again(&server).await.welcome.conversations;
    assert_eq!(shown(&told), ["Friend", "script†", "script†", "script†", "script†"]);
    let first = list(&server, &ming, "?limit=1").await;
    assert_eq!(shown(&first.conversations), ["Friend"]);
    let rest = list(&server, &ming, &format!("?limit=3&before={}", first.older.expect("more"))).await;
    assert_eq!(shown(&rest.conversations), ["script†"; 3]);
    let last = list(&server, &ming, &format!("?before={}", rest.older.expect("one more"))).await;
    assert_eq!((shown(&last.conversations), last.older), (vec!["script†".to_owned()], None));

    // One that comes back into the list comes back in its place.
    let gone = told.iter().filter(|talk| shown(std::slice::from_ref(talk)) == ["script†"]).map(|talk| talk.id);
    for id in gone {
        let path = format!("/api/conversations/{id}");
        let hidden = server.http(Method::DELETE, &path).bearer_auth(ming.token()).send().await.expect("an answer");
        assert_eq!(hidden.status(), StatusCode::NO_CONTENT);
    }
    let mut back = ming.connect_again(&server).await;
    assert_eq!(shown(&back.welcome.conversations), ["Friend"]);
    let former = told.iter().rev().find_map(|talk| match &talk.kind {
        teahouse::domain::ConversationKind::Direct { with } if with.gone => Some(with.user.id),
        _ => None,
    });
    let id = CommandId::generate();
    back.send(&json!({ "type": "open_direct", "id": id, "user": former })).await;
    back.expect_ack(id).await;
    assert_eq!(shown(&ming.connect_again(&server).await.welcome.conversations), ["Friend", "script†"]);
}

#[tokio::test]
async fn an_empty_direct_with_a_former_user_disappears() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "Ming").await;
    let removed = async |ming: &mut TestClient, id: ConversationId| {
        let removed = ming.expect("its end", |frame| match frame {
            ServerFrame::ConversationRemoved { id } => Some(*id),
            _ => None,
        });
        assert_eq!(removed.await, id);
        let list = ming.connect_again(&server).await.welcome.conversations;
        assert!(list.iter().all(|talk| talk.id != id), "{list:?}");
    };

    // All that was said is taken back, and then they go.
    let mut bob = TestClient::guest(&server, "Bob").await;
    let direct = bob.open_direct("Ming").await.id;
    let said = bob.send_message_to(direct, "forget it").await.seq.expect("a place");
    bob.change("delete", direct, said, json!({})).await;
    leaves(&server, &bob).await;
    removed(&mut ming, direct).await;

    // They go, and then the last of it is taken back.
    let mut carol = TestClient::guest(&server, "Carol").await;
    let direct = carol.open_direct("Ming").await.id;
    carol.send_message_to(direct, "hi").await;
    ming.expect_event("hi").await;
    let answer = ming.send_message_to(direct, "bye").await.seq.expect("a place");
    leaves(&server, &carol).await;
    ming.change("delete", direct, answer, json!({})).await;
    let there = ming.connect_again(&server).await.welcome.conversations;
    assert!(there.iter().any(|talk| talk.id == direct), "hers is left");
    server.admin(&["delete-message", &direct.to_string(), "1"]).await;
    removed(&mut ming, direct).await;
}
