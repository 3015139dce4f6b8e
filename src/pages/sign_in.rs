//! Signing in by the form of the sign-in page, without WebAssembly.
//!
//! The response to a successful sign-in is the chat page itself, not a redirect to it: that saves a round trip, half a second
//! on a slow connection. The app then corrects the address in the browser's history. Without JavaScript, reloading the page
//! submits the form again, which changes nothing for a user who is signed in under that nickname.
//!
//! A refusal is the form again, also as the response: what was typed never becomes part of an address, and so not of the
//! history or a proxy's log.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    domain::ClientAddr,
    pages::{
        content_encoding::ContentEncoding,
        form::Fields,
        page::{PageCaller, PageQuery, Pages, SendOutcome},
        response::plain_text_error,
    },
    protocol::Problem,
    server::{SignInRequest, SignedIn, Site},
    ui::{InitialState, SignInAttempt, context::router::path_after_sign_in},
};

pub(super) async fn sign_in(
    pages: Pages,
    address: ClientAddr,
    site: Site,
    headers: HeaderMap,
    path: &str,
    fields: &Fields,
) -> Response {
    let path = path_after_sign_in(path);
    let nickname = fields.raw("nickname").unwrap_or_default();
    // A browser sends empty fields, too.
    let non_empty = |name| fields.raw(name).filter(|value| !value.is_empty());
    let (password, invite, claim) = (non_empty("password"), non_empty("invite"), non_empty("claim"));
    if password.is_none() && pages.me(&headers, site).await.is_some_and(|me| me.nickname.as_str() == nickname.trim()) {
        return Redirect::to(path).into_response();
    }
    let request = SignInRequest { nickname: nickname.clone(), password, invite: invite.clone(), claim: claim.clone() };
    match pages.api.sign_in(request, address, site, &headers).await {
        Ok(SignedIn { token, cookies, .. }) => {
            let mut response = match pages.renders.acquire().await {
                Ok(permit) => {
                    let encoding = ContentEncoding::accepted(&headers);
                    let caller = PageCaller { token: Some(token), site, headers };
                    let state = pages.initial_state(caller, PageQuery::default(), path, SendOutcome::default()).await;
                    pages.document(permit, encoding, state).await
                }
                // The sign-in has succeeded all the same; the browser requests the page again.
                Err(_busy) => Redirect::to(path).into_response(),
            };
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let Problem { code, suggestion, .. } = problem;
            let suggestion = suggestion.map(|nickname| nickname.as_str().to_owned());
            let attempt = SignInAttempt { nickname: Some(nickname), error: Some(code), suggestion, invite, claim };
            let permit = match pages.renders.acquire().await {
                Ok(permit) => permit,
                Err(busy) => return plain_text_error(busy, &headers),
            };
            let encoding = ContentEncoding::accepted(&headers);
            // Without the token: the form must come back even if the browser has a session under another nickname.
            let caller = PageCaller { token: None, site, headers };
            let state = pages.initial_state(caller, PageQuery::default(), path, SendOutcome::default()).await;
            (status, pages.document(permit, encoding, InitialState { sign_in_attempt: attempt, ..state }).await)
                .into_response()
        }
    }
}
