//! The plain door: a WebSocket on `/{nickname}`, for scripts. Its frames are `protocol::PlainRequest` and `PlainReply`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};
use percent_encoding::percent_decode_str;

use crate::{
    domain::{CommandId, UserId},
    protocol::{CloseCode, ErrorCode, PlainReply, PlainRequest, from_object},
};

use super::{
    super::{
        App,
        chat::{ChatError, Direct, Speaker},
        hub::{Connection, Entrance, Item, Seen, ShardIndex, Speech},
        peer::Peer,
        store::Asker,
        websocket::Upgrade,
    },
    accept, hear_all,
    line::{Farewell, Line},
    not_let_in, refuse_upgrade, register,
    talking::{Heard, Talk, Talking},
};

/// Whoever the path names, if this is a WebSocket upgrade on a single path segment.
pub(in crate::server) fn knocks(request: &Request) -> Option<String> {
    let segment = request.uri().path().strip_prefix('/')?;
    let is_single = !segment.is_empty() && !segment.contains('/');
    (is_single && request.method() == Method::GET && is_upgrade(request.headers())).then(|| segment.to_owned())
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers an upgrade on `/{segment}`.
pub(in crate::server) fn plain_door(
    State(app): State<Arc<App>>,
    peer: Peer,
    shard: ShardIndex,
    segment: &str,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    // What is not UTF-8 is no nickname, as nothing is.
    let nickname = percent_decode_str(segment).decode_utf8().unwrap_or_default().into_owned();
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let invite = form_urlencoded::parse(query).find(|(name, _)| name == "invite").map(|(_, token)| token.into_owned());
    let entrance = Entrance { session: None, peer, speech: Speech::Plain, shard };
    accept(&app, upgrade, move |app, line| enter(app, line, entrance, nickname, invite))
}

/// Lets somebody in by this name; `None` if it never comes to talking.
pub(super) async fn enter(
    app: Arc<App>,
    line: Line,
    entrance: Entrance,
    nickname: String,
    invite: Option<String>,
) -> Option<Talking<PlainTalk>> {
    let turn = match app.turns.take(app.timing.turn).await {
        Ok(turn) => turn,
        Err(farewell) => return refuse(line, farewell).await,
    };
    let me = match Box::pin(app.chat.create_visitor(&nickname, invite.as_deref(), entrance.peer)).await {
        Ok(me) => me,
        Err(error) => {
            drop(turn);
            return refuse(line, Farewell::new(&reply(&error), not_let_in(&error))).await;
        }
    };
    let Ok(registered) = register(&app, &me.user(), entrance) else {
        Box::pin(release(&app, me.id)).await;
        drop(turn);
        return refuse(line, Farewell::wordless(Some(CloseCode::TooMany))).await;
    };
    line.is_signed_in();
    let heard = listen_in(&app, &registered.connection).await;
    drop(turn);
    if let Err(farewell) = heard {
        Box::pin(release(&app, me.id)).await;
        drop(registered);
        return refuse(line, farewell).await;
    }
    let talk = PlainTalk { app, connection: Arc::clone(&registered.connection), meant: Vec::new() };
    Some(Talking::begin(line, talk, registered, Seen::default()))
}

async fn refuse(line: Line, farewell: Farewell) -> Option<Talking<PlainTalk>> {
    Box::pin(line.end(farewell)).await;
    None
}

/// From now on it hears what it is in.
async fn listen_in(app: &App, connection: &Arc<Connection>) -> Result<(), Farewell> {
    // Not only the Lobby: somebody may have opened a direct since the name was taken.
    match Box::pin(hear_all(app, connection)).await {
        // Removed before the hub knew of the socket.
        Ok(heard) if !heard.contains(&app.chat.lobby()) => return Err(Farewell::wordless(Some(CloseCode::Removed))),
        Ok(_) => {}
        Err(error) => return Err(Farewell::new(&reply(&error), CloseCode::Restarting)),
    }
    // Removed in between: perhaps too early for the hub to know what was heard.
    match Box::pin(app.chat.memberships(connection.user.id)).await {
        Ok(still) if !still.contains(&app.chat.lobby()) => Err(Farewell::wordless(Some(CloseCode::Removed))),
        Ok(_) => Ok(()),
        Err(error) => Err(Farewell::new(&reply(&error), CloseCode::Restarting)),
    }
}

/// Gives the name back.
async fn release(app: &App, user: UserId) {
    if let Err(error) = app.chat.release_visitor(user).await {
        tracing::warn!(%error, "a plain client's name stays taken until housekeeping frees it");
    }
}

/// The plain protocol, on one connection.
pub(super) struct PlainTalk {
    app: Arc<App>,
    connection: Arc<Connection>,
    /// Whom the names meant that were written to, the latest last: a name that another user has by now is not theirs here.
    meant: Vec<(Box<str>, Direct)>,
}

/// So many of them are kept.
const MOST_MEANT: usize = 32;

impl Talk for PlainTalk {
    fn app(&self) -> &App {
        &self.app
    }

    async fn hear(&mut self, text: &str) -> Heard {
        let user = self.connection.user.id;
        if let Err(error) = self.app.chat.charge_frame(user, self.connection.peer) {
            return Heard::Close(refusal(&error), CloseCode::TooMany);
        }
        if let Err(error) = self.app.chat.charge_command(user, Some(self.connection.peer), text.len()) {
            return Heard::Reply(refusal(&error));
        }
        match from_object::<PlainRequest>(text.as_bytes()) {
            Ok(request) => self.send(request).await.unwrap_or_else(|error| Heard::Reply(refusal(&error))),
            Err(error) => {
                let message = format!("this is no request: line {} column {}", error.line(), error.column());
                Heard::Reply(Item::encode(&PlainReply::Error { error: ErrorCode::BadFrame, message }))
            }
        }
    }

    fn hear_binary(&mut self) -> Heard {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.peer) {
            return Heard::Close(refusal(&error), CloseCode::TooMany);
        }
        let message = "frames are text".to_owned();
        Heard::Reply(Item::encode(&PlainReply::Error { error: ErrorCode::BadFrame, message }))
    }

    fn hear_control(&mut self) -> Heard {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.peer) {
            Ok(()) => Heard::Nothing,
            Err(error) => Heard::Close(refusal(&error), CloseCode::TooMany),
        }
    }

    /// Before the hub forgets it: whoever sees somebody leave can come in by that name.
    async fn leave(&mut self) {
        release(&self.app, self.connection.user.id).await;
    }
}

