//! The plain door: a WebSocket on `/{nickname}`, for scripts. Its frames are `protocol::PlainRequest` and `PlainReply`.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{FromRequestParts as _, Request, State, WebSocketUpgrade},
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
};
use percent_encoding::percent_decode_str;

use crate::{
    domain::{CommandId, ConversationId, Me},
    protocol::{CloseCode, ErrorCode, PlainReply, PlainRequest, from_object},
};

use super::{
    super::{
        App,
        chat::ChatError,
        http::ApiError,
        hub::{Connection, Item, Speech},
        peer::Peer,
    },
    accept,
    line::{Farewell, Heard, Line, Talk},
    refuse_upgrade, register,
    resume::Seen,
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
pub(in crate::server) async fn plain_door(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    segment: String,
    request: Request,
) -> Response {
    if let Err(foreign) = app.origins.check_plain(request.headers()) {
        return ApiError::from(foreign).into_response();
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refuse_upgrade(&rejection),
    };
    // What is not UTF-8 is no nickname, as nothing is.
    let nickname = percent_decode_str(&segment).decode_utf8().unwrap_or_default().into_owned();
    accept(&app, upgrade, async move |app, line| serve_plain(app, line, peer, nickname).await)
}

async fn serve_plain(app: Arc<App>, mut line: Line, peer: Peer, nickname: String) {
    let farewell = match app.chat.create_visitor(&nickname, peer).await {
        Ok(me) => visit(&app, &mut line, &me).await,
        Err(error) => {
            let code = match error {
                ChatError::NicknameTaken { .. } => CloseCode::NicknameTaken,
                ChatError::RateLimited { .. } => CloseCode::TooMany,
                ChatError::StorageUnavailable => CloseCode::Restarting,
                _ => CloseCode::ProtocolError,
            };
            Farewell::new(&reply(&error), code)
        }
    };
    line.bid(farewell).await;
    line.part().await;
}

/// Talks until the end.
async fn visit(app: &Arc<App>, line: &mut Line, me: &Me) -> Farewell {
    let registered = register(app, &me.user(), Speech::Plain);
    let farewell = match &registered {
        Ok(registered) => {
            let (connection, lobby) = (Arc::clone(&registered.connection), app.chat.lobby());
            app.hub.subscribe(&connection, lobby);
            let mut talk = PlainTalk { app: Arc::clone(app), connection, lobby };
            line.converse(&mut talk, &registered.connection, Seen::default(), &app.stopping).await
        }
        Err(_) => Farewell::wordless(Some(CloseCode::TooMany)),
    };
    if let Err(error) = app.chat.release_visitor(me.id).await {
        tracing::warn!(%error, "a plain client's name stays taken until the next start");
    }
    // Only now: whoever sees somebody leave can come in by that name.
    drop(registered);
    farewell
}

/// The plain protocol, on one connection.
struct PlainTalk {
    app: Arc<App>,
    connection: Arc<Connection>,
    lobby: ConversationId,
}

impl Talk for PlainTalk {
    async fn hear(&mut self, text: &str) -> Heard {
        let user = self.connection.user.id;
        if let Err(error) = self.app.chat.charge_frame(user) {
            return Heard::Close(refusal(&error), CloseCode::TooMany);
        }
        if let Err(error) = self.app.chat.charge_command(user) {
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
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id) {
            return Heard::Close(refusal(&error), CloseCode::TooMany);
        }
        let message = "frames are text".to_owned();
        Heard::Reply(Item::encode(&PlainReply::Error { error: ErrorCode::BadFrame, message }))
    }
}

impl PlainTalk {
    async fn send(&self, PlainRequest { to_user, msg }: PlainRequest) -> Result<Heard, ChatError> {
        let (author, id) = (self.connection.user.clone(), CommandId::generate());
        let receipt = match to_user {
            Some(nickname) => self.app.chat.send_to_user(author, id, &nickname, &msg).await?,
            None => self.app.chat.send(author, id, self.lobby, &msg).await?,
        };
        Ok(Heard::Later(Box::pin(async move {
            let error = receipt.await.err()?;
            refusal(&error.into())
        })))
    }
}

fn reply(error: &ChatError) -> PlainReply {
    PlainReply::Error { error: error.code(), message: error.to_string() }
}

fn refusal(error: &ChatError) -> Option<Item> {
    Item::encode(&reply(error))
}
