//! `/admin/invites`: invite links, and a form that creates one.

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
            request::{AdminRequest, not_found, query_value},
            views::{
                admin_page::AdminPage,
                invites::{InvitesPage, NewInviteLink},
                outcome::ActionOutcome,
            },
        },
        form::Fields,
    },
    protocol::InviteRequest,
    server::PageError,
};

/// What the form contains at first: an invite for one user, valid for a day.
const DEFAULT_REQUEST: InviteRequest = InviteRequest { minutes: Some(24 * 60), uses: Some(1) };

pub(super) async fn show(request: AdminRequest, uri: Uri) -> Response {
    let revoked = query_value(&uri, "done").is_some();
    respond(request, StatusCode::OK, |page| InvitesPage { revoked, ..page }).await
}

/// Creates an invite. The response itself shows the link, which must not be part of an address.
pub(super) async fn create(request: AdminRequest, body: Result<Bytes, BytesRejection>) -> Response {
    let submitted = Fields::read(body)
        .and_then(|fields| Ok(InviteRequest { minutes: fields.number("minutes")?, uses: fields.number("uses")? }));
    let form = submitted.clone().unwrap_or(DEFAULT_REQUEST);
    let result = match submitted {
        Ok(submitted) => request.api.create_invite(&request.me, request.client_addr, &submitted).await,
        Err(error) => Err(error),
    };
    match result {
        Ok((invite, token)) => {
            let url = request.api.invite_url(&token, &request.headers, request.site.scheme);
            let new_link = NewInviteLink { url, expires_at: invite.expires_at, max_uses: invite.most_uses };
            respond(request, StatusCode::CREATED, |page| InvitesPage { new_link: Some(new_link), ..page }).await
        }
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            respond(request, status, |page| InvitesPage { outcome, form, ..page }).await
        }
    }
}

pub(super) async fn revoke(request: AdminRequest, id: Result<Path<InviteId>, PathRejection>) -> Response {
    let result = match id {
        Ok(Path(id)) => request.api.revoke_invite(&request.me, request.client_addr, id).await,
        Err(_) => Err(not_found()),
    };
    match result {
        Ok(()) => Redirect::to("/admin/invites?done=revoke").into_response(),
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            respond(request, status, |page| InvitesPage { outcome, ..page }).await
        }
    }
}

/// Renders the page; `with_outcome` adds the result of the last action.
async fn respond(
    request: AdminRequest,
    status: StatusCode,
    with_outcome: impl FnOnce(InvitesPage) -> InvitesPage,
) -> Response {
    match request.api.invites(&request.me).await {
        Ok(listed) => {
            let policy = request.api.admission_policy();
            let page =
                InvitesPage { policy, listed, new_link: None, revoked: false, outcome: None, form: DEFAULT_REQUEST };
            request.render(status, AdminPage::Invites(with_outcome(page))).await
        }
        Err(error) => request.render_error(error).await,
    }
}
