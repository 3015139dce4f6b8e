//! A client that reconnects receives each event that it missed exactly once.

use std::collections::HashMap;

use teahouse::{
    domain::{ConversationId, Epoch, Event, Seq},
    protocol::{MAX_REPLAYED_EVENTS, ServerFrame},
};

use super::support::{TestClient, TestServer};

/// Returns what a client that resumes receives for a conversation: the events, and the frame that ends them.
async fn replayed(client: &mut TestClient) -> (Vec<Event>, ServerFrame) {
    let mut events = Vec::new();
    loop {
        match client.next().await {
            ServerFrame::Event(event) => events.push(event),
            end @ (ServerFrame::CaughtUp { .. } | ServerFrame::Reset { .. }) => return (events, end),
            ServerFrame::Presence { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

fn cursor(conversation: ConversationId, seq: u64) -> HashMap<ConversationId, Seq> {
    HashMap::from([(conversation, Seq(seq))])
}

#[tokio::test]
async fn every_cursor_gets_exactly_the_missed_events() {
    const EVENTS: u64 = 12;
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, epoch) = (ming.lobby().id, ming.welcome.epoch);
    let mut all = Vec::new();
    for number in 1..=EVENTS {
        ming.send_message(&number.to_string()).await;
        all.push(ming.expect_event(&number.to_string()).await);
    }
    for position in 0..=EVENTS {
        let mut reconnected = TestClient::resume(&server, ming.token(), epoch, &cursor(lobby, position)).await;
        let (events, end) = replayed(&mut reconnected).await;
        let missed = usize::try_from(position).expect("a small number");
        assert_eq!(events, all[missed..], "from {position}");
        assert_eq!(end, ServerFrame::CaughtUp { conversation: lobby, seq: Seq(EVENTS) });
    }
}

#[tokio::test]
async fn directs_are_replayed_and_conversations_without_a_cursor_are_not() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message("to everyone").await;
    ming.send_message_to(direct, "to you").await;

    let mut reconnected = TestClient::resume(&server, ling.token(), ling.welcome.epoch, &cursor(direct, 0)).await;
    let (events, end) = replayed(&mut reconnected).await;
    assert_eq!(events, [ling.expect_event("to you").await]);
    assert_eq!(end, ServerFrame::CaughtUp { conversation: direct, seq: Seq(1) });
    ming.send_message("and now").await;
    assert_eq!(reconnected.message_texts_until("and now").await, ["and now"]);
}

#[tokio::test]
async fn an_invalid_cursor_is_reset() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, epoch) = (ming.lobby().id, ming.welcome.epoch);
    ming.send_message("one").await;
    let reset = ServerFrame::Reset { conversation: lobby, last_seq: Seq(1) };
    for (epoch, position) in [(Epoch::generate(), 1), (epoch, 2), (epoch, u64::MAX)] {
        let mut reconnected = TestClient::resume(&server, ming.token(), epoch, &cursor(lobby, position)).await;
        assert_eq!(replayed(&mut reconnected).await, (vec![], reset.clone()), "{position}");
    }
    // A cursor in a conversation that does not exist is ignored.
    let unknown_conversation = cursor(ConversationId::generate(), 0);
    let mut reconnected = TestClient::resume(&server, ming.token(), epoch, &unknown_conversation).await;
    reconnected.send_message("two").await;
    assert_eq!(reconnected.message_texts_until("two").await, ["two"]);
}

#[tokio::test]
async fn too_many_missed_events_are_a_reset() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, epoch) = (ming.lobby().id, ming.welcome.epoch);
    let last = MAX_REPLAYED_EVENTS + 1;
    for number in 1..=last {
        ming.send_without_waiting(lobby, &number.to_string()).await;
    }
    ming.expect_event(&last.to_string()).await;

    let mut reconnected = TestClient::resume(&server, ming.token(), epoch, &cursor(lobby, 0)).await;
    let reset = ServerFrame::Reset { conversation: lobby, last_seq: Seq(last) };
    assert_eq!(replayed(&mut reconnected).await, (vec![], reset));

    let mut reconnected = TestClient::resume(&server, ming.token(), epoch, &cursor(lobby, 1)).await;
    let (events, end) = replayed(&mut reconnected).await;
    assert!(events.iter().map(|event| event.seq.0).eq(2..=last));
    assert_eq!(end, ServerFrame::CaughtUp { conversation: lobby, seq: Seq(last) });
}

#[tokio::test]
async fn reconnecting_during_a_conversation_neither_loses_nor_repeats_events() {
    const EVENTS: u64 = 400;
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let (token, epoch, lobby) = (ling.token().to_owned(), ling.welcome.epoch, ling.lobby().id);
    let sending = async {
        for number in 1..=EVENTS {
            ming.send_message(&number.to_string()).await;
        }
    };
    let reconnecting = async {
        let mut position = 0;
        while position < EVENTS {
            // Receives a few events, then disconnects.
            for _ in 0..5 {
                if position == EVENTS {
                    break;
                }
                let seq = ling.expect("an event", |frame| match frame {
                    ServerFrame::Event(event) => Some(event.seq.0),
                    _ => None,
                });
                assert_eq!(seq.await, position + 1, "the next event, neither lost nor repeated");
                position += 1;
            }
            ling = TestClient::resume(&server, &token, epoch, &cursor(lobby, position)).await;
        }
    };
    tokio::join!(sending, reconnecting);
}
