//! The welcome, and whatever the client missed.
//!
//! The order makes the feed whole. First the connection hears everything live, into its queue. Then one snapshot says
//! where each conversation ends; the welcome, and the replay up to there, are made from it. Then the queue is let
//! through, without what is not after the snapshot. An event committed at any moment is in one of the two, never lost.
//!
//! A hello is short, and what it brings is long: so what is sent here is counted in bytes. Whoever was sent more than they
//! may ask for gets a `reset` where the replay would be.

use std::{future::poll_fn, sync::Arc};

use tokio::select;

use crate::{
    domain::{Conversation, ConversationList, Seq, Timestamp},
    protocol::{CloseCode, MAX_REPLAYED_EVENTS, ServerFrame, VERSION, Welcome},
    server::{
        App,
        chat::ChatError,
        hub::{Connection, EncodedFrame, ReplayedPositions},
        socket::{
            handshake::AuthenticatedHello,
            subscribe_to_memberships,
            transport::{CloseMessage, Transport},
        },
        store::Beginning,
    },
};

/// How many events to read from the store at a time.
const STRIDE: u32 = 100;

/// How many bytes at a time, unless one event alone has more: they are in memory until the client has taken them.
const STRIDE_BYTES: usize = 64 * 1024;

/// Welcomes a registered connection and replays what it missed.
pub(super) async fn welcome(
    app: &App,
    line: &mut Transport,
    connection: &Arc<Connection>,
    greeted: AuthenticatedHello<'_>,
) -> Result<ReplayedPositions, CloseMessage> {
    select! {
        biased;
        closing = poll_fn(|context| connection.queue.poll(context)) => Err(CloseMessage::wordless(closing.code)),
        () = app.stopping.cancelled() => Err(CloseMessage::wordless(Some(CloseCode::Restarting))),
        seen = bring_up_to_date(app, line, connection, greeted) => seen,
    }
}

async fn bring_up_to_date(
    app: &App,
    line: &mut Transport,
    connection: &Arc<Connection>,
    greeted: AuthenticatedHello<'_>,
) -> Result<ReplayedPositions, CloseMessage> {
    let heard = subscribe_to_memberships(app, connection).await.map_err(refuse)?;
    let AuthenticatedHello { me, session, token, epoch, cursors, turn } = greeted;
    let asked_for = cursors.keys().copied().collect();
    let beginning = app.chat.beginning(connection.user.id, session, asked_for).await.map_err(refuse)?;
    let Beginning { list, further, memberships, blocks } = beginning;
    if heard.iter().any(|id| memberships.binary_search(id).is_err()) {
        // Removed from there in between: perhaps too early for the hub to know that it was heard.
        return Err(CloseMessage::wordless(Some(CloseCode::COME_BACK)));
    }
    let ConversationList { conversations, older } = list;
    let told = || conversations.iter().chain(&further);
    let seen = ReplayedPositions::new(told().map(|conversation| (conversation.id, conversation.last_seq)));
    drop(turn);
    let (online, online_count) = app.hub.online_users_with(&connection.user);
    let welcome = Welcome {
        protocol: VERSION,
        at: Some(Timestamp::now()),
        epoch: app.chat.epoch(),
        token,
        me,
        conversations: conversations.clone(),
        older,
        blocks,
        online,
        online_count,
    };
    send_counted(app, line, connection, [ServerFrame::Welcome(Box::new(welcome))]).await?;

    let same_history = epoch == Some(app.chat.epoch());
    for conversation in told() {
        let Some(&cursor) = cursors.get(&conversation.id) else { continue };
        if further.iter().any(|further| further.id == conversation.id) {
            send_counted(app, line, connection, [ServerFrame::Conversation(conversation.clone())]).await?;
        }
        replay(app, line, connection, conversation, same_history.then_some(cursor)).await?;
    }
    let gone = cursors.into_keys().filter(|id| told().all(|conversation| conversation.id != *id));
    send_counted(app, line, connection, gone.map(|id| ServerFrame::ConversationRemoved { id })).await?;
    Ok(seen)
}

/// Sends what came after the cursor, or says that it is too much; `None` is a cursor of another history.
async fn replay(
    app: &App,
    line: &mut Transport,
    connection: &Connection,
    missing: &Conversation,
    cursor: Option<Seq>,
) -> Result<(), CloseMessage> {
    let (conversation, last_seq) = (missing.id, missing.last_seq);
    let missed = cursor.and_then(|cursor| last_seq.0.checked_sub(cursor.0));
    let (Some(mut cursor), Some(0..=MAX_REPLAYED_EVENTS)) = (cursor, missed) else {
        return reset(line, connection, missing).await;
    };
    while cursor < last_seq {
        if app.chat.may_ask(connection.user.id, connection.client_addr).is_err() {
            return reset(line, connection, missing).await;
        }
        let events = app.chat.missed(conversation, cursor, last_seq, STRIDE, STRIDE_BYTES).await.map_err(refuse)?;
        let Some(last) = events.last() else {
            tracing::error!(%conversation, %cursor, %last_seq, "the log has a hole");
            return reset(line, connection, missing).await;
        };
        cursor = last.seq;
        send_counted(app, line, connection, events.into_iter().map(ServerFrame::Event)).await?;
    }
    send(line, connection, EncodedFrame::encode(&ServerFrame::CaughtUp { conversation, seq: last_seq })).await
}

async fn reset(line: &mut Transport, connection: &Connection, missing: &Conversation) -> Result<(), CloseMessage> {
    let reset = ServerFrame::Reset { conversation: missing.id, last_seq: missing.last_seq };
    send(line, connection, EncodedFrame::encode(&reset)).await
}

/// Sends frames whose length others decide. They are counted first: whoever reads half of them and goes has asked for all.
async fn send_counted(
    app: &App,
    line: &mut Transport,
    connection: &Connection,
    frames: impl IntoIterator<Item = ServerFrame>,
) -> Result<(), CloseMessage> {
    let items: Vec<EncodedFrame> = frames.into_iter().filter_map(|frame| EncodedFrame::encode(&frame)).collect();
    let bytes = items.iter().map(|item| item.bytes.len()).sum();
    app.chat.note_answer(connection.client_addr, bytes);
    app.chat.note_user_answer(connection.user.id, bytes);
    for item in items {
        send(line, connection, Some(item)).await?;
    }
    Ok(())
}

async fn send(line: &mut Transport, connection: &Connection, item: Option<EncodedFrame>) -> Result<(), CloseMessage> {
    if let Some(item) = item {
        line.send(item).await?;
        // Who takes what they missed is not silent.
        connection.record_activity();
    }
    Ok(())
}

fn refuse(error: ChatError) -> CloseMessage {
    let code = match error {
        ChatError::Unauthenticated => CloseCode::SessionEnded,
        ChatError::SessionEnded(reason) => reason.into(),
        _ => CloseCode::Restarting,
    };
    CloseMessage::error(error.frame(None), code)
}
