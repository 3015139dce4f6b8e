//! The simple protocol: a WebSocket on `/{nickname}`, for scripts. Its frames are `protocol::SimpleRequest`, `SimpleReply` and
//! `SimpleToken`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};
use percent_encoding::percent_decode_str;
use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    domain::{CommandId, CurrentUser, SessionId, UserId},
    protocol::{CloseCode, ErrorCode, SimpleReply, SimpleRequest, SimpleToken, from_object},
    server::{
        App,
        chat::{ChatError, CommandContext, Direct},
        hub::{CloseReason, Connection, ConnectionOrigin, Dialect, EncodedFrame, Registered, ReplayedPositions},
        net::{client_addr::ClientAddr, session_cookie::bearer, shard_index::ShardIndex},
        socket::{
            SOCKETS, accept, close_code_for, refuse_upgrade, register,
            session::{ConnectionSession, FrameHandler, HandlerOutcome},
            subscribe_to_memberships,
            transport::{CloseMessage, Transport},
        },
        store::{ReplyTo, Session},
        websocket::Upgrade,
    },
};

/// Whoever the path names, if this is a WebSocket upgrade on a single path segment.
pub(crate) fn simple_ws_nickname(request: &Request) -> Option<String> {
    let path = request.uri().path();
    let segment = path.strip_prefix('/')?;
    let is_single = !segment.is_empty() && !segment.contains('/') && !SOCKETS.contains(&path);
    (is_single && request.method() == Method::GET && is_upgrade(request.headers())).then(|| segment.to_owned())
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers an upgrade on `/{segment}`.
pub(crate) fn simple_endpoint(
    State(app): State<Arc<App>>,
    peer: ClientAddr,
    shard: ShardIndex,
    segment: &str,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    // What is not UTF-8 is no nickname, as nothing is.
    let nickname = percent_decode_str(segment).decode_utf8().unwrap_or_default().into_owned();
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let invite = form_urlencoded::parse(query).find(|(name, _)| name == "invite").map(|(_, token)| token.into_owned());
    // No cookie: pages of other programs on this machine may open this socket.
    let token = bearer(request.headers()).map(str::to_owned);
    let entrance = ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Simple, shard };
    accept(&app, upgrade, move |app, line| enter(app, line, SimpleCaller { entrance, nickname, invite, token }))
}

/// Who asks to come in.
pub(crate) struct SimpleCaller {
    pub(crate) entrance: ConnectionOrigin,
    pub(crate) nickname: String,
    pub(crate) invite: Option<String>,
    /// A session's, from the header.
    pub(crate) token: Option<String>,
}

/// Who comes in.
struct Admitted<'a> {
    me: CurrentUser,
    /// By which session, and its token; `None` for a visitor.
    session: Option<(SessionId, String)>,
    /// To be given back when the connection is known.
    turn: SemaphorePermit<'a>,
}

/// Lets somebody in by this name; `None` if it never comes to talking.
pub(crate) async fn enter(
    app: Arc<App>,
    mut line: Transport,
    caller: SimpleCaller,
) -> Option<ConnectionSession<SimpleHandler>> {
    match Box::pin(come_in(&app, &mut line, &caller)).await {
        Ok(registered) => {
            let connection = Arc::clone(&registered.connection);
            let talk = SimpleHandler { app, connection, meant: None };
            Some(ConnectionSession::begin(line, talk, registered, ReplayedPositions::default()))
        }
        // The hub has forgotten the connection by now.
        Err(farewell) => {
            Box::pin(line.end(farewell)).await;
            None
        }
    }
}

