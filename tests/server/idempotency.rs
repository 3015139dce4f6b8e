//! A repeated command has no second effect.

use teahouse::{domain::CommandId, protocol::ServerFrame};

use super::support::{TestClient, TestServer};

#[tokio::test]
async fn a_repeated_command_gets_the_first_ack_and_makes_no_second_event() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let (lobby, id) = (ming.lobby().id, CommandId::generate());
    ming.send_with_id(id, lobby, "once").await;
    let first = ming.expect_ack(id).await;
    ming.send_with_id(id, lobby, "once").await;
    assert_eq!(ming.expect_ack(id).await, first);
    // The id alone identifies the command: another connection, body or conversation makes no difference.
    let mut phone = ming.connect_again(&server).await;
    let direct = phone.open_direct("阿玲").await.id;
    phone.send_with_id(id, direct, "twice?").await;
    assert_eq!(phone.expect_ack(id).await, first);

    ming.send_message("after").await;
    assert_eq!(ling.message_texts_until("after").await, ["once", "after"]);
    assert_eq!(server.stored_counts().events, 2);
}

#[tokio::test]
async fn a_command_repeated_before_its_ack_takes_effect_once() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, id) = (ming.lobby().id, CommandId::generate());
    for _ in 0..3 {
        ming.send_with_id(id, lobby, "impatient").await;
    }
    let first = ming.expect_ack(id).await;
    assert_eq!((ming.expect_ack(id).await, ming.expect_ack(id).await), (first, first));
    assert_eq!(server.stored_counts().events, 1);
}

#[tokio::test]
async fn a_command_repeated_after_a_restart_takes_effect_once() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let (lobby, id, token) = (ming.lobby().id, CommandId::generate(), ming.token().to_owned());
    ming.send_with_id(id, lobby, "once").await;
    let first = ming.expect_ack(id).await;
    drop(ming);
    let server = server.restart().await;
    let mut ming = TestClient::with_token(server.address, &token).await;
    ming.send_with_id(id, lobby, "once").await;
    assert_eq!(ming.expect_ack(id).await, first);
    assert_eq!(server.stored_counts().events, 1);
}

#[tokio::test]
async fn two_users_may_use_the_same_command_id() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let (lobby, id) = (ming.lobby().id, CommandId::generate());
    ming.send_with_id(id, lobby, "mine").await;
    ming.expect_ack(id).await;
    ling.send_with_id(id, lobby, "hers").await;
    let ack = ling.expect_ack(id).await;
    let event = ming
        .expect("the event", |frame| match frame {
            ServerFrame::Event(event) if event.author.id == ling.welcome.me.id => Some(event.clone()),
            _ => None,
        })
        .await;
    assert_eq!(Some(event.seq), ack.seq);
}
