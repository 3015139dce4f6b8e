//! One user, with a form for each moderation action that the reader may take.

use leptos::prelude::*;

use crate::{
    domain::{Action, CommandId, Role, User},
    pages::admin::{
        i18n::AdminTexts,
        views::{
            outcome::{ActionOutcome, outcome},
            sanctions::ActiveSanction,
        },
    },
    server::AllowedActions,
    ui::{
        i18n::{InSentence, texts},
        kit::{avatar::Avatar, sentence::sentence, user_name::UserName},
    },
};

/// The durations that the forms offer, in minutes.
const DURATIONS: [u32; 3] = [10, 60, 24 * 60];

/// One user.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct UserPage {
    pub(in crate::pages::admin) user: User,
    pub(in crate::pages::admin) is_online: bool,
    /// Whether the user is the reader.
    pub(in crate::pages::admin) is_me: bool,
    /// What the reader may do to the user.
    pub(in crate::pages::admin) allowed: AllowedActions,
    /// The user's active mutes and bans.
    pub(in crate::pages::admin) sanctions: Vec<ActiveSanction>,
    pub(in crate::pages::admin) outcome: Option<ActionOutcome>,
    /// A refused form: the page shows it as it was filled in.
    pub(in crate::pages::admin) form: Option<ModerationForm>,
}

/// The values of a moderation form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages::admin) struct ModerationForm {
    pub(in crate::pages::admin) action: Action,
    /// Whether the action applies to the whole server or only to the Lobby.
    pub(in crate::pages::admin) everywhere: bool,
    /// How long a mute or ban lasts; until it is lifted if `None`.
    pub(in crate::pages::admin) minutes: Option<u32>,
    /// The new role, for [`Action::Appoint`].
    pub(in crate::pages::admin) role: Option<Role>,
    /// Whether a ban also ends the sessions of all guests from the user's address.
    pub(in crate::pages::admin) all_of_address: bool,
}

impl UserPage {
    pub(super) fn view(self, t: &'static AdminTexts) -> AnyView {
        let page_texts = texts();
        let Self { user, is_online, is_me, allowed, sanctions, outcome: result, form } = self;
        let builder = FormBuilder { user: &user, previous: form, t };
        let forms = [
            allowed.mute.then(|| builder.mute()),
            allowed.remove.then(|| builder.remove()),
            allowed.ban.then(|| builder.ban()),
            (allowed.appoint && user.registered).then(|| builder.appoint()),
        ];
        let no_forms = forms.iter().all(Option::is_none).then(|| {
            let reason = if is_me { t.is_you } else { t.no_permission };
            view! { <p class="quiet">{reason}</p> }
        });
        let sanctions = (!sanctions.is_empty()).then(|| {
            let rows = sanctions.into_iter().map(|sanction| sanction.row(false, t)).collect_view();
            view! { <ul class="list" aria-label=t.sanctions>{rows}</ul> }
        });
        let role_and_presence = format!(
            "{} · {}",
            t.role_or_guest(&user),
            if is_online { page_texts.users.online } else { page_texts.users.offline }
        );
        view! {
            <p class="small"><a href="/admin">{t.all_users}</a></p>
            <header class="profile">
                <Avatar id=user.id nickname=user.nickname.clone() online=is_online/>
                <h1><UserName user=User { role: Role::Member, ..user }/></h1>
                <p class="quiet small">{role_and_presence}</p>
            </header>
            {outcome(result, t)}
            {sanctions}
            {no_forms}
            <div class="action-forms">{forms.into_iter().flatten().collect_view()}</div>
        }
        .into_any()
    }
}

/// Builds the forms for one user.
struct FormBuilder<'a> {
    user: &'a User,
    /// The form that was refused, if there is one.
    previous: Option<ModerationForm>,
    t: &'static AdminTexts,
}

