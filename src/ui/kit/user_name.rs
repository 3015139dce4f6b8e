//! A user's nickname, with a seal for registered users and the name of the role.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Role, User},
    ui::{
        i18n::texts,
        kit::{
            boxed::Boxing as _,
            reactive::{memo, reactive, reactive_view},
        },
    },
};

/// A nickname, followed by a seal if the user is registered, and by the role of a moderator or an owner. Seal and role are
/// drawn outside the text of the nickname, so that no nickname can imitate them.
#[component]
pub(crate) fn UserName(
    /// The user.
    user: User,
    /// A CSS class for the name.
    #[prop(optional)]
    class: &'static str,
    /// Whether to show `user` as it is, instead of following changes of the store. For views that are made again when the
    /// user changes.
    #[prop(optional)]
    is_static: bool,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let User { id, nickname, registered, role } = user;
    let is_registered: Signal<bool> = if is_static {
        registered.into()
    } else {
        memo(move || registered || store.presence.with(|presence| presence.is_registered(id))).into()
    };
    let seal = move || {
        is_registered.get().then(|| {
            view! {
                <span class="registered-mark" role="img" aria-label=t.users.registered title=t.users.registered>
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M12.0 1.4 14.8 3.5 18.2 3.4 19.2 6.8 22.1 8.7 20.9 12.0 22.1 15.3 19.2 17.2 18.2 20.6 14.8 20.5 12.0 22.6 9.2 20.5 5.8 20.6 4.8 17.2 1.9 15.3 3.1 12.0 1.9 8.7 4.8 6.8 5.8 3.4 9.2 3.5z"></path>
                        <path d="m7.8 12.4 2.9 2.9 5.5-6"></path>
                    </svg>
                </span>
            }
        })
    };
    // A change of role ends the user's connections. The new role arrives with their next one.
    let current_role =
        move || if is_static { role } else { store.presence.with(|presence| presence.role(id)).unwrap_or(role) };
    let role_label = move || {
        let name = match current_role() {
            Role::Member => "",
            Role::Moderator => t.users.moderator,
            Role::Owner => t.users.owner,
        };
        (!name.is_empty()).then(|| view! { <small class="role">{name}</small> }).boxed_as(name)
    };
    view! {
        <span class=format!("user-name {class}")>
            <bdi translate="no">{t.name_of(&nickname).to_owned()}</bdi>
            {reactive_view(seal)}
            {if is_static { role_label() } else { reactive(role_label).boxed() }}
        </span>
    }
}
