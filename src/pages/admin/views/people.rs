//! Who there is, and who is muted or banned.

use leptos::prelude::*;

use crate::{
    domain::{CurrentUser, MAX_NICKNAME_CHARACTERS, Role, User},
    pages::admin::{
        i18n::Words,
        views::{ActionOutcome, InForce, outcome},
    },
    ui::{
        i18n::{InSentence, sentence, texts},
        kit::{avatar::Face, user_name::Name},
    },
};

/// Who there is, and who is muted or banned.
#[derive(Clone, Debug)]
pub(crate) struct People {
    /// What was looked for; empty for everybody.
    pub wanted: String,
    /// Who was found, and whether they are here.
    pub found: Vec<(User, bool)>,
    /// Whether there are more.
    pub more: bool,
    /// How many are here.
    pub here: u64,
    /// Who may not do what.
    pub in_force: Vec<InForce>,
    /// What became of what was asked for.
    pub outcome: Option<ActionOutcome>,
}

impl People {
    pub(crate) fn view(self, me: &CurrentUser, w: &'static Words) -> AnyView {
        let t = texts();
        let Self { wanted, found, more, here, in_force, outcome: became } = self;
        let in_force = (!in_force.is_empty()).then(|| {
            let rows = in_force.into_iter().map(|one| one.row(true, w)).collect_view();
            view! {
                <section aria-labelledby="in-force">
                    <h2 id="in-force">{w.in_force}</h2>
                    <ul class="list">{rows}</ul>
                </section>
            }
        });
        let is_everybody = wanted.is_empty();
        let hint = match (found.len(), more) {
            (0, _) => Some((t.unknown_user)(InSentence(&wanted))),
            (shown, true) => Some((w.first_of_many)(shown)),
            _ => None,
        };
        let rows = found.into_iter().map(|(user, is_here)| row(user, is_here, me, w)).collect_view();
        let everybody = (!is_everybody).then(|| view! { <a class="small" href="/admin">{w.everybody}</a> });
        view! {
            <h1>{w.people}</h1>
            {outcome(became, w)}
            {in_force}
            <section aria-labelledby="found">
                <h2 id="found">{w.everybody} " " <small class="quiet">{(t.here)(here)}</small></h2>
                <form class="search" method="post" action="/admin" role="search">
                    <label class="visually-hidden" for="wanted">{w.find}</label>
                    <input
                        id="wanted"
                        class="field"
                        type="search"
                        name="q"
                        value=wanted
                        placeholder=w.find
                        maxlength=MAX_NICKNAME_CHARACTERS.to_string()
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                    />
                    <button type="submit" class="button secondary">{w.search}</button>
                </form>
                <ul class="list">{rows}</ul>
                <p class="quiet small">{hint.map(|hint| sentence(&hint))}</p>
                {everybody}
            </section>
        }
        .into_any()
    }
}

fn row(user: User, is_here: bool, me: &CurrentUser, w: &'static Words) -> AnyView {
    let (what, address) = (w.standing(&user), format!("/admin/users/{}", user.id));
    let is_me = (user.id == me.id).then(|| format!(" ({})", texts().you));
    view! {
        <li>
            <a class="user-link" href=address>
                <Face id=user.id nickname=user.nickname.clone() small=true here=is_here/>
                // The role stands beside it.
                <Name user=User { role: Role::Member, ..user } class="name"/>
                <span class="quiet small">{what} {is_me}</span>
            </a>
        </li>
    }
    .into_any()
}
