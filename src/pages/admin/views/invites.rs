//! Links that let people in.

use leptos::prelude::*;

use crate::{
    domain::{
        AdmissionPolicy, Invite, Timestamp,
        utc::{for_machines, in_full},
    },
    pages::admin::{
        i18n::Words,
        views::{ActionOutcome, outcome, qr, sanction::end},
    },
    protocol::InviteRequest,
    ui::i18n::{InSentence, texts},
};

/// The lives that are offered, in minutes.
const LIVES: [u32; 4] = [60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60];

/// Those that still let somebody in, and a form for another one.
#[derive(Clone, Debug)]
pub(crate) struct Invites {
    /// Who may come in anyway.
    pub entry: AdmissionPolicy,
    /// Those there are.
    pub list: Vec<Invite>,
    /// The one that was just made.
    pub made: Option<Made>,
    /// Whether one was just revoked.
    pub revoked: bool,
    /// What became of what was asked for.
    pub outcome: Option<ActionOutcome>,
    /// What was asked for, or what is offered at first.
    pub wish: InviteRequest,
}

/// An invite that was just made. Its link is shown this once.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The whole link.
    pub link: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// How many it lets in.
    pub most_uses: Option<u32>,
}

impl Invites {
    pub(crate) fn view(self, w: &'static Words) -> AnyView {
        let Self { entry, list, made, revoked, outcome: became, wish } = self;
        let who = match entry {
            AdmissionPolicy::Open => w.entry_open,
            AdmissionPolicy::Invite => w.entry_invite,
            AdmissionPolicy::Registered => w.entry_registered,
        };
        let revoked = revoked.then(|| view! { <p class="outcome done" role="status">{w.revoked}</p> });
        let nothing = list.is_empty().then(|| view! { <p class="quiet small">{w.no_invites}</p> });
        let rows = list.into_iter().map(|invite| row(invite, w)).collect_view();
        view! {
            <h1>{w.invites}</h1>
            <p class="quiet">{who}</p>
            {outcome(became, w)}
            {revoked}
            {made.map(|made| made.view(w))}
            {form(&wish, w)}
            <section aria-labelledby="valid">
                <h2 id="valid">{w.valid_invites}</h2>
                <ul class="list">{rows}</ul>
                {nothing}
            </section>
        }
        .into_any()
    }
}

fn form(wish: &InviteRequest, w: &'static Words) -> AnyView {
    let life = |minutes: Option<u32>| {
        let words = minutes.map_or_else(|| w.for_ever.to_owned(), w.span);
        let value = minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
        view! { <option value=value selected=wish.minutes == minutes>{words}</option> }.into_any()
    };
    let lives: Vec<AnyView> = LIVES.into_iter().map(Some).chain([None]).map(life).collect();
    let uses = wish.uses.map(|uses| uses.to_string()).unwrap_or_default();
    view! {
        <form class="action-form" method="post" action="/admin/invites" aria-labelledby="new-invite">
            <h2 id="new-invite">{w.new_invite}</h2>
            <p class="quiet small">{w.invite_means}</p>
            <div class="side-by-side">
                <p class="fields">
                    <label for="minutes">{w.valid_for}</label>
                    <select id="minutes" class="field" name="minutes">{lives}</select>
                </p>
                <p class="fields">
                    <label for="uses">{w.lets_in}</label>
                    <input id="uses" class="field" type="number" name="uses" min="1" max="1000000" inputmode="numeric"
                        value=uses placeholder=w.no_limit/>
                </p>
            </div>
            <button type="submit" class="button">{w.make_invite}</button>
        </form>
    }
    .into_any()
}

impl Made {
    fn view(self, w: &'static Words) -> AnyView {
        let Self { link, expires_at, most_uses } = self;
        let picture = qr::picture(&link, w.qr);
        let address = link.clone();
        view! {
            <section class="new-link" aria-labelledby="made">
                {picture}
                <div>
                    <h2 id="made">{w.made}</h2>
                    <p class="invite-link"><a href=address>{link}</a></p>
                    <p class="small">{w.shown_once}</p>
                    <p class="quiet small">{(w.uses_of)(0, most_uses)} " · " {limit(expires_at, w)}</p>
                </div>
            </section>
        }
        .into_any()
    }
}

fn row(invite: Invite, w: &'static Words) -> AnyView {
    let Invite { id, created_at, created_by, expires_at, most_uses, uses } = invite;
    let by = created_by.map_or_else(|| w.host.to_owned(), |user| texts().name_of(&user.nickname).to_owned());
    let made = in_full(created_at);
    let revoke = format!("{}: {}, {made}", w.revoke, InSentence(&by));
    view! {
        <li class="invite">
            <p>
                <b>{(w.uses_of)(uses, most_uses)}</b>
                " · "
                {limit(expires_at, w)}
                <br/>
                <small class="quiet">
                    <bdi>{by}</bdi> " · " <time datetime=for_machines(created_at)>{made}</time>
                </small>
            </p>
            <form method="post" action=format!("/admin/invites/{id}")>
                <button type="submit" class="button secondary small" aria-label=revoke>
                    {w.revoke}
                </button>
            </form>
        </li>
    }
    .into_any()
}

/// When an invite ends.
fn limit(expires_at: Option<Timestamp>, w: &'static Words) -> AnyView {
    match expires_at {
        None => w.for_ever.into_any(),
        some => end(some, w),
    }
}
