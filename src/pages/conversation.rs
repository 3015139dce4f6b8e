//! What the page's forms ask for before the program is there, or without it: coming in, and saying something.

use axum::{
    Extension,
    body::{HttpBody as _, to_bytes},
    extract::{Path, Request, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use crate::{
    domain::{CommandId, ConversationId, CurrentUser, UserId},
    pages::{
        MAX_FORM_BYTES, MAX_STRANGERS_FORM_BYTES, PageCaller, Pages,
        form::{Fields, bad_form},
        plain_text_error, sign_in,
    },
    protocol::ErrorCode,
    server::{self, ClientAddr, PageError, Site},
    ui::Unsent,
};

/// What the Lobby is called in an address.
const LOBBY: &str = "lobby";

/// There is no session, or another user's.
const NOBODY: PageError = PageError { status: StatusCode::UNAUTHORIZED, code: ErrorCode::Unauthenticated };

pub(crate) async fn post(
    State(pages): State<Pages>,
    Extension(peer): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    conversation: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let who = match server::session_token(&headers, site) {
        Some(token) => pages.house.who(&token).await,
        None => Err(NOBODY),
    };
    let most = if who.is_ok() { MAX_FORM_BYTES } else { MAX_STRANGERS_FORM_BYTES };
    let Some(fields) = read(request, most).await else {
        // It was not read, so it can't be given back.
        let too_long = PageError { status: StatusCode::PAYLOAD_TOO_LARGE, code: ErrorCode::MessageTooLong };
        return ([(header::CONNECTION, "close")], plain_text_error(too_long, &headers)).into_response();
    };
    if fields.raw("nickname").is_some() {
        return sign_in::enter(pages, peer, site, headers, &fields).await;
    }
    let text = fields.raw("body").unwrap_or_default();
    let said = match who {
        Ok(me) => say(&pages, peer, me, conversation, &fields, &text).await,
        Err(refused) => Err(refused),
    };
    let Err(PageError { status, code }) = said else {
        // So that loading it anew says nothing again.
        return Redirect::to(uri.path()).into_response();
    };
    if fields.raw("id").is_some() {
        // A script, which has the text and looks at nothing but whether this is a yes.
        return status.into_response();
    }
    let caller = PageCaller::new(site, headers);
    let hidden = ["form", "author"].into_iter().filter_map(|name| Some((name, fields.raw(name)?))).collect();
    let unsent = Unsent { path: uri.path().to_owned(), hidden, text, problem: code };
    (status, pages.give_back(caller, unsent).await).into_response()
}

/// Reads a form, unless it is longer than that: then nothing of it is read, if its length was said.
async fn read(request: Request, most: usize) -> Option<Fields> {
    let is_short = usize::try_from(request.body().size_hint().lower()).is_ok_and(|bytes| bytes <= most);
    if !is_short {
        return None;
    }
    to_bytes(request.into_body(), most).await.ok().map(Fields::of)
}

/// Says what the form says, for whoever is in.
async fn say(
    pages: &Pages,
    peer: ClientAddr,
    me: CurrentUser,
    conversation: Result<Path<String>, PathRejection>,
    fields: &Fields,
    text: &str,
) -> Result<(), PageError> {
    // The page that this was written in may be an earlier user's, in a browser where somebody else has come in since.
    let author: Option<UserId> =
        fields.text("author").map(|author| author.parse().map_err(|_| bad_form())).transpose()?;
    if author.is_some_and(|author| author != me.id) {
        return Err(NOBODY);
    }
    let nowhere = PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::UnknownConversation };
    let conversation = conversation.ok().and_then(|Path(name)| meant(&name, pages.house.lobby())).ok_or(nowhere)?;
    let id = command(fields, conversation, text)?;
    pages.house.say(&me, peer, id, conversation, text).await
}

fn meant(name: &str, lobby: ConversationId) -> Option<ConversationId> {
    if name == LOBBY { Some(lobby) } else { name.parse().ok() }
}

/// The command that a form sends: by its own `id`, or by that of the `form` and what is in it. A form that is sent twice
/// says one thing; one that a browser brings back, and that then says another thing, says that, too.
fn command(fields: &Fields, conversation: ConversationId, text: &str) -> Result<CommandId, PageError> {
    if let Some(id) = fields.text("id") {
        return id.parse().map_err(|_| bad_form());
    }
    let form: CommandId = fields.text("form").and_then(|form| form.parse().ok()).ok_or_else(bad_form)?;
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