async fn come_in(app: &App, line: &mut Transport, caller: &SimpleCaller) -> Result<Registered, CloseMessage> {
    let Admitted { me, session, turn } = admit(app, line, caller).await?;
    let entrance = ConnectionOrigin { session: session.as_ref().map(|(id, _)| *id), ..caller.entrance };
    let Ok(registered) = register(app, &me.user(), entrance) else {
        if session.is_none() {
            release(app, me.id).await;
        }
        return Err(CloseMessage::wordless(Some(CloseCode::TooMany)));
    };
    line.is_signed_in();
    let mut heard = listen_in(app, &registered.connection).await;
    if let (Ok(()), Some((_, token))) = (&heard, &session) {
        // Ended in between: too early for the hub to know of the connection.
        heard = app.chat.authenticate(token).await.map(drop).map_err(|error| refused(&error));
    }
    drop(turn);
    if heard.is_err() && session.is_none() {
        release(app, me.id).await;
    }
    heard.map(|()| registered)
}

/// Finds out who it is: the user of a session, or a new visitor.
async fn admit<'a>(app: &'a App, line: &mut Transport, caller: &SimpleCaller) -> Result<Admitted<'a>, CloseMessage> {
    let turn = app.turns.take(app.timing.turn).await?;
    if let Some(token) = &caller.token {
        return by_session(app, caller, token.clone(), turn).await;
    }
    let error = match visit(app, caller).await {
        Ok(me) => return Ok(Admitted { me, session: None, turn }),
        Err(error) => error,
    };
    // Nobody waits for a peer with a turn.
    drop(turn);
    let is_free = match &error {
        ChatError::NicknameTaken { .. } => free(app, caller).await,
        // None of these concerns who has a session.
        ChatError::InviteRequired
        | ChatError::InvalidInvite
        | ChatError::AccountRequired
        | ChatError::Banned { .. } => None,
        _ => Some(false),
    };
    match is_free {
        Some(true) => {
            let turn = app.turns.take(app.timing.turn).await?;
            let me = visit(app, caller).await.map_err(|error| refused(&error))?;
            Ok(Admitted { me, session: None, turn })
        }
        Some(false) => Err(refused(&error)),
        None => {
            let token = first_token(app, line).await?.ok_or_else(|| refused(&error))?;
            let turn = app.turns.take(app.timing.turn).await?;
            by_session(app, caller, token, turn).await
        }
    }
}

async fn visit(app: &App, caller: &SimpleCaller) -> Result<CurrentUser, ChatError> {
    app.chat.create_ephemeral_guest(&caller.nickname, caller.invite.as_deref(), caller.entrance.client_addr).await
}

/// Frees a nickname that a visitor has whose connection is dead, though nobody has noticed yet: a script's whose line was
/// cut, and which is back at once. Whether it is free; `None` if it is a session's.
///
/// Only whoever comes from the same address can raise that doubt: a stranger could wait for somebody's line to falter, and
/// have the name.
async fn free(app: &App, caller: &SimpleCaller) -> Option<bool> {
    let bearer = match app.chat.bearer_of(&caller.nickname).await {
        Ok(Some(bearer)) => bearer,
        // Given back meanwhile.
        Ok(None) => return Some(true),
        Err(_) => return Some(false),
    };
    let before = app.hub.ephemeral_guest_connection(bearer)?;
    if before.client_addr != caller.entrance.client_addr || before.responds_within(app.timing.doubt).await {
        return Some(false);
    }
    // Told to whoever reads it after all.
    before.queue.close(CloseReason::immediately(CloseCode::NicknameTaken));
    release(app, bearer).await;
    Some(true)
}

/// The token in the first frame, if that is what it brings.
async fn first_token(app: &App, line: &mut Transport) -> Result<Option<String>, CloseMessage> {
    let first = tokio::select! {
        first = timeout(app.timing.doubt, line.first_text()) => first,
        () = app.stopping.cancelled() => return Err(CloseMessage::wordless(Some(CloseCode::Restarting))),
    };
    let Ok(first) = first else { return Ok(None) };
    let text = first?;
    Ok(text.and_then(|text| from_object::<SimpleToken>(text.as_bytes()).ok()).map(|SimpleToken { token }| token))
}

