//! Presence: who is online.

use teahouse::{domain::User, protocol::ServerFrame};

use super::support::{TestClient, TestServer};

fn joined(frame: &ServerFrame, user: &User) -> Option<u64> {
    match frame {
        ServerFrame::Presence { joined, online_count, .. } if joined.contains(user) => Some(*online_count),
        _ => None,
    }
}

fn left(frame: &ServerFrame, user: &User) -> Option<u64> {
    match frame {
        ServerFrame::Presence { left, online_count, .. } if left.contains(&user.id) => Some(*online_count),
        _ => None,
    }
}

#[tokio::test]
async fn arrivals_and_departures_are_announced() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let me = ming.welcome.me.user();
    assert_eq!((&ming.welcome.online[..], ming.welcome.online_count), (&[me.clone()][..], 1));

    let ling = TestClient::guest(&server, "阿玲").await;
    let ling_user = ling.welcome.me.user();
    assert_eq!(ming.expect("her arrival", |frame| joined(frame, &ling_user)).await, 2);
    let (mut online, count) = server.pages_api.online_users();
    online.sort_by_key(|user| user.id);
    assert_eq!((online, count), (vec![me, ling_user.clone()], 2));

    drop(ling);
    assert_eq!(ming.expect("her departure", |frame| left(frame, &ling_user)).await, 1);
}

#[tokio::test]
async fn a_user_is_online_until_the_last_connection_closes() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let desktop = TestClient::guest(&server, "阿玲").await;
    let ling_user = desktop.welcome.me.user();
    ming.expect("her arrival", |frame| joined(frame, &ling_user)).await;
    let mut phone = desktop.connect_again(&server).await;
    drop(desktop);
    // Another user's arrival and departure show that presence changes were announced in the meantime.
    let hong = TestClient::guest(&server, "小红").await;
    let other = hong.welcome.me.user();
    ming.expect("the arrival of another user", |frame| joined(frame, &other)).await;
    drop(hong);
    let left_users = ming.expect("a departure", |frame| match frame {
        ServerFrame::Presence { left, .. } if !left.is_empty() => Some(left.clone()),
        _ => None,
    });
    assert_eq!(left_users.await, [other.id]);
    phone.send_message("still here").await;
    drop(phone);
    assert_eq!(ming.expect("her departure", |frame| left(frame, &ling_user)).await, 1);
}
