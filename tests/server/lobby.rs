//! All members of the Lobby receive its messages, in the same order.

use futures_util::future::join_all;
use teahouse::domain::{ConversationKind, Seq};

use super::support::{TestClient, TestServer};

#[tokio::test]
async fn a_lobby_message_reaches_everyone() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut hong = TestClient::guest(&server, "小红").await;
    let ack = ming.send_message("你好 👋").await;
    assert_eq!(ack.seq, Some(Seq(1)));
    for client in [&mut ming, &mut ling, &mut hong] {
        let event = client.expect_event("你好 👋").await;
        assert_eq!((event.seq, event.at), (Seq(1), ack.at));
        assert_eq!(event.author.nickname.as_str(), "小明");
    }
}

#[tokio::test]
async fn a_message_is_trimmed_and_reaches_the_senders_other_connections() {
    let server = TestServer::start().await;
    let mut desktop = TestClient::guest(&server, "小明").await;
    let mut phone = desktop.connect_again(&server).await;
    assert_eq!(phone.welcome.me, desktop.welcome.me);
    desktop.send_message("  tea?\r\nyes \n").await;
    phone.expect_event("  tea?\nyes").await;
}

#[tokio::test]
async fn all_members_see_the_same_order_without_holes() {
    const MESSAGES_PER_CLIENT: usize = 40;
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut clients = Vec::new();
    for name in ["小明", "阿玲", "小红"] {
        clients.push(TestClient::guest(&server, name).await);
    }
    let senders = clients.into_iter().map(async |mut client| {
        let lobby = client.lobby().id;
        for number in 0..MESSAGES_PER_CLIENT {
            client.send_without_waiting(lobby, &format!("{} {number}", client.welcome.me.nickname.as_str())).await;
        }
        let mut events = Vec::new();
        while events.len() < 3 * MESSAGES_PER_CLIENT {
            let event = client.expect("an event", |frame| match frame {
                teahouse::protocol::ServerFrame::Event(event) => Some(event.clone()),
                _ => None,
            });
            events.push(event.await);
        }
        events
    });
    let events = join_all(senders).await;
    let seqs: Vec<_> = events[0].iter().map(|event| event.seq.0).collect();
    assert_eq!(seqs, (1..=3 * MESSAGES_PER_CLIENT as u64).collect::<Vec<_>>());
    assert!(events[0].is_sorted_by_key(|event| event.at), "times never decrease");
    assert_eq!(events[0], events[1]);
    assert_eq!(events[0], events[2]);
    for name in ["小明", "阿玲", "小红"] {
        let by_author: Vec<_> = events[0].iter().filter(|event| event.author.nickname.as_str() == name).collect();
        assert!(by_author.is_sorted_by_key(|event| event.id), "messages of one author keep their order");
    }
}

#[tokio::test]
async fn a_new_user_has_nothing_unread_and_is_counted() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send_message("before you came").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ling.lobby();
    assert_eq!((lobby.last_seq, lobby.read_seq, lobby.unread), (Seq(1), Seq(1), 0));
    let ConversationKind::Room(room) = &lobby.kind else { panic!("a room") };
    assert_eq!((room.name.as_str(), room.lobby, room.member_count), ("Lobby", true, 2));
}