async fn by_session<'a>(
    app: &'a App,
    caller: &SimpleCaller,
    token: String,
    turn: SemaphorePermit<'a>,
) -> Result<Admitted<'a>, CloseMessage> {
    let welcome = async {
        let session = app.chat.authenticate_as(&token, &caller.nickname).await?;
        app.chat.charge_hello(session.me.id, caller.entrance.client_addr)?;
        Ok(session)
    };
    let Session { me, id, .. } = welcome.await.map_err(|error: ChatError| refused(&error))?;
    Ok(Admitted { me, session: Some((id, token)), turn })
}

fn refused(error: &ChatError) -> CloseMessage {
    CloseMessage::new(&reply(error), close_code_for(error))
}

/// From now on it hears what it is in.
async fn listen_in(app: &App, connection: &Arc<Connection>) -> Result<(), CloseMessage> {
    // Not only the Lobby: somebody may have opened a direct since the name was taken.
    match Box::pin(subscribe_to_memberships(app, connection)).await {
        // Removed before the hub knew of the socket.
        Ok(heard) if !heard.contains(&app.chat.lobby()) => {
            return Err(CloseMessage::wordless(Some(CloseCode::Removed)));
        }
        Ok(_) => {}
        Err(error) => return Err(CloseMessage::new(&reply(&error), CloseCode::Restarting)),
    }
    // Removed in between: perhaps too early for the hub to know what was heard.
    match Box::pin(app.chat.memberships(connection.user.id)).await {
        Ok(still) if !still.contains(&app.chat.lobby()) => Err(CloseMessage::wordless(Some(CloseCode::Removed))),
        Ok(_) => Ok(()),
        Err(error) => Err(CloseMessage::new(&reply(&error), CloseCode::Restarting)),
    }
}

/// Gives the name back.
async fn release(app: &App, user: UserId) {
    if let Err(error) = app.chat.release_visitor(user).await {
        tracing::warn!(%error, "a simple-protocol client's name stays taken until housekeeping frees it");
    }
}

/// The plain protocol, on one connection.
pub(crate) struct SimpleHandler {
    app: Arc<App>,
    connection: Arc<Connection>,
    /// Whom the names meant that were written to, the latest last: a name that another user has by now is not theirs here.
    /// `None` until the first text has come.
    meant: Option<Vec<(Box<str>, Direct)>>,
}

/// So many of them are kept.
const MOST_MEANT: usize = 32;

impl FrameHandler for SimpleHandler {
    fn app(&self) -> &App {
        &self.app
    }

    async fn hear(&mut self, text: &str) -> HandlerOutcome {
        let user = self.connection.user.id;
        if let Err(error) = self.app.chat.charge_frame(user, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error), CloseCode::TooMany);
        }
        if let Err(error) = self.app.chat.charge_command(user, Some(self.connection.client_addr), text.len()) {
            return HandlerOutcome::Reply(refusal(&error));
        }
        let is_first = self.meant.is_none();
        self.meant.get_or_insert_default();
        match from_object::<SimpleRequest>(text.as_bytes()) {
            Err(_) if is_first && let Ok(SimpleToken { token }) = from_object(text.as_bytes()) => {
                self.recognise(&token).await
            }
            Ok(request) => self.send(request).await.unwrap_or_else(|error| HandlerOutcome::Reply(refusal(&error))),
            Err(error) => {
                let message = format!("this is no request: line {} column {}", error.line(), error.column());
                HandlerOutcome::Reply(EncodedFrame::encode(&SimpleReply::Error { error: ErrorCode::BadFrame, message }))
            }
        }
    }

    fn hear_binary(&mut self) -> HandlerOutcome {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error), CloseCode::TooMany);
        }
        let message = "frames are text".to_owned();
        HandlerOutcome::Reply(EncodedFrame::encode(&SimpleReply::Error { error: ErrorCode::BadFrame, message }))
    }

    fn hear_control(&mut self) -> HandlerOutcome {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            Ok(()) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Close(refusal(&error), CloseCode::TooMany),
        }
    }

    /// Before the hub forgets it: whoever sees somebody leave can come in by that name.
    async fn leave(&mut self) {
        if self.connection.is_ephemeral_guest() {
            release(&self.app, self.connection.user.id).await;
        }
    }
}