impl PlainTalk {
    async fn send(&mut self, PlainRequest { to_user, msg }: PlainRequest) -> Result<Heard, ChatError> {
        let id = CommandId::generate();
        let speaker = Speaker { user: self.connection.user.clone(), asker: Asker(self.connection.number) };
        self.connection.asked();
        let queued = match to_user {
            Some(nickname) => self.send_to_user(speaker, id, &nickname, &msg).await,
            None => self.app.chat.send(speaker, id, self.app.chat.lobby(), &msg).await,
        };
        if queued.is_err() {
            self.connection.answered();
        }
        queued.map(|()| Heard::Nothing)
    }

    async fn send_to_user(
        &mut self,
        speaker: Speaker,
        id: CommandId,
        nickname: &str,
        msg: &str,
    ) -> Result<(), ChatError> {
        let place = self.meant.iter().position(|(name, _)| **name == *nickname);
        let known = place.map(|place| self.meant[place].1);
        let peer = self.connection.peer;
        let sent = self.app.chat.send_to_user(speaker, peer, id, nickname, msg, known).await;
        match (&sent, place) {
            (Ok(direct), None) => {
                if self.meant.len() == MOST_MEANT {
                    self.meant.remove(0);
                }
                self.meant.push((nickname.into(), *direct));
            }
            (Err(ChatError::UserGone), Some(place)) => {
                // Now that this is known here, the name means whoever has it.
                self.meant.remove(place);
            }
            _ => {}
        }
        sent.map(drop)
    }
}

fn reply(error: &ChatError) -> PlainReply {
    PlainReply::Error { error: error.code(), message: error.to_string() }
}

fn refusal(error: &ChatError) -> Option<Item> {
    Item::encode(&reply(error))
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
        let (shards, turns) = app.hub.shards();
        let delivering = tokio::spawn(deliver(feed, Arc::clone(&app.hub), shards));
        for (shard, turns) in turns {
            tokio::spawn(serve_shard(Arc::clone(&app.hub), shard, turns, Arc::clone(&app.timing)));
        }
        let peer = Peer::from(std::net::IpAddr::from([127, 0, 0, 1]));

        let ming = app.chat.create_visitor("小明", None, peer).await.expect("a visitor");
        // The name is taken, but the hub does not know of the socket yet.
        let ling = app.chat.create_visitor("阿玲", None, peer).await.expect("another");
        let opening = app.chat.open_direct(ling.user(), peer, "小明").await.expect("queued");
        let direct = opening.done().await.expect("a direct");
        // It stands in his list from the first message on.
        app.chat.write(ling.user(), CommandId::generate(), direct.id, "hi").await.expect("a message");
        let entrance = Entrance { session: None, peer, speech: Speech::Plain, shard: ShardIndex::default() };
        let registered = register(&app, &ming.user(), entrance).expect("a place");
        hear_all(&app, &registered.connection).await.expect("an answer");

        assert!(registered.connection.hears(direct.id));
        assert!(registered.connection.hears(app.chat.lobby()));
        delivering.abort();
    }
}
