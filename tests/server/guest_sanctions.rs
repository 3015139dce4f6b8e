//! Anyone can become another guest, so sanctions of a guest also apply to the nickname and the address.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::protocol::{ErrorCode, Problem, SanctionList};

use super::support::{
    Closed, PASSWORD, RawClient, SimpleClient, TestClient, TestServer, register_user, sign_in, with_timeout,
};

/// A loopback address that the server sees as another machine.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Ends a guest's session.
async fn sign_out(server: &TestServer, guest: &TestClient) {
    let end = server.http(Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await.expect("a response");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
}

/// Sends a message to the Lobby. Returns `None` for an ack, or the error code.
async fn message_error(guest: &mut TestClient) -> Option<ErrorCode> {
    let id = guest.send_without_waiting(guest.lobby().id, "hello").await;
    guest
        .expect("a reply", |frame| match frame {
            teahouse::protocol::ServerFrame::Ack { id: acked, .. } if *acked == id => Some(None),
            teahouse::protocol::ServerFrame::Error(error) if error.id == Some(id) => Some(Some(error.code)),
            _ => None,
        })
        .await
}

/// Sends the hello of a new guest, which must be refused. Returns the error frame and how the connection was closed.
async fn refused_hello(server: &TestServer, from: IpAddr, nickname: &str) -> (Value, Closed) {
    let mut raw = RawClient::connect_from(server, from, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": nickname })).await;
    (raw.next_json().await, raw.closed().await)
}

#[tokio::test]
async fn a_muted_guest_cannot_escape_as_another_guest() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let mut bystander = TestClient::guest(&server, "Bob").await;
    let guest = TestClient::guest(&server, "troll").await;
    let user = guest.user();
    owner.moderate("mute", &user, json!({ "minutes": 60 })).await;
    sign_out(&server, &guest).await;

    let mut same_nickname = TestClient::guest(&server, "troll").await;
    assert_eq!(message_error(&mut same_nickname).await, Some(ErrorCode::Muted), "with the same nickname");
    let mut same_address = TestClient::guest(&server, "nobody you know").await;
    assert_eq!(
        message_error(&mut same_address).await,
        Some(ErrorCode::Muted),
        "from the same address: signed in, but muted"
    );
    let mut simple = SimpleClient::sign_in(&server, "/script").await;
    simple.send_message("hello").await;
    assert_eq!(simple.next_error().await, "muted", "over the simple protocol");
    sign_out(&server, &same_nickname).await;
    let mut elsewhere = TestClient::guest_from(&server, ELSEWHERE, "troll").await;
    assert_eq!(message_error(&mut elsewhere).await, Some(ErrorCode::Muted), "with the same nickname from elsewhere");
    let mut stranger = TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    assert_eq!(message_error(&mut stranger).await, None, "other users are not affected");
    assert_eq!(message_error(&mut bystander).await, None, "users who were online before are not affected");

    // Unmuting the first guest ends the inherited mutes as well.
    owner.moderate("unmute", &user, json!({})).await;
    assert_eq!((message_error(&mut elsewhere).await, message_error(&mut same_address).await), (None, None));
    let mut new_guest = TestClient::guest(&server, "late").await;
    assert_eq!(message_error(&mut new_guest).await, None);
}

#[tokio::test]
async fn a_guest_banned_from_a_room_cannot_escape_as_another_guest() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let room = owner.lobby().id;
    let guest = TestClient::guest(&server, "troll").await;
    let user = guest.user();
    owner.moderate("ban", &user, json!({ "conversation": room })).await;
    sign_out(&server, &guest).await;
    for nickname in ["troll", "troll two"] {
        let mut back = TestClient::guest(&server, nickname).await;
        assert!(back.welcome.conversations.is_empty(), "{nickname} is not in the room");
        let id = teahouse::domain::CommandId::generate();
        back.send(&json!({ "type": "join", "id": id, "conversation": room })).await;
        assert_eq!(back.expect_error().await.code, ErrorCode::Banned);
        back.open_direct("Olga").await;
    }
    let mut simple = RawClient::connect(&server, "/script").await;
    assert_eq!(simple.closed().await, Closed::Code(4403), "simple clients have only the room");
    owner.moderate("unban", &user, json!({ "conversation": room })).await;
    assert_eq!(TestClient::guest(&server, "welcome").await.welcome.conversations.len(), 1);
}

