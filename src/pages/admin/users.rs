//! `/admin`: all users, a search by nickname, and all active mutes and bans.
//!
//! The search is a POST, so that the nickname does not become part of an address, which proxies may log.

use std::collections::HashSet;

use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{StatusCode, Uri},
    response::Response,
};

use crate::{
    domain::{Action, User},
    pages::{
        admin::{
            request::{AdminRequest, query_value},
            sanctions::active_sanctions,
            views::{admin_page::AdminPage, outcome::ActionOutcome, users::UsersPage},
        },
        form::Fields,
    },
    server::PageError,
};

/// How many users the page lists.
const MAX_LISTED: usize = 100;

pub(super) async fn show(request: AdminRequest, uri: Uri) -> Response {
    let done = query_value(&uri, "done").and_then(|done| Action::ALL.into_iter().find(|action| action.name() == done));
    respond(request, String::new(), done.map(ActionOutcome::Done)).await
}

/// Lists the users whose nickname contains the text of the form.
pub(super) async fn search(request: AdminRequest, body: Result<Bytes, BytesRejection>) -> Response {
    match Fields::read(body) {
        Ok(fields) => respond(request, fields.text("q").unwrap_or_default(), None).await,
        Err(error) => request.render_error(error).await,
    }
}

async fn respond(request: AdminRequest, search: String, outcome: Option<ActionOutcome>) -> Response {
    match users(&request, search).await {
        Ok(page) => request.render(StatusCode::OK, AdminPage::Users(UsersPage { outcome, ..page })).await,
        Err(error) => request.render_error(error).await,
    }
}

async fn users(request: &AdminRequest, search: String) -> Result<UsersPage, PageError> {
    let AdminRequest { me, api, .. } = request;
    let limit = u32::try_from(MAX_LISTED + 1).unwrap_or(u32::MAX);
    let matching = api.find_users(me, &search, limit).await?;
    let ((online, _), online_count) = (api.online_users(), api.online_count());
    let mut listed: Vec<(User, bool)> = Vec::new();
    if search.is_empty() {
        // Online users come first, even where the store has more users than the page lists.
        listed.extend(online.into_iter().map(|user| (user, true)));
    }
    let online_ids: HashSet<_> = listed.iter().map(|(user, _)| user.id).collect();
    let others = matching.into_iter().filter(|user| !online_ids.contains(&user.id));
    listed.extend(others.map(|user| {
        let is_online = api.is_online(user.id);
        (user, is_online)
    }));
    listed.sort_by_key(|(_, is_online)| !is_online);
    let has_more = listed.len() > MAX_LISTED;
    listed.truncate(MAX_LISTED);
    let sanctions = active_sanctions(request, |_| true).await?;
    Ok(UsersPage { search, listed, has_more, online_count, sanctions, outcome: None })
}
