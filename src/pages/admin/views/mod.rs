//! The office: where owners and moderators keep order.
//!
//! Rendered by the server alone, with plain forms: compiled for the server only, it costs nobody's browser anything, and
//! works without script.

mod audit;
mod invites;
mod people;
mod person;
mod qr;
mod reports;
mod sanction;
pub(crate) mod time;

use leptos::prelude::*;

use crate::pages::admin::i18n;
use crate::{
    client::Store,
    domain::{Action, CurrentUser, Role},
    pages::admin::i18n::Words,
    protocol::ErrorCode,
    ui::{AssetNames, Language, Theme, i18n::texts, kit::icons, root::app::LanguageChoice},
};

pub(crate) use crate::pages::admin::views::{
    audit::Audit,
    invites::{Invites, Made},
    people::People,
    person::{Person, PersonActions, Wish},
    reports::{ReportRow, Reports},
    sanction::InForce,
};

/// Who reads a page of the office, and how.
#[derive(Clone, Debug)]
pub(crate) struct AdminViewer {
    /// Who.
    pub me: CurrentUser,
    /// In which language.
    pub language: Language,
    /// In which theme.
    pub theme: Theme,
    /// How many reports wait for them.
    pub reports: u64,
}

/// A page of the office.
#[derive(Clone, Debug)]
pub(crate) enum Screen {
    /// Who there is, and who is muted or banned.
    People(People),
    /// One user, and what can be done to them.
    Person(Box<Person>),
    /// Messages that users have reported.
    Reports(Reports),
    /// Links that let people in.
    Invites(Invites),
    /// What was done.
    Audit(Audit),
    /// Nothing for the reader.
    Closed(ErrorCode),
}

/// What became of what a form asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionOutcome {
    /// It is done.
    Done(Action),
    /// It is not done, and why.
    Refused(ErrorCode),
}

/// The document of a page of the office.
pub(crate) fn office(reader: AdminViewer, files: &AssetNames, screen: Screen) -> impl IntoView + use<> {
    let AdminViewer { me, language, theme, reports } = reader;
    // What the components of the house, of which some are used here, look for.
    provide_context(RwSignal::new(language));
    provide_context(Store::new(None));
    let w = i18n::of(language);
    let (title, content) = match screen {
        Screen::People(people) => (w.people, people.view(&me, w)),
        Screen::Person(person) => (w.people, person.view(w)),
        Screen::Reports(reports) => (w.reports, reports.view(w)),
        Screen::Invites(invites) => (w.invites, invites.view(w)),
        Screen::Audit(audit) => (w.audit, audit.view(w)),
        Screen::Closed(code) => (w.office, closed(code, me.role, w)),
    };
    let AssetNames { style, office_style, .. } = files.clone();
    let (lang, theme) = (language.tag(), theme.name());
    view! {
        <!DOCTYPE html>
        <html lang=lang data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="robots" content="noindex"/>
                <title>{format!("{title} · Teahouse")}</title>
                <link rel="stylesheet" href=style/>
                <link rel="stylesheet" href=office_style/>
                <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
            </head>
            <body class="admin">
                <header class="admin-head">
                    <a class="icon-button" href="/talk/lobby" aria-label=w.back title=w.back>{icons::back()}</a>
                    <span class="logo">{icons::cup()}</span>
                    <p class="admin-title">{w.office}</p>
                    {tabs(me.role, reports, title, w)}
                </header>
                <main class="admin-main">{content}</main>
                <footer class="admin-foot"><LanguageChoice/></footer>
            </body>
        </html>
    }
}

/// The ways to the other pages; each role sees those that are for it.
fn tabs(role: Role, reports: u64, title: &str, w: &'static Words) -> Option<AnyView> {
    let tab = |name: &'static str, address: &'static str| {
        // How many wait, as far as there are any.
        let count =
            (name == w.reports && reports > 0).then(|| view! { " " <b class="count">{reports.to_string()}</b> });
        view! { <a href=address aria-current=(name == title).then_some("page")><span>{name} {count}</span></a> }
            .into_any()
    };
    let tabs = match role {
        Role::Member => return None,
        Role::Moderator => vec![tab(w.people, "/admin"), tab(w.reports, "/admin/reports")],
        Role::Owner => {
            vec![
                tab(w.people, "/admin"),
                tab(w.reports, "/admin/reports"),
                tab(w.invites, "/admin/invites"),
                tab(w.audit, "/admin/audit"),
            ]
        }
    };
    Some(view! { <nav class="tabs" aria-label=w.office>{tabs}</nav> }.into_any())
}

/// What stands where there is nothing for the reader.
fn closed(code: ErrorCode, role: Role, w: &'static Words) -> AnyView {
    let (heading, why) = match code {
        ErrorCode::Forbidden => {
            (w.closed, (if role == Role::Member { w.closed_why } else { w.owners_only }).to_owned())
        }
        ErrorCode::UnknownUser | ErrorCode::NotFound => (texts().not_found, w.nobody.to_owned()),
        code => (w.not_now, refusal(code, w)),
    };
    view! {
        <section class="admin-denied">
            <h1>{heading}</h1>
            <p class="quiet">{why}</p>
            <p><a class="button secondary" href="/talk/lobby">{w.back}</a></p>
        </section>
    }
    .into_any()
}

/// What became of it, in words.
fn outcome(outcome: Option<ActionOutcome>, w: &'static Words) -> Option<AnyView> {
    Some(match outcome? {
        ActionOutcome::Done(action) => {
            view! { <p class="outcome done" role="status">{(w.done)(action)}</p> }.into_any()
        }
        ActionOutcome::Refused(code) => {
            view! { <p class="outcome refused" role="alert">{w.not_done} " " {refusal(code, w)}</p> }.into_any()
        }
    })
}

/// The server's reason, in the reader's language.
fn refusal(code: ErrorCode, w: &'static Words) -> String {
    match (w.refused)(code) {
        "" => (texts().error)(code),
        words => words.to_owned(),
    }
}