#[tokio::test]
async fn a_removed_guest_cannot_reuse_the_nickname_at_once() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let guest = TestClient::guest(&server, "troll").await;
    let user = guest.user();
    owner.moderate("remove", &user, json!({})).await;
    assert_eq!(guest.closed().await, Closed::Code(4403));
    for from in [IpAddr::from([127, 0, 0, 1]), ELSEWHERE] {
        let (error, closed) = refused_hello(&server, from, "Troll").await;
        assert_eq!((error["code"].as_str(), closed), (Some("banned"), Closed::Code(4403)));
        assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 600_000), "{error}");
    }
    let mut simple = RawClient::connect(&server, "/troll").await;
    assert_eq!(simple.next_json().await["error"], "banned");
    TestClient::guest(&server, "somebody else").await;
    owner.moderate("unban", &user, json!({})).await;
    TestClient::guest(&server, "troll").await;
}

#[tokio::test]
async fn a_banned_guests_nickname_is_banned_from_every_address() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let guest = TestClient::guest(&server, "troll").await;
    owner.moderate("ban", &guest.user(), json!({})).await;
    assert_eq!(refused_hello(&server, ELSEWHERE, "TROLL").await.0["code"], "banned");
    TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    let server = server.restart().await;
    assert_eq!(refused_hello(&server, ELSEWHERE, "troll").await.0["code"], "banned", "the same after a restart");
}

#[tokio::test]
async fn a_banned_registered_user_cannot_come_back_as_a_guest() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let (alice, _) = register_user(&server, "Alice").await;
    let user = alice.user();
    drop(alice);
    owner.moderate("ban", &user, json!({})).await;
    assert_eq!(refused_hello(&server, IpAddr::from([127, 0, 0, 1]), "not Alice").await.0["code"], "banned");
    sign_in(&server, "Olga", PASSWORD).await.expect("other registered users sign in from there");
    TestClient::guest_from(&server, ELSEWHERE, "Bob").await;
    owner.moderate("unban", &user, json!({})).await;
    TestClient::guest(&server, "Carol").await;
}

#[tokio::test]
async fn a_ban_can_end_all_guest_sessions_of_the_address() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let troll = TestClient::guest(&server, "troll").await;
    let second_guest = TestClient::guest(&server, "puppet").await;
    let mut simple = RawClient::connect(&server, "/script").await;
    simple.send_json(&json!({ "username": "script", "msg": "hi" })).await;
    owner.expect_event("hi").await;
    let mut elsewhere = TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    let lobby = owner.lobby().id;
    for invalid_fields in [json!({ "address": true, "conversation": lobby }), json!({ "address": true, "minutes": 0 })]
    {
        assert_eq!(owner.moderation_error("ban", &troll.user(), invalid_fields).await, ErrorCode::BadFrame);
    }
    assert_eq!(owner.moderation_error("mute", &troll.user(), json!({ "address": true })).await, ErrorCode::BadFrame);
    owner.moderate("ban", &troll.user(), json!({ "address": true })).await;
    for banned in [troll, second_guest] {
        assert_eq!(banned.closed().await, Closed::Code(4403));
    }
    assert_eq!(simple.closed().await, Closed::Code(4403));
    elsewhere.send_message("still here").await;
    owner.send_message("so am I").await;
}

