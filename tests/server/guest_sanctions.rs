//! A guest's identity costs nothing, so what moderators do to a guest holds for the nickname and the address as well.

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

/// Of another machine.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

async fn leave(server: &TestServer, guest: &TestClient) {
    let end = server.http(Method::DELETE, "/api/session").bearer_auth(guest.token()).send().await.expect("an answer");
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
}

/// What becomes of a message to the Lobby.
async fn speaks(guest: &mut TestClient) -> Option<ErrorCode> {
    let id = guest.send_without_waiting(guest.lobby().id, "hello").await;
    guest
        .expect("an answer", |frame| match frame {
            teahouse::protocol::ServerFrame::Ack { id: acked, .. } if *acked == id => Some(None),
            teahouse::protocol::ServerFrame::Error(error) if error.id == Some(id) => Some(Some(error.code)),
            _ => None,
        })
        .await
}

/// How a new guest is turned away.
async fn turned_away(server: &TestServer, from: IpAddr, nickname: &str) -> (Value, Closed) {
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
    leave(&server, &guest).await;

    let mut same = TestClient::guest(&server, "troll").await;
    assert_eq!(speaks(&mut same).await, Some(ErrorCode::Muted), "by the same name");
    let mut other = TestClient::guest(&server, "nobody you know").await;
    assert_eq!(speaks(&mut other).await, Some(ErrorCode::Muted), "from the same address: let in, but muted");
    let mut plain = SimpleClient::sign_in(&server, "/script").await;
    plain.send_message("hello").await;
    assert_eq!(plain.next_error().await, "muted", "by the simple protocol");
    leave(&server, &same).await;
    let mut moved = TestClient::guest_from(&server, ELSEWHERE, "troll").await;
    assert_eq!(speaks(&mut moved).await, Some(ErrorCode::Muted), "by the same name from elsewhere");
    let mut stranger = TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    assert_eq!(speaks(&mut stranger).await, None, "others are not concerned");
    assert_eq!(speaks(&mut bystander).await, None, "nor who was here before");

    // It ends for all of them with the first one's.
    owner.moderate("unmute", &user, json!({})).await;
    assert_eq!((speaks(&mut moved).await, speaks(&mut other).await), (None, None));
    let mut late = TestClient::guest(&server, "late").await;
    assert_eq!(speaks(&mut late).await, None);
}

#[tokio::test]
async fn a_guest_banned_from_a_room_cannot_escape_as_another_guest() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let room = owner.lobby().id;
    let guest = TestClient::guest(&server, "troll").await;
    let user = guest.user();
    owner.moderate("ban", &user, json!({ "conversation": room })).await;
    leave(&server, &guest).await;
    for nickname in ["troll", "troll two"] {
        let mut back = TestClient::guest(&server, nickname).await;
        assert!(back.welcome.conversations.is_empty(), "{nickname} is not in the room");
        let id = teahouse::domain::CommandId::generate();
        back.send(&json!({ "type": "join", "id": id, "conversation": room })).await;
        assert_eq!(back.expect_error().await.code, ErrorCode::Banned);
        back.open_direct("Olga").await;
    }
    let mut plain = RawClient::connect(&server, "/script").await;
    assert_eq!(plain.closed().await, Closed::Code(4403), "who has nothing but the room");
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
        let (error, hangup) = turned_away(&server, from, "Troll").await;
        assert_eq!((error["code"].as_str(), hangup), (Some("banned"), Closed::Code(4403)));
        assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 600_000), "{error}");
    }
    let mut plain = RawClient::connect(&server, "/troll").await;
    assert_eq!(plain.next_json().await["error"], "banned");
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
    assert_eq!(turned_away(&server, ELSEWHERE, "TROLL").await.0["code"], "banned");
    TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    let server = server.restart().await;
    assert_eq!(turned_away(&server, ELSEWHERE, "troll").await.0["code"], "banned", "after a restart, too");
}

#[tokio::test]
async fn a_banned_registered_user_cannot_come_back_as_a_guest() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let (alice, _) = register_user(&server, "Alice").await;
    let user = alice.user();
    drop(alice);
    owner.moderate("ban", &user, json!({})).await;
    assert_eq!(turned_away(&server, IpAddr::from([127, 0, 0, 1]), "not Alice").await.0["code"], "banned");
    sign_in(&server, "Olga", PASSWORD).await.expect("others with a password come in from there");
    TestClient::guest_from(&server, ELSEWHERE, "Bob").await;
    owner.moderate("unban", &user, json!({})).await;
    TestClient::guest(&server, "Carol").await;
}