impl SimpleHandler {
    /// A session's token, shown when the client was in already: it is right only where it changes nothing. Who comes back to a
    /// session that is over is not to talk on as somebody new, without knowing.
    async fn recognise(&self, token: &str) -> HandlerOutcome {
        let error = match self.app.chat.authenticate(token).await {
            Ok(session) if session.me.id == self.connection.user.id => return HandlerOutcome::Nothing,
            Ok(_) => ChatError::Unauthenticated,
            Err(error) => error,
        };
        HandlerOutcome::Close(refusal(&error), close_code_for(&error))
    }

    async fn send(&mut self, SimpleRequest { to_user, msg }: SimpleRequest) -> Result<HandlerOutcome, ChatError> {
        let id = CommandId::generate();
        let speaker = CommandContext { user: self.connection.user.clone(), asker: ReplyTo(self.connection.number) };
        self.connection.command_started();
        let queued = match to_user {
            Some(nickname) => self.send_to_user(speaker, id, &nickname, &msg).await,
            None => self.app.chat.send(speaker, id, self.app.chat.lobby(), &msg).await,
        };
        if queued.is_err() {
            self.connection.command_finished();
        }
        queued.map(|()| HandlerOutcome::Nothing)
    }

    async fn send_to_user(
        &mut self,
        speaker: CommandContext,
        id: CommandId,
        nickname: &str,
        msg: &str,
    ) -> Result<(), ChatError> {
        let meant = self.meant.get_or_insert_default();
        let place = meant.iter().position(|(name, _)| **name == *nickname);
        let known = place.map(|place| meant[place].1);
        let peer = self.connection.client_addr;
        let sent = self.app.chat.send_to_user(speaker, peer, id, nickname, msg, known).await;
        match (&sent, place) {
            (Ok(direct), None) => {
                if meant.len() == MOST_MEANT {
                    meant.remove(0);
                }
                meant.push((nickname.into(), *direct));
            }
            (Err(ChatError::UserGone), Some(place)) => {
                // Now that this is known here, the name means whoever has it.
                meant.remove(place);
            }
            _ => {}
        }
        sent.map(drop)
    }
}

fn reply(error: &ChatError) -> SimpleReply {
    SimpleReply::Error { error: error.code(), message: error.to_string() }
}

fn refusal(error: &ChatError) -> Option<EncodedFrame> {
    EncodedFrame::encode(&reply(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        config::Timing,
        hub::{deliver, serve_shard},
        socket::tests::open,
    };

    #[tokio::test]
    async fn a_direct_that_is_opened_while_a_visitor_comes_in_is_heard() {
        let (app, feed, _folder) = open(Timing::default());
        let (shards, turns) = app.hub.shard_channels();
        let delivering = tokio::spawn(deliver(feed, Arc::clone(&app.hub), shards));
        for (shard, turns) in turns {
            tokio::spawn(serve_shard(Arc::clone(&app.hub), shard, turns, Arc::clone(&app.timing)));
        }
        let peer = ClientAddr::from(std::net::IpAddr::from([127, 0, 0, 1]));

        let ming = app.chat.create_ephemeral_guest("小明", None, peer).await.expect("a visitor");
        // The name is taken, but the hub does not know of the socket yet.
        let ling = app.chat.create_ephemeral_guest("阿玲", None, peer).await.expect("another");
        let opening = app.chat.open_direct(ling.user(), peer, "小明").await.expect("queued");
        let direct = opening.done().await.expect("a direct");
        // It stands in his list from the first message on.
        app.chat.write(ling.user(), CommandId::generate(), direct.id, "hi").await.expect("a message");
        let entrance = ConnectionOrigin {
            session: None,
            client_addr: peer,
            dialect: Dialect::Simple,
            shard: ShardIndex::default(),
        };
        let registered = register(&app, &ming.user(), entrance).expect("a place");
        subscribe_to_memberships(&app, &registered.connection).await.expect("an answer");

        assert!(registered.connection.is_subscribed(direct.id));
        assert!(registered.connection.is_subscribed(app.chat.lobby()));
        delivering.abort();
    }
}
