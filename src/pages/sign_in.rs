//! Coming in by the door's form, without the program.
//!
//! Who is let in gets the page as the answer itself, not a way to it: on a slow line that is half a second. The page makes
//! its own address of it in the browser's history; where no script runs, loading it anew sends the form again, and whoever
//! has come in by that name is still in.
//!
//! Who is refused gets the form again, as the answer too: what was typed stands in no address, and so in no history and no
//! log of a proxy.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    pages::{PageCaller, PageQuery, Pages, SendOutcome, form::Fields, plain_text_error, render::Packing},
    protocol::Problem,
    server::{ClientAddr, SignInRequest, SignedIn, Site},
    ui::{InitialState, JoinAttempt},
};

/// The page to come to.
const LOBBY: &str = "/talk/lobby";

pub(crate) async fn enter(pages: Pages, peer: ClientAddr, site: Site, headers: HeaderMap, fields: &Fields) -> Response {
    let nickname = fields.raw("nickname").unwrap_or_default();
    // A field that was left empty is none.
    let filled = |name| fields.raw(name).filter(|value| !value.is_empty());
    let (password, invite, claim) = (filled("password"), filled("invite"), filled("claim"));
    if password.is_none() && pages.me(&headers, site).await.is_some_and(|me| me.nickname.as_str() == nickname.trim()) {
        return Redirect::to(LOBBY).into_response();
    }
    let knock = SignInRequest { nickname: nickname.clone(), password, invite: invite.clone(), claim: claim.clone() };
    match pages.house.come_in(knock, peer, site, &headers).await {
        Ok(SignedIn { token, cookies, .. }) => {
            let mut response = match pages.renders.turn().await {
                Ok(turn) => {
                    let packing = Packing::accepted(&headers);
                    let caller = PageCaller { token: Some(token), site, headers };
                    let viewer = pages.viewer(caller, PageQuery::default(), LOBBY, SendOutcome::default()).await;
                    pages.document(turn, packing, viewer).await
                }
                // They are in all the same, and the page can be had later.
                Err(_busy) => Redirect::to(LOBBY).into_response(),
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
            let attempt = JoinAttempt { nickname: Some(nickname), error: Some(code), suggestion, invite, claim };
            // Whoever is in by another name is still asked for this one: so nobody's session is looked up.
            let turn = match pages.renders.turn().await {
                Ok(turn) => turn,
                Err(busy) => return plain_text_error(busy, &headers),
            };
            let packing = Packing::accepted(&headers);
            let caller = PageCaller { token: None, site, headers };
            let viewer = pages.viewer(caller, PageQuery::default(), LOBBY, SendOutcome::default()).await;
            (status, pages.document(turn, packing, InitialState { attempt, ..viewer }).await).into_response()
        }
    }
}