impl FormBuilder<'_> {
    fn mute(&self) -> AnyView {
        let fields = vec![self.scope(Action::Mute, false), self.duration(Action::Mute, Some(10))];
        let mut effect = (self.t.mute_effect)(self.name());
        if !self.user.registered {
            effect.push_str(self.t.mute_guest_effect);
        }
        self.form(Action::Mute, self.t.mute, effect, fields)
    }

    fn remove(&self) -> AnyView {
        let mut effect = (self.t.remove_effect)(self.name());
        if !self.user.registered {
            effect.push_str(self.t.remove_guest_effect);
        }
        self.form(Action::Remove, self.t.remove, effect, vec![self.scope(Action::Remove, false)])
    }

    fn ban(&self) -> AnyView {
        let mut effect = (self.t.ban_effect)(self.name());
        effect.push_str(self.t.ban_server_effect);
        let checked = self.refused(Action::Ban).is_some_and(|form| form.all_of_address);
        let all_of_address = view! {
            <label class="small">
                <input type="checkbox" name="address" value="all" checked=checked/>
                {self.t.ban_address}
            </label>
        }
        .into_any();
        let fields = vec![self.scope(Action::Ban, true), all_of_address, self.duration(Action::Ban, None)];
        self.form(Action::Ban, self.t.ban, effect, fields)
    }

    fn appoint(&self) -> AnyView {
        let t = self.t;
        let chosen = self.refused(Action::Appoint).and_then(|form| form.role).unwrap_or(self.user.role);
        let choices = Role::ALL.map(|role| radio("role", role.name(), t.role(role), role == chosen)).collect_view();
        let field = view! { <fieldset class="choice"><legend>{t.role}</legend>{choices}</fieldset> }.into_any();
        self.form(Action::Appoint, t.appoint, (t.appoint_effect)(self.name()), vec![field])
    }

    fn name(&self) -> InSentence<'_> {
        texts().name_in(&self.user.nickname)
    }

    /// The values of this action's form, if that is the one that was refused.
    fn refused(&self, action: Action) -> Option<ModerationForm> {
        self.previous.filter(|form| form.action == action)
    }

    /// A form with what the action does and the fields to choose from. Its command id makes submitting it twice harmless.
    fn form(&self, action: Action, name: &'static str, effect: String, fields: Vec<AnyView>) -> AnyView {
        let (id, is_dangerous) = (action.name(), action == Action::Ban);
        view! {
            <form class="action-form" method="post" action=format!("/admin/users/{}", self.user.id) aria-labelledby=id>
                <h2 id=id>{name}</h2>
                <p class="quiet small">{sentence(&effect)}</p>
                <input type="hidden" name="id" value=CommandId::generate().to_string()/>
                <input type="hidden" name="action" value=id/>
                {fields}
                <button type="submit" class=if is_dangerous { "button danger" } else { "button" }>{name}</button>
            </form>
        }
        .into_any()
    }

    fn scope(&self, action: Action, everywhere: bool) -> AnyView {
        let t = self.t;
        let everywhere = self.refused(action).map_or(everywhere, |form| form.everywhere);
        view! {
            <fieldset class="choice">
                <legend>{t.scope}</legend>
                {radio("scope", "lobby", t.in_the_lobby, !everywhere)}
                {radio("scope", "server", t.on_the_server, everywhere)}
            </fieldset>
        }
        .into_any()
    }

    fn duration(&self, action: Action, minutes: Option<u32>) -> AnyView {
        let t = self.t;
        let chosen = self.refused(action).map_or(minutes, |form| form.minutes);
        let choices = DURATIONS
            .map(|minutes| radio("minutes", minutes.to_string(), (t.duration)(minutes), chosen == Some(minutes)));
        view! {
            <fieldset class="choice">
                <legend>{t.duration_label}</legend>
                {choices.collect_view()}
                {radio("minutes", "", t.until_lifted, chosen.is_none())}
            </fieldset>
        }
        .into_any()
    }
}

/// A radio button with its label.
fn radio(name: &'static str, value: impl Into<String>, label: impl Into<String>, checked: bool) -> AnyView {
    let (value, label) = (value.into(), label.into());
    view! { <label class="small"><input type="radio" name=name value=value checked=checked/>{label}</label> }.into_any()
}