#[tokio::test]
async fn a_network_ban_holds_for_present_and_new_guests() {
    let server = TestServer::start().await;
    let (_olga, _) = register_user(&server, "Olga").await;
    let inside = TestClient::guest_from(&server, ELSEWHERE, "troll").await;
    let local = TestClient::guest(&server, "阿玲").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();

    assert!(server.admin(&["ban-network", "127.0.0.2/31", "--minutes", "60"]).await.contains("1 guests"));
    assert_eq!(inside.closed().await, Closed::Code(4403));
    assert_eq!(refused_hello(&server, ELSEWHERE, "anybody").await.0["code"], "banned");
    let register = json!({ "nickname": "Alice", "password": PASSWORD, "invite": invite });
    let response = server.http_from(ELSEWHERE, Method::POST, "/api/session").json(&register).send().await;
    assert_eq!(response.expect("a response").json::<Problem>().await.expect("a problem").code, ErrorCode::Banned);
    let sign_in = json!({ "nickname": "Olga", "password": PASSWORD });
    let response = server.http_from(ELSEWHERE, Method::POST, "/api/session").json(&sign_in).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::CREATED, "registered users sign in from there");
    TestClient::guest(&server, "Bob").await;
    local.connect_again(&server).await.send_message("not from there").await;

    let listed = server.admin(&["sanctions"]).await;
    assert!(listed.contains("127.0.0.2/31 until"), "{listed}");
    let server = server.restart().await;
    assert_eq!(refused_hello(&server, ELSEWHERE, "anybody").await.0["code"], "banned", "the same after a restart");
    server.admin(&["unban-network", "127.0.0.2/31"]).await;
    TestClient::guest_from(&server, ELSEWHERE, "anybody").await;
    assert!(server.admin_error(&["unban-network", "127.0.0.2/31"]).await.contains("not banned"));
    assert!(server.admin_error(&["ban-network", "here"]).await.contains("neither"));
    let audit = server.admin(&["audit", "--limit", "2"]).await;
    assert!(audit.contains("unban_network") && audit.contains("ban_network"), "{audit}");
}

#[tokio::test]
async fn users_who_inherit_a_sanction_are_listed() {
    let server = TestServer::start().await;
    let (mut owner, token) = register_user(&server, "Olga").await;
    let guest = TestClient::guest(&server, "troll").await;
    owner.moderate("mute", &guest.user(), json!({})).await;
    let _other = TestClient::guest(&server, "another").await;
    let list = server.http(Method::GET, "/api/sanctions").bearer_auth(&token).send().await.expect("a response");
    let list: SanctionList = list.json().await.expect("a list");
    let mut names: Vec<_> = list.sanctions.iter().map(|sanction| sanction.user.nickname.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["another", "troll"]);
}

#[tokio::test]
async fn guests_who_never_return_lose_their_nickname_early() {
    let server = TestServer::start_with(|config| {
        config.timing.unused_guest_timeout = Duration::from_millis(1);
        config.timing.housekeeping_interval = Duration::from_millis(20);
    })
    .await;
    let local = TestClient::guest(&server, "connected").await;
    let create_session = async |nickname: &str| {
        let body = json!({ "nickname": nickname });
        server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response")
    };
    assert_eq!(create_session("ghost").await.status(), StatusCode::CREATED);
    with_timeout("the nickname to be free", async {
        while server.count("users WHERE nickname = 'ghost' AND nickname_key IS NOT NULL") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(local);
    assert_eq!(server.count("users WHERE nickname = 'connected' AND nickname_key IS NOT NULL"), 1);
    assert_eq!(create_session("ghost").await.status(), StatusCode::CREATED, "another guest took the nickname");
}

#[tokio::test]
async fn nicknames_of_guests_of_one_address_are_limited() {
    let server = TestServer::start_with(|config| {
        config.limits.guests_per_address = NonZeroU32::new(2).expect("not zero");
    })
    .await;
    let (_olga, _) = register_user(&server, "Olga").await;
    let first = TestClient::guest(&server, "小明").await;
    let body = json!({ "nickname": "阿玲" });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::CREATED, "registered users do not count");

    let local_address = IpAddr::from([127, 0, 0, 1]);
    let (error, closed) = refused_hello(&server, local_address, "Carol").await;
    assert_eq!((error["code"].as_str(), closed), (Some("rate_limited"), Closed::Code(4429)));
    let body = json!({ "nickname": "Carol" });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let mut simple = RawClient::connect(&server, "/carol").await;
    assert_eq!(simple.next_json().await["error"], "rate_limited");
    TestClient::guest_from(&server, ELSEWHERE, "Carol").await;
    sign_out(&server, &first).await;
    TestClient::guest(&server, "Dave").await;
}
