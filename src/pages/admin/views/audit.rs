//! The audit log, a page of entries at a time.

use leptos::prelude::*;

use crate::{
    domain::{
        AuditEntry, Role, User,
        utc::{for_machines, in_full},
    },
    pages::admin::i18n::AdminTexts,
    ui::kit::user_name::UserName,
};

/// Some entries of the audit log.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct AuditLogPage {
    /// The newest entry comes first.
    pub(in crate::pages::admin) entries: Vec<AuditEntry>,
    pub(in crate::pages::admin) has_older: bool,
    pub(in crate::pages::admin) has_newer: bool,
}

impl AuditLogPage {
    pub(super) fn view(self, t: &'static AdminTexts) -> AnyView {
        let Self { entries, has_older, has_newer } = self;
        let oldest = entries.last().map(|entry| entry.id);
        let empty = entries.is_empty().then(|| view! { <p class="quiet">{t.audit_empty}</p> });
        let rows = entries.into_iter().map(|entry| row(entry, t)).collect_view();
        let newest = has_newer.then(|| view! { <a class="button secondary" href="/admin/audit">{t.newest}</a> });
        let older = oldest.filter(|_| has_older).map(|oldest| {
            view! { <a class="button secondary" href=format!("/admin/audit?before={oldest}")>{t.older}</a> }
        });
        view! {
            <h1>{t.audit}</h1>
            <p class="quiet">{t.audit_intro}</p>
            <ol class="list audit">{rows}</ol>
            {empty}
            <p class="pages">{newest} {older}</p>
        }
        .into_any()
    }
}

fn row(entry: AuditEntry, t: &'static AdminTexts) -> AnyView {
    let AuditEntry { at, actor, action, subject, conversation, until, detail, .. } = entry;
    let name = |user: User| view! { <b><UserName user/></b> }.into_any();
    let actor = actor.map_or_else(|| view! { <b>{t.operator}</b> }.into_any(), name);
    let mut details = Vec::new();
    match (action.as_str(), detail) {
        ("appoint", Some(detail)) => {
            let role = Role::ALL.into_iter().find(|role| role.name() == detail);
            details.extend(role.map(|role| t.role(role).to_owned()));
        }
        ("delete_message" | "close_report", Some(seq)) => details.push(format!("#{seq}")),
        ("ban_network" | "unban_network" | "end_guests", Some(detail)) => details.push(detail),
        _ => {}
    }
    if conversation.is_some() {
        details.push(t.in_the_lobby.to_owned());
    }
    if let Some(until) = until {
        details.push((t.until)(&in_full(until)));
    }
    let details = (!details.is_empty()).then(|| view! { <small class="quiet">{details.join(" · ")}</small> });
    view! {
        <li>
            <time class="quiet small" datetime=for_machines(at)>{in_full(at)}</time>
            <p>
                {actor} " " {(t.audit_action)(&action).to_owned()} " " {subject.map(name)}
                " "
                {details}
            </p>
        </li>
    }
    .into_any()
}
