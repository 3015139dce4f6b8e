//! Active mutes and bans.

use leptos::prelude::*;

use crate::{
    domain::{
        Action, CommandId, ConversationId, Sanction, Timestamp,
        utc::{for_machines, in_full},
    },
    pages::admin::{i18n::AdminTexts, time_left::TimeLeft},
    ui::{
        i18n::texts,
        kit::{avatar::Avatar, user_name::UserName},
    },
};

/// An active mute or ban.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct ActiveSanction {
    pub(in crate::pages::admin) sanction: Sanction,
    /// Whether the reader may lift it.
    pub(in crate::pages::admin) may_lift: bool,
}

impl ActiveSanction {
    /// A list row: the sanction, the time left, and a button that lifts it. `with_name` is for a list of several users: the row
    /// then links to its user, and lifting the sanction leads back to the list.
    pub(super) fn row(self, with_name: bool, t: &'static AdminTexts) -> AnyView {
        let Sanction { user, action, conversation, until } = self.sanction;
        let name = texts().name_in(&user.nickname).to_string();
        let address = format!("/admin/users/{}", user.id);
        let (lifting, label) = match action {
            Action::Ban => (Action::Unban, t.unban),
            _ => (Action::Unmute, t.unmute),
        };
        let lift = self.may_lift.then(|| {
            view! {
                <form method="post" action=address.clone()>
                    <input type="hidden" name="id" value=CommandId::generate().to_string()/>
                    <input type="hidden" name="action" value=lifting.name()/>
                    <input type="hidden" name="scope" value=scope(conversation)/>
                    {with_name.then(|| view! { <input type="hidden" name="from" value="list"/> })}
                    <button type="submit" class="button secondary small" aria-label=format!("{label}: {name}")>{label}</button>
                </form>
            }
        });
        let user_link = with_name.then(|| {
            view! {
                <a class="user-link" href=address>
                    <Avatar id=user.id nickname=user.nickname.clone() small=true/>
                    <UserName user class="name"/>
                </a>
            }
        });
        view! {
            <li class="sanction">
                {user_link}
                <p class="small">
                    <b>{if action == Action::Ban { t.banned } else { t.muted }}</b>
                    " "
                    {if conversation.is_some() { t.in_the_lobby } else { t.on_the_server }}
                    <span class="quiet">" · " {end(until, t)}</span>
                </p>
                {lift}
            </li>
        }
        .into_any()
    }
}

/// The value of the form field `scope`.
fn scope(room: Option<ConversationId>) -> &'static str {
    if room.is_some() { "lobby" } else { "server" }
}

/// When something ends, as the time that is left.
pub(super) fn end(until: Option<Timestamp>, t: &'static AdminTexts) -> AnyView {
    match until {
        None => t.until_lifted.into_any(),
        Some(until) => {
            let left = (t.time_left)(TimeLeft::until(until));
            view! { <time datetime=for_machines(until) title=in_full(until)>{left}</time> }.into_any()
        }
    }
}
