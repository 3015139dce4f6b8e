//! What somebody may not do at the moment, with a way to lift it.

use leptos::prelude::*;

use crate::{
    domain::{
        Action, CommandId, ConversationId, Sanction, Timestamp,
        utc::{for_machines, in_full},
    },
    pages::admin::{i18n::Words, views::time::TimeLeft},
    ui::{
        i18n::texts,
        kit::{avatar::Face, user_name::Name},
    },
};

/// A mute or a ban that holds.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    /// Which.
    pub sanction: Sanction,
    /// Whether the reader may lift it.
    pub may_lift: bool,
}

impl InForce {
    /// A row of a list: what it is, for how long yet, and a button. `with_name` where the rows are about many users;
    /// then the button leads back to that list.
    pub(crate) fn row(self, with_name: bool, w: &'static Words) -> AnyView {
        let Sanction { user, action, conversation, until } = self.sanction;
        let name = texts().name_in(&user.nickname).to_string();
        let address = format!("/admin/users/{}", user.id);
        let (deed, label) = match action {
            Action::Ban => (Action::Unban, w.unban),
            _ => (Action::Unmute, w.unmute),
        };
        let lift = self.may_lift.then(|| {
            view! {
                <form method="post" action=address.clone()>
                    <input type="hidden" name="id" value=CommandId::generate().to_string()/>
                    <input type="hidden" name="action" value=deed.name()/>
                    <input type="hidden" name="scope" value=scope(conversation)/>
                    {with_name.then(|| view! { <input type="hidden" name="from" value="list"/> })}
                    <button type="submit" class="button secondary small" aria-label=format!("{label}: {name}")>{label}</button>
                </form>
            }
        });
        let who = with_name.then(|| {
            view! {
                <a class="user-link" href=address>
                    <Face id=user.id nickname=user.nickname.clone() small=true/>
                    <Name user class="name"/>
                </a>
            }
        });
        view! {
            <li class="in-force">
                {who}
                <p class="small">
                    <b>{if action == Action::Ban { w.banned } else { w.muted }}</b>
                    " "
                    {if conversation.is_some() { w.in_the_lobby } else { w.in_the_house }}
                    <span class="quiet">" · " {end(until, w)}</span>
                </p>
                {lift}
            </li>
        }
        .into_any()
    }
}

/// Where it holds, as the forms say it.
fn scope(room: Option<ConversationId>) -> &'static str {
    if room.is_some() { "lobby" } else { "server" }
}

/// For how long yet.
pub(crate) fn end(until: Option<Timestamp>, w: &'static Words) -> AnyView {
    match until {
        None => w.until_lifted.into_any(),
        Some(until) => {
            let left = (w.left)(TimeLeft::until(until));
            view! { <time datetime=for_machines(until) title=in_full(until)>{left}</time> }.into_any()
        }
    }
}
