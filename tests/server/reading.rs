//! Read marks and typing indicators.

use serde_json::json;
use teahouse::{domain::Seq, protocol::ServerFrame};

use super::support::{TestClient, TestServer};

#[tokio::test]
async fn a_read_mark_reaches_all_connections_of_the_user_and_is_kept() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut desktop = TestClient::guest(&server, "阿玲").await;
    let mut phone = desktop.connect_again(&server).await;
    let lobby = desktop.lobby().id;
    for text in ["one", "two", "three"] {
        ming.send_message(text).await;
    }
    let unread = |client: &TestClient| (client.lobby().read_seq, client.lobby().unread);
    assert_eq!(unread(&desktop.connect_again(&server).await), (Seq(0), 3));

    desktop.send(&json!({ "type": "read", "conversation": lobby, "seq": 2 })).await;
    assert_eq!(desktop.expect_read(lobby).await, Seq(2));
    assert_eq!(phone.expect_read(lobby).await, Seq(2));
    assert_eq!(unread(&desktop.connect_again(&server).await), (Seq(2), 1));

    // A read mark never moves backwards, nor beyond the last event.
    phone.send(&json!({ "type": "read", "conversation": lobby, "seq": 1 })).await;
    phone.send(&json!({ "type": "read", "conversation": lobby, "seq": u64::MAX })).await;
    assert_eq!(desktop.expect_read(lobby).await, Seq(3));
    assert_eq!(unread(&desktop.connect_again(&server).await), (Seq(3), 0));
}

#[tokio::test]
async fn sending_a_message_marks_everything_above_as_read() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    ming.send_message("one").await;
    ling.send_message("two").await;
    let again = ling.connect_again(&server).await;
    assert_eq!((again.lobby().read_seq, again.lobby().unread), (Seq(2), 0));
    assert_eq!(ming.connect_again(&server).await.lobby().unread, 1, "own messages are not unread");
}

#[tokio::test]
async fn typing_is_announced_to_others_at_a_limited_rate() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut phone = ming.connect_again(&server).await;
    let lobby = ming.lobby().id;
    for _ in 0..3 {
        ming.send(&json!({ "type": "typing", "conversation": lobby })).await;
    }
    ming.send_message("typed").await;
    let mut typing = 0;
    loop {
        match ling.next().await {
            ServerFrame::Typing { conversation, user } => {
                assert_eq!((conversation, user), (lobby, ming.welcome.me.user()));
                typing += 1;
            }
            ServerFrame::Event(_) => break,
            _ => {}
        }
    }
    assert_eq!(typing, 1);
    loop {
        match phone.next().await {
            ServerFrame::Typing { .. } => panic!("the own typing was sent back"),
            ServerFrame::Event(_) => break,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send(&json!({ "type": "ping" })).await;
    ming.expect("a pong", |frame| matches!(frame, ServerFrame::Pong {}).then_some(())).await;
}
