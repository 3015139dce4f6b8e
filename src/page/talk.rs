//! What the page's forms ask for before the program is there, or without it: coming in, and saying something.

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::{
    Asked, Caller, Pages, Said, entrance,
    fields::{Fields, senseless},
};
use crate::{
    domain::{CommandId, ConversationId, UserId},
    protocol::ErrorCode,
    server::{self, Peer, Refused, Scheme},
};

/// What the Lobby is called in an address.
const LOBBY: &str = "lobby";

pub(super) async fn post(
    State(pages): State<Pages>,
    Extension(peer): Extension<Peer>,
    Extension(scheme): Extension<Scheme>,
    conversation: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let fields = match Fields::read(body) {
        Ok(fields) => fields,
        Err(Refused { status, .. }) => {
            let said = Said { text: None, problem: Some(ErrorCode::MessageTooLong) };
            let caller = Caller { token: server::session_token(&headers, scheme), peer, headers };
            return (status, pages.render(caller, Asked::default(), uri.path(), said).await).into_response();
        }
    };
    if fields.raw("nickname").is_some() {
        return entrance::enter(pages, peer, scheme, headers, &fields).await;
    }
    let me = pages.me(&headers, scheme).await;
    // The page that this was written in may be an earlier user's, in a browser where somebody else has come in since.
    let author: Option<UserId> = fields.text("author").and_then(|author| author.parse().ok());
    let Some(me) = me.filter(|me| author.is_none_or(|author| author == me.id)) else {
        // Whoever is led away by a script would take that for a yes.
        let is_by_script = fields.raw("id").is_some();
        return if is_by_script { StatusCode::UNAUTHORIZED.into_response() } else { Redirect::to("/").into_response() };
    };
    let text = fields.raw("body").unwrap_or_default();
    let said = match conversation.map(|Path(name)| meant(&name, pages.house.lobby())) {
        Ok(Some(conversation)) => match command(&fields, conversation, &text) {
            Ok(id) => pages.house.say(&me, peer, id, conversation, &text).await,
            Err(refused) => Err(refused),
        },
        _ => Err(Refused { status: StatusCode::NOT_FOUND, code: ErrorCode::UnknownConversation }),
    };
    match said {
        // So that loading it anew says nothing again.
        Ok(()) => Redirect::to(uri.path()).into_response(),
        Err(Refused { status, code }) => {
            let said = Said { text: Some(text), problem: Some(code) };
            let caller = Caller { token: server::session_token(&headers, scheme), peer, headers };
            (status, pages.render(caller, Asked::default(), uri.path(), said).await).into_response()
        }
    }
}

fn meant(name: &str, lobby: ConversationId) -> Option<ConversationId> {
    if name == LOBBY { Some(lobby) } else { name.parse().ok() }
}

/// The command that a form sends: by its own `id`, or by that of the `form` and what is in it. A form that is sent twice
/// says one thing; one that a browser brings back, and that then says another thing, says that, too.
fn command(fields: &Fields, conversation: ConversationId, text: &str) -> Result<CommandId, Refused> {
    if let Some(id) = fields.text("id") {
        return id.parse().map_err(|_| senseless());
    }
    let form: CommandId = fields.text("form").and_then(|form| form.parse().ok()).ok_or_else(senseless)?;
    let hash = Sha256::new()
        .chain_update(form.as_uuid().as_bytes())
        .chain_update(conversation.as_uuid().as_bytes())
        .chain_update(text)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // Before all ids that grow with time, so that those are still known by being the greatest.
    bytes[..2].fill(0);
    Ok(CommandId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid()))
}
