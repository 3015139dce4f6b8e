//! The sanctions that an admin page lists.

use crate::{
    domain::{Action, User},
    pages::admin::{request::AdminRequest, views::sanctions::ActiveSanction},
    server::{PageError, PagesApi},
};

/// The active mutes and bans of the users that `is_listed` accepts, and whether the viewer may lift each of them.
pub(super) async fn active_sanctions(
    request: &AdminRequest,
    is_listed: impl Fn(&User) -> bool,
) -> Result<Vec<ActiveSanction>, PageError> {
    let AdminRequest { me, api, .. } = request;
    let sanctions = api.sanctions(me).await?.into_iter().filter(|sanction| is_listed(&sanction.user));
    let sanctions = sanctions.map(|sanction| {
        let allowed = PagesApi::allowed_actions(me, &sanction.user);
        let may_lift = if sanction.action == Action::Ban { allowed.ban } else { allowed.mute };
        ActiveSanction { sanction, may_lift }
    });
    Ok(sanctions.collect())
}
