//! Invite links, and the form that creates one.

use leptos::prelude::*;

use crate::{
    domain::{
        AdmissionPolicy, Invite, Timestamp,
        utc::{for_machines, in_full},
    },
    pages::admin::{
        i18n::AdminTexts,
        views::{
            outcome::{ActionOutcome, outcome},
            qr_code,
            sanctions::end,
        },
    },
    protocol::InviteRequest,
    ui::i18n::{InSentence, texts},
};

/// The lifetimes that the form offers, in minutes.
const LIFETIMES: [u32; 4] = [60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60];

/// The valid invites, and the form for another one.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct InvitesPage {
    /// The server's sign-up policy, which says what invites are good for.
    pub(in crate::pages::admin) policy: AdmissionPolicy,
    pub(in crate::pages::admin) listed: Vec<Invite>,
    /// The link of the invite that was just created.
    pub(in crate::pages::admin) new_link: Option<NewInviteLink>,
    /// Whether an invite was just revoked.
    pub(in crate::pages::admin) revoked: bool,
    pub(in crate::pages::admin) outcome: Option<ActionOutcome>,
    /// What the form contains: the defaults, or what was refused.
    pub(in crate::pages::admin) form: InviteRequest,
}

/// The link of an invite that was just created. It is shown only this once.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct NewInviteLink {
    pub(in crate::pages::admin) url: String,
    pub(in crate::pages::admin) expires_at: Option<Timestamp>,
    pub(in crate::pages::admin) max_uses: Option<u32>,
}

impl InvitesPage {
    pub(super) fn view(self, t: &'static AdminTexts) -> AnyView {
        let Self { policy, listed, new_link, revoked, outcome: result, form: values } = self;
        let intro = match policy {
            AdmissionPolicy::Open => t.policy_open,
            AdmissionPolicy::Invite => t.policy_invite,
            AdmissionPolicy::Registered => t.policy_registered,
        };
        let revoked = revoked.then(|| view! { <p class="outcome done" role="status">{t.revoked}</p> });
        let empty = listed.is_empty().then(|| view! { <p class="quiet small">{t.no_invites}</p> });
        let rows = listed.into_iter().map(|invite| row(invite, t)).collect_view();
        view! {
            <h1>{t.invites}</h1>
            <p class="quiet">{intro}</p>
            {outcome(result, t)}
            {revoked}
            {new_link.map(|link| link.view(t))}
            {form(&values, t)}
            <section aria-labelledby="valid">
                <h2 id="valid">{t.valid_invites}</h2>
                <ul class="list">{rows}</ul>
                {empty}
            </section>
        }
        .into_any()
    }
}

fn form(values: &InviteRequest, t: &'static AdminTexts) -> AnyView {
    let lifetime = |minutes: Option<u32>| {
        let text = minutes.map_or_else(|| t.no_expiry.to_owned(), t.duration);
        let value = minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
        view! { <option value=value selected=values.minutes == minutes>{text}</option> }.into_any()
    };
    let lifetimes: Vec<AnyView> = LIFETIMES.into_iter().map(Some).chain([None]).map(lifetime).collect();
    let uses = values.uses.map(|uses| uses.to_string()).unwrap_or_default();
    view! {
        <form class="action-form" method="post" action="/admin/invites" aria-labelledby="new-invite">
            <h2 id="new-invite">{t.new_invite}</h2>
            <p class="quiet small">{t.invite_effect}</p>
            <div class="side-by-side">
                <p class="fields">
                    <label for="minutes">{t.valid_for}</label>
                    <select id="minutes" class="field" name="minutes">{lifetimes}</select>
                </p>
                <p class="fields">
                    <label for="uses">{t.max_uses}</label>
                    <input id="uses" class="field" type="number" name="uses" min="1" max="1000000" inputmode="numeric"
                        value=uses placeholder=t.no_limit/>
                </p>
            </div>
            <button type="submit" class="button">{t.create_invite}</button>
        </form>
    }
    .into_any()
}

impl NewInviteLink {
    fn view(self, t: &'static AdminTexts) -> AnyView {
        let Self { url, expires_at, max_uses } = self;
        let picture = qr_code::picture(&url, t.qr_code);
        let href = url.clone();
        view! {
            <section class="new-link" aria-labelledby="new-link">
                {picture}
                <div>
                    <h2 id="new-link">{t.invite_created}</h2>
                    <p class="invite-link"><a href=href>{url}</a></p>
                    <p class="small">{t.shown_once}</p>
                    <p class="quiet small">{(t.uses)(0, max_uses)} " · " {expiry(expires_at, t)}</p>
                </div>
            </section>
        }
        .into_any()
    }
}

fn row(invite: Invite, t: &'static AdminTexts) -> AnyView {
    let Invite { id, created_at, created_by, expires_at, most_uses, uses } = invite;
    let by = created_by.map_or_else(|| t.operator.to_owned(), |user| texts().name_of(&user.nickname).to_owned());
    let created = in_full(created_at);
    let revoke = format!("{}: {}, {created}", t.revoke, InSentence(&by));
    view! {
        <li class="invite">
            <p>
                <b>{(t.uses)(uses, most_uses)}</b>
                " · "
                {expiry(expires_at, t)}
                <br/>
                <small class="quiet">
                    <bdi>{by}</bdi> " · " <time datetime=for_machines(created_at)>{created}</time>
                </small>
            </p>
            <form method="post" action=format!("/admin/invites/{id}")>
                <button type="submit" class="button secondary small" aria-label=revoke>
                    {t.revoke}
                </button>
            </form>
        </li>
    }
    .into_any()
}

/// How long an invite is still valid.
fn expiry(expires_at: Option<Timestamp>, t: &'static AdminTexts) -> AnyView {
    match expires_at {
        None => t.no_expiry.into_any(),
        some => end(some, t),
    }
}
