//! `/admin/invites`: links that let people in.

use axum::{
    body::Bytes,
    extract::{
        Path,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    domain::InviteId,
    pages::{
        admin::{
            AdminRequest, missing, typed,
            views::{ActionOutcome, Invites, Made, Screen},
        },
        form::Fields,
    },
    protocol::InviteRequest,
    server::PageError,
};

/// What is offered at first: for a day, for one.
const OFFERED: InviteRequest = InviteRequest { minutes: Some(24 * 60), uses: Some(1) };

pub(crate) async fn show(visitor: AdminRequest, uri: Uri) -> Response {
    let revoked = typed(&uri, "done").is_some();
    answer(visitor, StatusCode::OK, |invites| Invites { revoked, ..invites }).await
}

/// Makes an invite. The answer itself shows its link: nowhere else may it stand.
pub(crate) async fn make(visitor: AdminRequest, body: Result<Bytes, BytesRejection>) -> Response {
    let asked = Fields::read(body)
        .and_then(|fields| Ok(InviteRequest { minutes: fields.number("minutes")?, uses: fields.number("uses")? }));
    let wish = asked.clone().unwrap_or(OFFERED);
    let made = match asked {
        Ok(asked) => visitor.house.invite(&visitor.me, &asked).await,
        Err(refused) => Err(refused),
    };
    match made {
        Ok((invite, token)) => {
            let link = visitor.house.link_of_invite(&token, &visitor.headers, visitor.site.scheme);
            let made = Made { link, expires_at: invite.expires_at, most_uses: invite.most_uses };
            answer(visitor, StatusCode::CREATED, |invites| Invites { made: Some(made), ..invites }).await
        }
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            answer(visitor, status, |invites| Invites { outcome, wish, ..invites }).await
        }
    }
}

pub(crate) async fn revoke(visitor: AdminRequest, id: Result<Path<InviteId>, PathRejection>) -> Response {
    let revoked = match id {
        Ok(Path(id)) => visitor.house.revoke_invite(&visitor.me, id).await,
        Err(_) => Err(missing()),
    };
    match revoked {
        Ok(()) => Redirect::to("/admin/invites?done=revoke").into_response(),
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            answer(visitor, status, |invites| Invites { outcome, ..invites }).await
        }
    }
}

/// The page, with what has just happened.
async fn answer(visitor: AdminRequest, status: StatusCode, news: impl FnOnce(Invites) -> Invites) -> Response {
    match visitor.house.invites(&visitor.me).await {
        Ok(list) => {
            let entry = visitor.house.entry();
            let invites = Invites { entry, list, made: None, revoked: false, outcome: None, wish: OFFERED };
            visitor.render(status, Screen::Invites(news(invites))).await
        }
        Err(refused) => visitor.close(refused).await,
    }
}