#[tokio::test]
async fn a_ban_can_end_all_guest_sessions_of_the_address() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "Olga").await;
    let troll = TestClient::guest(&server, "troll").await;
    let puppet = TestClient::guest(&server, "puppet").await;
    let mut plain = RawClient::connect(&server, "/script").await;
    plain.send_json(&json!({ "username": "script", "msg": "hi" })).await;
    owner.expect_event("hi").await;
    let mut other = TestClient::guest_from(&server, ELSEWHERE, "阿玲").await;
    let lobby = owner.lobby().id;
    for senseless in [json!({ "address": true, "conversation": lobby }), json!({ "address": true, "minutes": 0 })] {
        assert_eq!(owner.moderation_error("ban", &troll.user(), senseless).await, ErrorCode::BadFrame);
    }
    assert_eq!(owner.moderation_error("mute", &troll.user(), json!({ "address": true })).await, ErrorCode::BadFrame);
    owner.moderate("ban", &troll.user(), json!({ "address": true })).await;
    for gone in [troll, puppet] {
        assert_eq!(gone.closed().await, Closed::Code(4403));
    }
    assert_eq!(plain.closed().await, Closed::Code(4403));
    other.send_message("still here").await;
    owner.send_message("so am I").await;
}

#[tokio::test]
async fn a_network_ban_holds_for_present_and_new_guests() {
    let server = TestServer::start().await;
    let (_olga, _) = register_user(&server, "Olga").await;
    let inside = TestClient::guest_from(&server, ELSEWHERE, "troll").await;
    let here = TestClient::guest(&server, "阿玲").await;
    let invite = server.admin(&["invite"]).await;
    let invite = invite.trim().rsplit('=').next().expect("a token").to_owned();

    assert!(server.admin(&["ban-network", "127.0.0.2/31", "--minutes", "60"]).await.contains("1 guests"));
    assert_eq!(inside.closed().await, Closed::Code(4403));
    assert_eq!(turned_away(&server, ELSEWHERE, "anybody").await.0["code"], "banned");
    let register = json!({ "nickname": "Alice", "password": PASSWORD, "invite": invite });
    let answer = server.http_from(ELSEWHERE, Method::POST, "/api/session").json(&register).send().await;
    assert_eq!(answer.expect("an answer").json::<Problem>().await.expect("a problem").code, ErrorCode::Banned);
    let sign_in = json!({ "nickname": "Olga", "password": PASSWORD });
    let answer = server.http_from(ELSEWHERE, Method::POST, "/api/session").json(&sign_in).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::CREATED, "who has an account signs in from there");
    TestClient::guest(&server, "Bob").await;
    here.connect_again(&server).await.send_message("not from there").await;

    let listed = server.admin(&["sanctions"]).await;
    assert!(listed.contains("127.0.0.2/31 until"), "{listed}");
    let server = server.restart().await;
    assert_eq!(turned_away(&server, ELSEWHERE, "anybody").await.0["code"], "banned", "after a restart, too");
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
    let list = server.http(Method::GET, "/api/sanctions").bearer_auth(&token).send().await.expect("an answer");
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
    let here = TestClient::guest(&server, "connected").await;
    let create = async |nickname: &str| {
        let body = json!({ "nickname": nickname });
        server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer")
    };
    assert_eq!(create("ghost").await.status(), StatusCode::CREATED);
    with_timeout("the nickname to be free", async {
        while server.count("users WHERE nickname = 'ghost' AND nickname_key IS NOT NULL") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(here);
    assert_eq!(server.count("users WHERE nickname = 'connected' AND nickname_key IS NOT NULL"), 1);
    assert_eq!(create("ghost").await.status(), StatusCode::CREATED, "somebody else has it now");
}

#[tokio::test]
async fn nicknames_of_guests_of_one_address_are_limited() {
    let server = TestServer::start_with(|config| {
        config.limits.guests_per_address = NonZeroU32::new(2).expect("more than none");
    })
    .await;
    let (_olga, _) = register_user(&server, "Olga").await;
    let first = TestClient::guest(&server, "小明").await;
    let body = json!({ "nickname": "阿玲" });
    let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED, "who has a password does not count");

    let here = IpAddr::from([127, 0, 0, 1]);
    let (error, hangup) = turned_away(&server, here, "Carol").await;
    assert_eq!((error["code"].as_str(), hangup), (Some("rate_limited"), Closed::Code(4429)));
    let body = json!({ "nickname": "Carol" });
    let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let mut plain = RawClient::connect(&server, "/carol").await;
    assert_eq!(plain.next_json().await["error"], "rate_limited");
    TestClient::guest_from(&server, ELSEWHERE, "Carol").await;
    leave(&server, &first).await;
    TestClient::guest(&server, "Dave").await;
}
