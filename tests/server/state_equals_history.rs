//! Applying events gives the same state as fetching it anew, for random histories and from any cursor.

use std::collections::HashMap;

use proptest::{
    prelude::*,
    sample::Index,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use reqwest::Method;
use serde_json::json;
use teahouse::{
    domain::{ConversationId, Message, MessagesPage, Seq},
    protocol::ServerFrame,
    state::{PageRange, Timeline},
};

use super::support::{TestClient, TestServer};

/// A command of the history. Messages are picked from those that exist.
#[derive(Clone, Debug)]
enum Deed {
    Say,
    Edit(Index),
    Delete(Index),
    React { message: Index, emoji: Index, on: bool },
}

fn deed() -> impl Strategy<Value = (Index, Deed)> {
    let deed = prop_oneof![
        4 => Just(Deed::Say),
        3 => any::<Index>().prop_map(Deed::Edit),
        1 => any::<Index>().prop_map(Deed::Delete),
        4 => any::<(Index, Index, bool)>().prop_map(|(message, emoji, on)| Deed::React { message, emoji, on }),
    ];
    (any::<Index>(), deed)
}

/// Messages that can be changed, with the index of the client that wrote each.
type Living = Vec<(Seq, usize)>;

async fn carry_out(people: &mut [TestClient], direct: ConversationId, living: &mut Living, who: Index, deed: &Deed) {
    let who = who.index(people.len());
    match deed {
        Deed::Edit(message) if !living.is_empty() => {
            let (seq, author) = *message.get(living);
            people[author].change("edit", direct, seq, json!({ "body": format!("edited after {seq}") })).await;
        }
        Deed::Delete(message) if !living.is_empty() => {
            let (seq, author) = living.swap_remove(message.index(living.len()));
            people[author].change("delete", direct, seq, json!({})).await;
        }
        Deed::React { message, emoji, on } if !living.is_empty() => {
            let (seq, _) = *message.get(living);
            let emoji = emoji.get(&["👍", "🍵", "❤️"]);
            people[who].change("react", direct, seq, json!({ "emoji": emoji, "on": on })).await;
        }
        _ => {
            let said = people[who].send_message_to(direct, "something").await;
            living.push((said.seq.expect("a place"), who));
        }
    }
}

async fn page(server: &TestServer, token: &str, direct: ConversationId, query: &str) -> MessagesPage {
    let path = format!("/api/conversations/{direct}/messages?{query}");
    let answer = server.http(Method::GET, &path).bearer_auth(token).send().await.expect("an answer");
    answer.json().await.expect("a page")
}

/// Fetches the whole conversation.
async fn fetched(server: &TestServer, token: &str, direct: ConversationId) -> Vec<Message> {
    page(server, token, direct, "limit=200").await.messages
}

/// Brings a view up to date over a new connection that resumes from its cursor.
async fn resumed(server: &TestServer, client: &TestClient, direct: ConversationId, mut view: Timeline) -> Timeline {
    let cursors = HashMap::from([(direct, view.cursor())]);
    let mut back = TestClient::resume(server, client.token(), client.welcome.epoch, &cursors).await;
    loop {
        match back.next().await {
            ServerFrame::Event(event) => view.apply(&event),
            ServerFrame::CaughtUp { seq, .. } => {
                assert_eq!(view.cursor(), seq);
                return view;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_resume_from_any_cursor_equals_a_fresh_fetch() {
    const HISTORIES: u64 = 5;
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    for number in 0..HISTORIES {
        let mut people = [
            TestClient::guest(&server, &format!("Ming {number}")).await,
            TestClient::guest(&server, &format!("Ling {number}")).await,
        ];
        let direct = people[0].open_direct(&format!("Ling {number}")).await.id;
        people[1].open_direct(&format!("Ming {number}")).await;
        let history = prop::collection::vec(deed(), 10..60).new_tree(&mut runner).expect("a history").current();
        let (mut living, mut views) = (Living::new(), Vec::new());
        for (place, (who, deed)) in (number..).zip(&history) {
            // Now and then a client fetches part of the conversation and disconnects.
            if place % 3 == 0 {
                let mut view = Timeline::default();
                let query = format!("limit={}", 1 + place % 7);
                view.apply_page(PageRange::Newest, page(&server, people[1].token(), direct, &query).await);
                views.push(view);
            }
            carry_out(&mut people, direct, &mut living, *who, deed).await;
        }
        let afresh = fetched(&server, people[1].token(), direct).await;
        for view in views {
            let cursor = view.cursor();
            let mut view = resumed(&server, &people[1], direct, view).await;
            while view.has_more_before() {
                let oldest = view.oldest().expect("there is more before it");
                let query = format!("before={oldest}&limit=200");
                view.apply_page(PageRange::Older(oldest), page(&server, people[1].token(), direct, &query).await);
            }
            assert_eq!(view.messages().cloned().collect::<Vec<_>>(), afresh, "from {cursor} of {history:?}");
        }
    }
}
