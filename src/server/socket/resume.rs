//! The welcome, and the replay of the events that the client missed.
//!
//! No event is lost between replay and live delivery. First the connection subscribes, and the hub queues live events for
//! it. Then one snapshot of the store says where each conversation ends; the welcome and the replay reach exactly to there.
//! Then the session opens the queue, which skips the events up to the snapshot. So each event is either in the replay or
//! in the queue.
//!
//! A short hello causes a long answer, so the bytes sent here are charged. A client that has used up its budget gets a
//! `reset` instead of a replay.

use std::{future::poll_fn, sync::Arc};

use tokio::select;

use crate::{
    domain::{Conversation, ConversationList, Seq},
    protocol::{CloseCode, MAX_REPLAYED_EVENTS, ServerFrame, VERSION, Welcome},
    server::{
        clock::machine_time,
        error::ChatError,
        hub::{Connection, EncodedFrame, ReplayedPositions},
        socket::{
            admission::subscribe_to_memberships, close_message::CloseMessage, handshake::AuthenticatedHello,
            transport::Transport,
        },
        state::AppState,
        store::ConnectionSnapshot,
    },
};

/// How many events to read from the store at a time.
const BATCH_EVENTS: u32 = 100;

/// How many bytes of events to read at a time, unless a single event is longer. They stay in memory until the client has
/// taken them.
const BATCH_BYTES: usize = 64 * 1024;

/// Welcomes a registered connection and replays what it missed. Returns the positions up to which it knows all events.
pub(super) async fn welcome(
    app: &AppState,
    transport: &mut Transport,
    connection: &Arc<Connection>,
    hello: AuthenticatedHello<'_>,
) -> Result<ReplayedPositions, CloseMessage> {
    select! {
        biased;
        reason = poll_fn(|context| connection.queue.poll(context)) => Err(CloseMessage::without_frame(reason.code)),
        () = app.stopping.cancelled() => Err(CloseMessage::without_frame(CloseCode::Restarting)),
        replayed = welcome_and_replay(app, transport, connection, hello) => replayed,
    }
}

async fn welcome_and_replay(
    app: &AppState,
    transport: &mut Transport,
    connection: &Arc<Connection>,
    hello: AuthenticatedHello<'_>,
) -> Result<ReplayedPositions, CloseMessage> {
    let subscribed = subscribe_to_memberships(app, connection).await.map_err(close_message)?;
    let AuthenticatedHello { me, session, token, epoch, cursors, permit } = hello;
    let with_cursor = cursors.keys().copied().collect();
    let beginning =
        app.chat.connection_snapshot(connection.user.id, session, with_cursor).await.map_err(close_message)?;
    let ConnectionSnapshot { list, requested_conversations: further, memberships, blocks } = beginning;
    if subscribed.iter().any(|id| memberships.binary_search(id).is_err()) {
        // The user was removed from a conversation after subscribing, perhaps before the hub knew of the subscription.
        return Err(CloseMessage::without_frame(CloseCode::COME_BACK));
    }
    let ConversationList { conversations, older } = list;
    let known = || conversations.iter().chain(&further);
    let replayed = ReplayedPositions::new(known().map(|conversation| (conversation.id, conversation.last_seq)));
    drop(permit);
    let (online, online_count) = app.hub.online_users_with(&connection.user);
    let welcome = Welcome {
        protocol: VERSION,
        at: Some(machine_time()),
        epoch: app.chat.epoch(),
        token,
        me,
        conversations: conversations.clone(),
        older,
        blocks,
        online,
        online_count,
    };
    send_charged(app, transport, connection, [ServerFrame::Welcome(Box::new(welcome))]).await?;

    let is_same_epoch = epoch == Some(app.chat.epoch());
    for conversation in known() {
        let Some(&cursor) = cursors.get(&conversation.id) else { continue };
        if further.iter().any(|further| further.id == conversation.id) {
            send_charged(app, transport, connection, [ServerFrame::Conversation(conversation.clone())]).await?;
        }
        replay(app, transport, connection, conversation, is_same_epoch.then_some(cursor)).await?;
    }
    let removed = cursors.into_keys().filter(|id| known().all(|conversation| conversation.id != *id));
    send_charged(app, transport, connection, removed.map(|id| ServerFrame::ConversationRemoved { id })).await?;
    Ok(replayed)
}

/// Sends the events after `cursor`, or a `reset` if they are too many. A cursor of another epoch is `None`.
async fn replay(
    app: &AppState,
    transport: &mut Transport,
    connection: &Connection,
    conversation: &Conversation,
    cursor: Option<Seq>,
) -> Result<(), CloseMessage> {
    let (id, last_seq) = (conversation.id, conversation.last_seq);
    let missed = cursor.and_then(|cursor| last_seq.0.checked_sub(cursor.0));
    let (Some(mut cursor), Some(0..=MAX_REPLAYED_EVENTS)) = (cursor, missed) else {
        return reset(transport, connection, conversation).await;
    };
    while cursor < last_seq {
        if app.chat.check_answer_budget(connection.user.id, connection.client_addr).is_err() {
            return reset(transport, connection, conversation).await;
        }
        let events =
            app.chat.missed_events(id, cursor, last_seq, BATCH_EVENTS, BATCH_BYTES).await.map_err(close_message)?;
        let Some(last) = events.last() else {
            tracing::error!(conversation = %id, %cursor, %last_seq, "events are missing in the store");
            return reset(transport, connection, conversation).await;
        };
        cursor = last.seq;
        send_charged(app, transport, connection, events.into_iter().map(ServerFrame::Event)).await?;
    }
    let caught_up = ServerFrame::CaughtUp { conversation: id, seq: last_seq };
    send(transport, connection, EncodedFrame::encode(&caught_up)).await
}

async fn reset(
    transport: &mut Transport,
    connection: &Connection,
    conversation: &Conversation,
) -> Result<(), CloseMessage> {
    let reset = ServerFrame::Reset { conversation: conversation.id, last_seq: conversation.last_seq };
    send(transport, connection, EncodedFrame::encode(&reset)).await
}

/// Charges frames of any length, then sends them. They are charged first, so that a client which disconnects half-way pays
/// for all of them.
async fn send_charged(
    app: &AppState,
    transport: &mut Transport,
    connection: &Connection,
    frames: impl IntoIterator<Item = ServerFrame>,
) -> Result<(), CloseMessage> {
    let frames: Vec<EncodedFrame> = frames.into_iter().filter_map(|frame| EncodedFrame::encode(&frame)).collect();
    let bytes = frames.iter().map(|frame| frame.bytes.len()).sum();
    app.chat.charge_answer(connection.client_addr, bytes);
    app.chat.charge_user_answer(connection.user.id, bytes);
    for frame in frames {
        send(transport, connection, Some(frame)).await?;
    }
    Ok(())
}

async fn send(
    transport: &mut Transport,
    connection: &Connection,
    frame: Option<EncodedFrame>,
) -> Result<(), CloseMessage> {
    if let Some(frame) = frame {
        transport.send(frame).await?;
        // A client that takes frames is alive, even if it sends none.
        connection.record_activity();
    }
    Ok(())
}

fn close_message(error: ChatError) -> CloseMessage {
    let code = match error {
        ChatError::Unauthenticated => CloseCode::SessionEnded,
        ChatError::SessionEnded(reason) => reason.into(),
        _ => CloseCode::Restarting,
    };
    CloseMessage::error(error.frame(None), code)
}
