//! What members set of a conversation for themselves: muted, pinned, and from where on it is unread.

use serde_json::{Value, json};
use teahouse::{
    domain::{CommandId, Conversation, ConversationId, Seq},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{TestClient, TestServer, register_user};

/// Sends a setting and waits for its ack. Returns the first `conversation` since the last call.
pub(super) async fn set(client: &mut TestClient, conversation: ConversationId, fields: Value) -> Conversation {
    let id = send(client, conversation, fields).await;
    let view = expect_view(client, conversation).await;
    let ack = client.expect_ack(id).await;
    assert_eq!((ack.conversation, ack.seq), (conversation, None));
    view
}

async fn send(client: &mut TestClient, conversation: ConversationId, fields: Value) -> CommandId {
    let id = CommandId::generate();
    let mut command = fields;
    command["type"] = json!("set_conversation");
    command["id"] = json!(id);
    command["conversation"] = json!(conversation);
    client.send(&command).await;
    id
}

pub(super) async fn expect_view(client: &mut TestClient, conversation: ConversationId) -> Conversation {
    client
        .expect("the conversation", |frame| match frame {
            ServerFrame::Conversation(view) if view.id == conversation => Some(view.clone()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_setting_reaches_all_connections_of_the_user_and_is_kept() {
    let server = TestServer::start().await;
    let mut desktop = TestClient::guest(&server, "小明").await;
    let mut phone = desktop.connect_again(&server).await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = desktop.lobby().id;
    let settings = |view: &Conversation| (view.muted, view.pinned);

    assert_eq!(settings(&set(&mut desktop, lobby, json!({ "muted": true })).await), (true, false));
    assert_eq!(settings(&expect_view(&mut phone, lobby).await), (true, false));
    assert_eq!(settings(&set(&mut phone, lobby, json!({ "pinned": true })).await), (true, true));
    assert_eq!(settings(&expect_view(&mut desktop, lobby).await), (true, true));
    assert_eq!(settings(desktop.connect_again(&server).await.lobby()), (true, true));
    assert_eq!(settings(&set(&mut desktop, lobby, json!({ "muted": false })).await), (false, true));
    assert_eq!(settings(ling.connect_again(&server).await.lobby()), (false, false), "others see nothing of it");
}

#[tokio::test]
async fn messages_are_unread_again_from_where_the_user_says() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut desktop = TestClient::guest(&server, "阿玲").await;
    let mut phone = desktop.connect_again(&server).await;
    let lobby = desktop.lobby().id;
    for text in ["one", "two", "three"] {
        ming.send_message(text).await;
    }
    let read = |view: &Conversation| (view.read_seq, view.unread);
    // The two frames go out together: the read mark is not saved yet.
    desktop.send(&json!({ "type": "read", "conversation": lobby, "seq": 3 })).await;
    assert_eq!(read(&set(&mut desktop, lobby, json!({ "unread_from": 2 })).await), (Seq(1), 2));
    assert_eq!(read(&expect_view(&mut phone, lobby).await), (Seq(1), 2));
    assert_eq!(read(desktop.connect_again(&server).await.lobby()), (Seq(1), 2));
    // A later one counts again.
    let id = send(&mut phone, lobby, json!({ "unread_from": 1 })).await;
    phone.send(&json!({ "type": "read", "conversation": lobby, "seq": 2 })).await;
    phone.expect_ack(id).await;
    let marked = phone.expect("the read mark", |frame| match frame {
        ServerFrame::Read { seq: Seq(2), .. } => Some(2),
        ServerFrame::Conversation(view) if view.read_seq == Seq(2) => Some(2),
        _ => None,
    });
    marked.await;
    assert_eq!(read(desktop.connect_again(&server).await.lobby()), (Seq(2), 1));
}

#[tokio::test]
async fn a_frame_sets_exactly_one_thing_of_a_conversation_of_the_user() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    for fields in [json!({}), json!({ "muted": true, "pinned": true }), json!({ "muted": true, "unread_from": 1 })] {
        send(&mut ming, lobby, fields).await;
        assert_eq!(ming.expect_error().await.code, ErrorCode::BadFrame);
    }
    send(&mut ming, ConversationId::generate(), json!({ "muted": true })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::UnknownConversation);
}

#[tokio::test]
async fn an_archived_room_can_be_muted_and_pinned() {
    let server = TestServer::start().await;
    let (mut owner, _token) = register_user(&server, "小明").await;
    let id = CommandId::generate();
    owner.send(&json!({ "type": "create_room", "id": id, "name": "Tea" })).await;
    let room = owner.expect_ack(id).await.conversation;
    expect_view(&mut owner, room).await;
    let id = CommandId::generate();
    owner.send(&json!({ "type": "change_room", "id": id, "conversation": room, "archived": true })).await;
    owner.expect_ack(id).await;
    assert!(set(&mut owner, room, json!({ "muted": true })).await.muted);
    assert!(set(&mut owner, room, json!({ "pinned": true })).await.pinned);
}
