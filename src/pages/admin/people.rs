//! `/admin`: who there is, and who is muted or banned. A name that is looked for comes by a form and stands in no address.

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
            AdminRequest, typed,
            views::{ActionOutcome, InForce, People, Screen},
        },
        form::Fields,
    },
    server::{PageError, PagesApi},
};

/// How many people a page shows.
const SHOWN: usize = 100;

pub(crate) async fn show(visitor: AdminRequest, uri: Uri) -> Response {
    let done = typed(&uri, "done").and_then(|done| Action::ALL.into_iter().find(|action| action.name() == done));
    answer(visitor, String::new(), done.map(ActionOutcome::Done)).await
}

/// The same, of those in whose name the form's text can be found.
pub(crate) async fn find(visitor: AdminRequest, body: Result<Bytes, BytesRejection>) -> Response {
    match Fields::read(body) {
        Ok(fields) => answer(visitor, fields.text("q").unwrap_or_default(), None).await,
        Err(refused) => visitor.close(refused).await,
    }
}

async fn answer(visitor: AdminRequest, wanted: String, outcome: Option<ActionOutcome>) -> Response {
    match people(&visitor, wanted).await {
        Ok(people) => visitor.render(StatusCode::OK, Screen::People(People { outcome, ..people })).await,
        Err(refused) => visitor.close(refused).await,
    }
}

async fn people(visitor: &AdminRequest, wanted: String) -> Result<People, PageError> {
    let AdminRequest { me, house, .. } = visitor;
    let limit = u32::try_from(SHOWN + 1).unwrap_or(u32::MAX);
    let known = house.find_users(me, &wanted, limit).await?;
    let ((online, _), here) = (house.online(), house.count_here());
    let mut found: Vec<(User, bool)> = Vec::new();
    if wanted.is_empty() {
        // Those who are here come first, however many the house knows.
        found.extend(online.into_iter().map(|user| (user, true)));
    }
    let listed: HashSet<_> = found.iter().map(|(user, _)| user.id).collect();
    let others = known.into_iter().filter(|user| !listed.contains(&user.id));
    found.extend(others.map(|user| {
        let is_here = house.is_here(user.id);
        (user, is_here)
    }));
    found.sort_by_key(|(_, is_here)| !is_here);
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let in_force = in_force(visitor, |_| true).await?;
    Ok(People { wanted, found, more, here, in_force, outcome: None })
}

/// The mutes and bans of those users, with whether the visitor may lift them.
pub(crate) async fn in_force(visitor: &AdminRequest, of: impl Fn(&User) -> bool) -> Result<Vec<InForce>, PageError> {
    let AdminRequest { me, house, .. } = visitor;
    let sanctions = house.sanctions(me).await?.into_iter().filter(|sanction| of(&sanction.user));
    let in_force = sanctions.map(|sanction| {
        let powers = PagesApi::powers(me, &sanction.user);
        let may_lift = if sanction.action == Action::Ban { powers.ban } else { powers.mute };
        InForce { sanction, may_lift }
    });
    Ok(in_force.collect())
}
