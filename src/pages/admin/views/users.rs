//! The list of users, with the active mutes and bans.

use leptos::prelude::*;

use crate::{
    domain::{CurrentUser, MAX_NICKNAME_CHARACTERS, Role, User},
    pages::admin::{
        i18n::AdminTexts,
        views::{
            outcome::{ActionOutcome, outcome},
            sanctions::ActiveSanction,
        },
    },
    ui::{
        i18n::{InSentence, texts},
        kit::{avatar::Avatar, sentence::sentence, user_name::UserName},
    },
};

/// The users of the server, or those that a search found.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct UsersPage {
    /// The text of the search; empty for all users.
    pub(in crate::pages::admin) search: String,
    /// Each user, and whether they are online.
    pub(in crate::pages::admin) listed: Vec<(User, bool)>,
    /// Whether there are more users than listed.
    pub(in crate::pages::admin) has_more: bool,
    /// How many users are online.
    pub(in crate::pages::admin) online_count: u64,
    /// All active mutes and bans.
    pub(in crate::pages::admin) sanctions: Vec<ActiveSanction>,
    pub(in crate::pages::admin) outcome: Option<ActionOutcome>,
}

impl UsersPage {
    pub(super) fn view(self, me: &CurrentUser, t: &'static AdminTexts) -> AnyView {
        let page_texts = texts();
        let Self { search, listed, has_more, online_count, sanctions, outcome: result } = self;
        let sanctions = (!sanctions.is_empty()).then(|| {
            let rows = sanctions.into_iter().map(|sanction| sanction.row(true, t)).collect_view();
            view! {
                <section aria-labelledby="sanctions">
                    <h2 id="sanctions">{t.sanctions}</h2>
                    <ul class="list">{rows}</ul>
                </section>
            }
        });
        let is_search = !search.is_empty();
        let hint = match (listed.len(), has_more) {
            (0, _) => Some((page_texts.recipient.unknown_user)(InSentence(&search))),
            (shown, true) => Some((t.first_of_many)(shown)),
            _ => None,
        };
        let rows = listed.into_iter().map(|(user, is_online)| row(user, is_online, me, t)).collect_view();
        let all_users = is_search.then(|| view! { <a class="small" href="/admin">{t.all_users}</a> });
        view! {
            <h1>{t.users}</h1>
            {outcome(result, t)}
            {sanctions}
            <section aria-labelledby="users">
                <h2 id="users">{t.all_users} " " <small class="quiet">{(page_texts.conversation.online_count)(online_count)}</small></h2>
                <form class="search" method="post" action="/admin" role="search">
                    <label class="visually-hidden" for="search">{t.search_label}</label>
                    <input
                        id="search"
                        class="field"
                        type="search"
                        name="q"
                        value=search
                        placeholder=t.search_label
                        maxlength=MAX_NICKNAME_CHARACTERS.to_string()
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                    />
                    <button type="submit" class="button secondary">{t.search}</button>
                </form>
                <ul class="list">{rows}</ul>
                <p class="quiet small">{hint.map(|hint| sentence(&hint))}</p>
                {all_users}
            </section>
        }
        .into_any()
    }
}

fn row(user: User, is_online: bool, me: &CurrentUser, t: &'static AdminTexts) -> AnyView {
    let (role, address) = (t.role_or_guest(&user), format!("/admin/users/{}", user.id));
    let is_me = (user.id == me.id).then(|| format!(" ({})", texts().users.you));
    view! {
        <li>
            <a class="user-link" href=address>
                <Avatar id=user.id nickname=user.nickname.clone() small=true online=is_online/>
                // Without the role, which follows.
                <UserName user=User { role: Role::Member, ..user } class="name"/>
                <span class="quiet small">{role} {is_me}</span>
            </a>
        </li>
    }
    .into_any()
}
