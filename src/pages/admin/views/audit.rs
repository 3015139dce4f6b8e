//! What was done with the rights that not everybody has.

use leptos::prelude::*;

use crate::{
    domain::{
        AuditEntry, Role, User,
        utc::{for_machines, in_full},
    },
    pages::admin::i18n::Words,
    ui::kit::user_name::Name,
};

/// A stretch of the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones.
    pub more: bool,
    /// Whether there are newer ones.
    pub is_older: bool,
}

impl Audit {
    pub(crate) fn view(self, w: &'static Words) -> AnyView {
        let Self { entries, more, is_older } = self;
        let oldest = entries.last().map(|entry| entry.id);
        let nothing = entries.is_empty().then(|| view! { <p class="quiet">{w.nothing_done}</p> });
        let rows = entries.into_iter().map(|entry| row(entry, w)).collect_view();
        let newest = is_older.then(|| view! { <a class="button secondary" href="/admin/audit">{w.newest}</a> });
        let older = oldest.filter(|_| more).map(|oldest| {
            view! { <a class="button secondary" href=format!("/admin/audit?before={oldest}")>{w.older}</a> }
        });
        view! {
            <h1>{w.audit}</h1>
            <p class="quiet">{w.audit_means}</p>
            <ol class="list audit">{rows}</ol>
            {nothing}
            <p class="pages">{newest} {older}</p>
        }
        .into_any()
    }
}

fn row(entry: AuditEntry, w: &'static Words) -> AnyView {
    let AuditEntry { at, actor, action, subject, conversation, until, detail, .. } = entry;
    let name = |user: User| view! { <b><Name user/></b> }.into_any();
    let actor = actor.map_or_else(|| view! { <b>{w.host}</b> }.into_any(), name);
    let mut more = Vec::new();
    match (action.as_str(), detail) {
        ("appoint", Some(detail)) => {
            let role = Role::ALL.into_iter().find(|role| role.name() == detail);
            more.extend(role.map(|role| w.role(role).to_owned()));
        }
        ("delete_message" | "close_report", Some(seq)) => more.push(format!("#{seq}")),
        _ => {}
    }
    if conversation.is_some() {
        more.push(w.in_the_lobby.to_owned());
    }
    if let Some(until) = until {
        more.push((w.until)(&in_full(until)));
    }
    let more = (!more.is_empty()).then(|| view! { <small class="quiet">{more.join(" · ")}</small> });
    view! {
        <li>
            <time class="quiet small" datetime=for_machines(at)>{in_full(at)}</time>
            <p>
                {actor} " " {(w.deed)(&action).to_owned()} " " {subject.map(name)}
                " "
                {more}
            </p>
        </li>
    }
    .into_any()
}
