//! One user, and what can be done to them.

use leptos::prelude::*;

use crate::{
    domain::{Action, CommandId, Role, User},
    pages::admin::{
        i18n::Words,
        views::{ActionOutcome, InForce, outcome},
    },
    ui::{
        i18n::{InSentence, sentence, texts},
        kit::{avatar::Face, user_name::Name},
    },
};

/// The spans that are offered, in minutes.
const SPANS: [u32; 3] = [10, 60, 24 * 60];

/// One user, and what can be done to them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Who.
    pub user: User,
    /// Whether they are here.
    pub here: bool,
    /// Whether it is the reader.
    pub is_me: bool,
    /// What the reader may do to them.
    pub powers: PersonActions,
    /// What they may not do.
    pub in_force: Vec<InForce>,
    /// What became of what was asked for.
    pub outcome: Option<ActionOutcome>,
    /// What was asked for, if it was refused: it stands in the form again.
    pub wish: Option<Wish>,
}

/// What the reader may do to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four rights that have nothing to do with one another")]
pub(crate) struct PersonActions {
    /// Take the voice.
    pub mute: bool,
    /// Make leave.
    pub remove: bool,
    /// Keep out.
    pub ban: bool,
    /// Give another role.
    pub appoint: bool,
}

/// What a form asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// What.
    pub action: Action,
    /// Whether in the whole house, not the Lobby alone.
    pub everywhere: bool,
    /// For how long; until it is lifted if not given.
    pub minutes: Option<u32>,
    /// The new role.
    pub role: Option<Role>,
    /// Whether a ban is to end the sessions of all guests of the address, too.
    pub all_of_address: bool,
}

impl Person {
    pub(crate) fn view(self, w: &'static Words) -> AnyView {
        let t = texts();
        let Self { user, here, is_me, powers, in_force, outcome: became, wish } = self;
        let form = Form { user: &user, wish, w };
        let forms = [
            powers.mute.then(|| form.mute()),
            powers.remove.then(|| form.remove()),
            powers.ban.then(|| form.ban()),
            (powers.appoint && user.registered).then(|| form.appoint()),
        ];
        let nothing = forms.iter().all(Option::is_none).then(|| {
            let why = if is_me { w.that_is_you } else { w.no_power };
            view! { <p class="quiet">{why}</p> }
        });
        let in_force = (!in_force.is_empty()).then(|| {
            let rows = in_force.into_iter().map(|one| one.row(false, w)).collect_view();
            view! { <ul class="list" aria-label=w.in_force>{rows}</ul> }
        });
        let what = format!("{} · {}", w.standing(&user), if here { t.is_here } else { t.is_away });
        view! {
            <p class="small"><a href="/admin">{w.everybody}</a></p>
            <header class="profile">
                <Face id=user.id nickname=user.nickname.clone() here/>
                <h1><Name user=User { role: Role::Member, ..user }/></h1>
                <p class="quiet small">{what}</p>
            </header>
            {outcome(became, w)}
            {in_force}
            {nothing}
            <div class="action-forms">{forms.into_iter().flatten().collect_view()}</div>
        }
        .into_any()
    }
}

/// What the forms about one user have in common.
struct Form<'a> {
    user: &'a User,
    wish: Option<Wish>,
    w: &'static Words,
}

impl Form<'_> {
    fn mute(&self) -> AnyView {
        let fields = vec![self.scope(Action::Mute, false), self.span(Action::Mute, Some(10))];
        let mut means = (self.w.mute_means)(self.name());
        if !self.user.registered {
            means.push_str(self.w.mute_guest_means);
        }
        self.form(Action::Mute, self.w.mute, means, fields)
    }

    fn remove(&self) -> AnyView {
        let mut means = (self.w.remove_means)(self.name());
        if !self.user.registered {
            means.push_str(self.w.remove_guest_means);
        }
        self.form(Action::Remove, self.w.remove, means, vec![self.scope(Action::Remove, false)])
    }

    fn ban(&self) -> AnyView {
        let mut means = (self.w.ban_means)(self.name());
        means.push_str(self.w.ban_also_means);
        let checked = self.wished(Action::Ban).is_some_and(|wish| wish.all_of_address);
        let all_of_address = view! {
            <label class="small">
                <input type="checkbox" name="address" value="all" checked=checked/>
                {self.w.ban_address}
            </label>
        }
        .into_any();
        let fields = vec![self.scope(Action::Ban, true), all_of_address, self.span(Action::Ban, None)];
        self.form(Action::Ban, self.w.ban, means, fields)
    }

    fn appoint(&self) -> AnyView {
        let w = self.w;
        let chosen = self.wished(Action::Appoint).and_then(|wish| wish.role).unwrap_or(self.user.role);
        let choices = Role::ALL.map(|role| radio("role", role.name(), w.role(role), role == chosen)).collect_view();
        let field = view! { <fieldset class="choice"><legend>{w.role}</legend>{choices}</fieldset> }.into_any();
        self.form(Action::Appoint, w.appoint, (w.appoint_means)(self.name()), vec![field])
    }

    fn name(&self) -> InSentence<'_> {
        texts().name_in(&self.user.nickname)
    }

    /// What this form asked for before.
    fn wished(&self, action: Action) -> Option<Wish> {
        self.wish.filter(|wish| wish.action == action)
    }

    /// The deed, what it means, and what is to be chosen. The id makes sending it twice harmless.
    fn form(&self, action: Action, name: &'static str, means: String, fields: Vec<AnyView>) -> AnyView {
        let (id, grave) = (action.name(), action == Action::Ban);
        view! {
            <form class="action-form" method="post" action=format!("/admin/users/{}", self.user.id) aria-labelledby=id>
                <h2 id=id>{name}</h2>
                <p class="quiet small">{sentence(&means)}</p>
                <input type="hidden" name="id" value=CommandId::generate().to_string()/>
                <input type="hidden" name="action" value=id/>
                {fields}
                <button type="submit" class=if grave { "button danger" } else { "button" }>{name}</button>
            </form>
        }
        .into_any()
    }

    fn scope(&self, action: Action, everywhere: bool) -> AnyView {
        let w = self.w;
        let everywhere = self.wished(action).map_or(everywhere, |wish| wish.everywhere);
        view! {
            <fieldset class="choice">
                <legend>{w.where_}</legend>
                {radio("scope", "lobby", w.in_the_lobby, !everywhere)}
                {radio("scope", "server", w.in_the_house, everywhere)}
            </fieldset>
        }
        .into_any()
    }

    fn span(&self, action: Action, minutes: Option<u32>) -> AnyView {
        let w = self.w;
        let chosen = self.wished(action).map_or(minutes, |wish| wish.minutes);
        let choices = SPANS.map(|span| radio("minutes", span.to_string(), (w.span)(span), chosen == Some(span)));
        view! {
            <fieldset class="choice">
                <legend>{w.how_long}</legend>
                {choices.collect_view()}
                {radio("minutes", "", w.until_lifted, chosen.is_none())}
            </fieldset>
        }
        .into_any()
    }
}

/// One of several, of which one holds.
fn radio(name: &'static str, value: impl Into<String>, words: impl Into<String>, checked: bool) -> AnyView {
    let (value, words) = (value.into(), words.into());
    view! { <label class="small"><input type="radio" name=name value=value checked=checked/>{words}</label> }.into_any()
}
