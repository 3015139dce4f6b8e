//! Coming in by the door's form, without the program.
//!
//! Who is let in gets the page as the answer itself, not a way to it: on a slow line that is half a second. The page makes
//! its own address of it in the browser's history; where no script runs, loading it anew sends the form again, and whoever
//! has come in by that name is still in.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use form_urlencoded::Serializer;

use super::{Asked, Caller, Pages, Said, fields::Fields};
use crate::{
    protocol::Problem,
    server::{Entered, Knock, Peer, Scheme},
};

/// The page to come to.
const LOBBY: &str = "/talk/lobby";

/// Where what is refused leads back to, with a query that says what went wrong.
const FORM_AGAIN: &str = "/?";

pub(super) async fn enter(pages: Pages, peer: Peer, scheme: Scheme, headers: HeaderMap, fields: &Fields) -> Response {
    let nickname = fields.raw("nickname").unwrap_or_default();
    // A field that was left empty is none.
    let filled = |name| fields.raw(name).filter(|value| !value.is_empty());
    let (password, invite) = (filled("password"), filled("invite"));
    if password.is_none() && pages.me(&headers, scheme).await.is_some_and(|me| me.nickname.as_str() == nickname.trim())
    {
        return Redirect::to(LOBBY).into_response();
    }
    let knock = Knock { nickname: nickname.clone(), password, invite: invite.clone() };
    match pages.house.come_in(knock, peer, scheme, &headers).await {
        Ok(Entered { token, cookie, .. }) => {
            let caller = Caller { token: Some(token), peer, scheme, headers };
            let viewer = pages.viewer(caller, Asked::default(), LOBBY, Said::default()).await;
            let mut response = pages.document(viewer);
            match HeaderValue::try_from(cookie) {
                Ok(cookie) => drop(response.headers_mut().append(header::SET_COOKIE, cookie)),
                Err(error) => tracing::error!(%error, "a session's cookie is no header"),
            }
            response
        }
        Err(problem) => Redirect::to(&form_again(&nickname, invite.as_deref(), &problem)).into_response(),
    }
}

fn form_again(nickname: &str, invite: Option<&str>, problem: &Problem) -> String {
    let mut query = Serializer::for_suffix(String::from(FORM_AGAIN), FORM_AGAIN.len());
    query.append_pair("error", problem.code.name()).append_pair("nickname", nickname);
    if let Some(suggestion) = &problem.suggestion {
        query.append_pair("suggestion", suggestion.as_str());
    }
    if let Some(invite) = invite {
        query.append_pair("invite", invite);
    }
    query.finish()
}
