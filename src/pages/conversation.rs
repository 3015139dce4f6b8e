//! The forms of the chat page: they send a message or sign in before WebAssembly has loaded, and without JavaScript.

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
    domain::{ClientAddr, CommandId, ConversationId, CurrentUser, Seq, UserId},
    pages::{
        form::{Fields, MAX_ANONYMOUS_FORM_BYTES, MAX_FORM_BYTES, bad_form},
        page::{PageCaller, Pages},
        response::plain_text_error,
        send_failed::UnsentMessage,
        sign_in::sign_in,
    },
    protocol::ErrorCode,
    server::{self, PageError, Site},
};

/// The Lobby's name in an address; other conversations are addressed by their id.
const LOBBY: &str = "lobby";

/// The request shows no valid session, or that of another user than the form was made for.
const UNAUTHENTICATED: PageError = PageError { status: StatusCode::UNAUTHORIZED, code: ErrorCode::Unauthenticated };

/// `POST /talk/{conversation}`, and whatever else the sign-in page may be shown at: signs in if the form has a nickname, or
/// else sends a message to the conversation.
pub(super) async fn post(
    State(pages): State<Pages>,
    Extension(address): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    conversation: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let me = match server::session_token(&headers, site) {
        Some(token) => pages.api.authenticate(&token).await,
        None => Err(UNAUTHENTICATED),
    };
    let max_bytes = if me.is_ok() { MAX_FORM_BYTES } else { MAX_ANONYMOUS_FORM_BYTES };
    let Some(fields) = read(request, max_bytes).await else {
        // The body was not read, so the text can't be returned.
        let too_long = PageError { status: StatusCode::PAYLOAD_TOO_LARGE, code: ErrorCode::MessageTooLong };
        return ([(header::CONNECTION, "close")], plain_text_error(too_long, &headers)).into_response();
    };
    if fields.raw("nickname").is_some() {
        return sign_in(pages, address, site, headers, uri.path(), &fields).await;
    }
    let text = fields.raw("body").unwrap_or_default();
    let result = match me {
        Ok(me) => send(&pages, address, me, conversation, &fields, &text).await,
        Err(refused) => Err(refused),
    };
    let Err(PageError { status, code }) = result else {
        // A redirect, so that reloading the page does not submit the form again.
        return Redirect::to(uri.path()).into_response();
    };
    if fields.raw("id").is_some() {
        // The pre-boot script sent this. It still has the text, and looks only at the status.
        return status.into_response();
    }
    let caller = PageCaller::new(site, headers);
    let hidden = ["form", "author"].into_iter().filter_map(|name| Some((name, fields.raw(name)?))).collect();
    let message = UnsentMessage { path: uri.path().to_owned(), hidden, text, problem: code };
    (status, pages.return_message(caller, message).await).into_response()
}

/// Reads a form of at most `max_bytes`. If its `Content-Length` is larger, nothing is read.
async fn read(request: Request, max_bytes: usize) -> Option<Fields> {
    let is_short = usize::try_from(request.body().size_hint().lower()).is_ok_and(|bytes| bytes <= max_bytes);
    if !is_short {
        return None;
    }
    to_bytes(request.into_body(), max_bytes).await.ok().map(Fields::new)
}

/// Sends the message of a form as `me`.
async fn send(
    pages: &Pages,
    address: ClientAddr,
    me: CurrentUser,
    conversation: Result<Path<String>, PathRejection>,
    fields: &Fields,
    text: &str,
) -> Result<(), PageError> {
    // The page with the form may be older than the session: somebody else may have signed in in this browser since.
    let author: Option<UserId> =
        fields.text("author").map(|author| author.parse().map_err(|_| bad_form())).transpose()?;
    if author.is_some_and(|author| author != me.id) {
        return Err(UNAUTHENTICATED);
    }
    let unknown = PageError { status: StatusCode::NOT_FOUND, code: ErrorCode::UnknownConversation };
    let conversation =
        conversation.ok().and_then(|Path(name)| conversation_id(&name, pages.api.lobby())).ok_or(unknown)?;
    let id = command_id(fields, conversation, text)?;
    let reply_to = fields.number("reply_to")?.map(Seq);
    pages.api.send(&me, address, id, conversation, text, reply_to).await
}

fn conversation_id(name: &str, lobby: ConversationId) -> Option<ConversationId> {
    if name == LOBBY { Some(lobby) } else { name.parse().ok() }
}

/// The id of the command that a form sends. The pre-boot script chooses one (`id`). Without it, the id is a hash of the
/// form's own id (`form`) and of what it sends: a form submitted twice sends one message, and one that the browser restored
/// and the user changed sends another.
fn command_id(fields: &Fields, conversation: ConversationId, text: &str) -> Result<CommandId, PageError> {
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
    // Sorts before every time-ordered id (UUIDv7): the store recognises a new id by its being the greatest so far.
    bytes[..2].fill(0);
    Ok(CommandId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid()))
}
