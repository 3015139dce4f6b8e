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
enum Command {
    Send,
    Edit(Index),
    Delete(Index),
    React { message: Index, emoji: Index, on: bool },
    Pin { message: Index, on: bool },
}

fn command() -> impl Strategy<Value = (Index, Command)> {
    let command = prop_oneof![
        4 => Just(Command::Send),
        3 => any::<Index>().prop_map(Command::Edit),
        1 => any::<Index>().prop_map(Command::Delete),
        4 => any::<(Index, Index, bool)>().prop_map(|(message, emoji, on)| Command::React { message, emoji, on }),
        2 => any::<(Index, bool)>().prop_map(|(message, on)| Command::Pin { message, on }),
    ];
    (any::<Index>(), command)
}

/// Messages that can be changed, with the index of the client that wrote each.
type EditableMessages = Vec<(Seq, usize)>;

async fn execute(
    clients: &mut [TestClient],
    direct: ConversationId,
    editable: &mut EditableMessages,
    actor: Index,
    command: &Command,
) {
    let actor = actor.index(clients.len());
    match command {
        Command::Edit(message) if !editable.is_empty() => {
            let (seq, author) = *message.get(editable);
            clients[author].change("edit", direct, seq, json!({ "body": format!("edited after {seq}") })).await;
        }
        Command::Delete(message) if !editable.is_empty() => {
            let (seq, author) = editable.swap_remove(message.index(editable.len()));
            clients[author].change("delete", direct, seq, json!({})).await;
        }
        Command::React { message, emoji, on } if !editable.is_empty() => {
            let (seq, _) = *message.get(editable);
            let emoji = emoji.get(&["👍", "🍵", "❤️"]);
            clients[actor].change("react", direct, seq, json!({ "emoji": emoji, "on": on })).await;
        }
        Command::Pin { message, on } if !editable.is_empty() => {
            let (seq, _) = *message.get(editable);
            clients[actor].change("pin", direct, seq, json!({ "on": on })).await;
        }
        _ => {
            let sent = clients[actor].send_message_to(direct, "something").await;
            editable.push((sent.seq.expect("a sequence number"), actor));
        }
    }
}

async fn fetch_page(server: &TestServer, token: &str, direct: ConversationId, query: &str) -> MessagesPage {
    let path = format!("/api/conversations/{direct}/messages?{query}");
    let response = server.http(Method::GET, &path).bearer_auth(token).send().await.expect("a response");
    response.json().await.expect("a page")
}

/// Fetches the whole conversation.
async fn fetch_all(server: &TestServer, token: &str, direct: ConversationId) -> Vec<Message> {
    fetch_page(server, token, direct, "limit=200").await.messages
}

/// Brings a view up to date over a new connection that resumes from its cursor.
async fn resume_view(server: &TestServer, client: &TestClient, direct: ConversationId, mut view: Timeline) -> Timeline {
    let cursors = HashMap::from([(direct, view.cursor())]);
    let mut reconnected = TestClient::resume(server, client.token(), client.welcome.epoch, &cursors).await;
    loop {
        match reconnected.next().await {
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
        let mut clients = [
            TestClient::guest(&server, &format!("Ming {number}")).await,
            TestClient::guest(&server, &format!("Ling {number}")).await,
        ];
        let direct = clients[0].open_direct(&format!("Ling {number}")).await.id;
        clients[1].open_direct(&format!("Ming {number}")).await;
        let history = prop::collection::vec(command(), 10..60).new_tree(&mut runner).expect("a history").current();
        let (mut editable, mut views) = (EditableMessages::new(), Vec::new());
        for (position, (actor, command)) in (number..).zip(&history) {
            // Now and then a client fetches part of the conversation and disconnects.
            if position % 3 == 0 {
                let mut view = Timeline::default();
                let query = format!("limit={}", 1 + position % 7);
                view.apply_page(PageRange::Newest, fetch_page(&server, clients[1].token(), direct, &query).await);
                views.push(view);
            }
            execute(&mut clients, direct, &mut editable, *actor, command).await;
        }
        let fresh = fetch_all(&server, clients[1].token(), direct).await;
        for view in views {
            let cursor = view.cursor();
            let mut view = resume_view(&server, &clients[1], direct, view).await;
            while view.has_more_before() {
                let oldest = view.oldest().expect("a message, because there are older ones");
                let query = format!("before={oldest}&limit=200");
                view.apply_page(
                    PageRange::Older(oldest),
                    fetch_page(&server, clients[1].token(), direct, &query).await,
                );
            }
            assert_eq!(view.messages().cloned().collect::<Vec<_>>(), fresh, "from {cursor} of {history:?}");
        }
    }
}
