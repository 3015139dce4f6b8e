//! The document of an admin page: head, navigation, content.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::Role,
    pages::admin::{
        i18n::{AdminTexts, admin_texts},
        views::{
            admin_page::{AdminPage, AdminViewer},
            outcome::refusal,
        },
    },
    protocol::ErrorCode,
    ui::{AssetNames, context::preferences::LanguageChoice, i18n::texts, kit::icons},
};

/// The document of `page` for this reader.
pub(in crate::pages::admin) fn document(
    viewer: AdminViewer,
    files: &AssetNames,
    page: AdminPage,
) -> impl IntoView + use<> {
    let AdminViewer { me, language, theme, open_reports } = viewer;
    // The contexts that components shared with the chat page expect.
    provide_context(RwSignal::new(language));
    provide_context(ClientStore::new(None));
    let t = admin_texts(language);
    let (title, content) = match page {
        AdminPage::Users(page) => (t.users, page.view(&me, t)),
        AdminPage::User(page) => (t.users, page.view(t)),
        AdminPage::Reports(page) => (t.reports, page.view(t)),
        AdminPage::Invites(page) => (t.invites, page.view(t)),
        AdminPage::Audit(page) => (t.audit, page.view(t)),
        AdminPage::Error(code) => (t.title, error(code, me.role, t)),
    };
    let AssetNames { stylesheet, admin_stylesheet, .. } = files.clone();
    let (lang, theme) = (language.tag(), theme.name());
    view! {
        <!DOCTYPE html>
        <html lang=lang data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="robots" content="noindex"/>
                <title>{format!("{title} · Teahouse")}</title>
                <link rel="stylesheet" href=stylesheet/>
                <link rel="stylesheet" href=admin_stylesheet/>
                <link rel="icon" href="/icon/0.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
            </head>
            <body class="admin">
                <header class="admin-head">
                    <a class="icon-button" href="/talk/lobby" aria-label=t.back_to_chat title=t.back_to_chat>
                        {icons::back()}
                    </a>
                    <span class="logo">{icons::cup()}</span>
                    <p class="admin-title">{t.title}</p>
                    {tabs(me.role, open_reports, title, t)}
                </header>
                <main class="admin-main">{content}</main>
                <footer class="admin-foot"><LanguageChoice/></footer>
            </body>
        </html>
    }
}

/// Links to the pages that this role may see.
fn tabs(role: Role, open_reports: u64, title: &str, t: &'static AdminTexts) -> Option<AnyView> {
    let tab = |name: &'static str, address: &'static str| {
        let count = (name == t.reports && open_reports > 0)
            .then(|| view! { " " <b class="count">{open_reports.to_string()}</b> });
        view! { <a href=address aria-current=(name == title).then_some("page")><span>{name} {count}</span></a> }
            .into_any()
    };
    let tabs = match role {
        Role::Member => return None,
        Role::Moderator => vec![tab(t.users, "/admin"), tab(t.reports, "/admin/reports")],
        Role::Owner => {
            vec![
                tab(t.users, "/admin"),
                tab(t.reports, "/admin/reports"),
                tab(t.invites, "/admin/invites"),
                tab(t.audit, "/admin/audit"),
            ]
        }
    };
    Some(view! { <nav class="tabs" aria-label=t.title>{tabs}</nav> }.into_any())
}

fn error(code: ErrorCode, role: Role, t: &'static AdminTexts) -> AnyView {
    let (heading, reason) = match code {
        ErrorCode::Forbidden => {
            (t.no_access, (if role == Role::Member { t.moderators_only } else { t.owners_only }).to_owned())
        }
        ErrorCode::UnknownUser | ErrorCode::NotFound => (texts().conversation.not_found, t.no_such_user.to_owned()),
        code => (t.unavailable, refusal(code, t)),
    };
    view! {
        <section class="admin-denied">
            <h1>{heading}</h1>
            <p class="quiet">{reason}</p>
            <p><a class="button secondary" href="/talk/lobby">{t.back_to_chat}</a></p>
        </section>
    }
    .into_any()
}
