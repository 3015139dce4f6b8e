//! A user's name as it stands everywhere, with the seal of those who have protected it, and the role of those who have one.

use leptos::prelude::*;

use crate::{
    client::Store,
    domain::{Role, User},
    ui::{
        i18n::texts,
        kit::{
            boxed::Boxing as _,
            reactive::{live, live_view, memo},
        },
    },
};

/// A nickname; behind it, if a password protects it, a seal, and a moderator's or owner's role in a frame. Seal and frame
/// are drawn, so that no nickname can hold one.
#[component]
pub(crate) fn Name(
    /// Whose.
    user: User,
    /// What the name is in its surroundings.
    #[prop(optional)]
    class: &'static str,
    /// Whether `user` says all, and is made anew when there is more to say.
    #[prop(optional)]
    settled: bool,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let User { id, nickname, registered, role } = user;
    let is_registered: Signal<bool> = if settled {
        registered.into()
    } else {
        memo(move || registered || store.presence.with(|presence| presence.is_registered(id))).into()
    };
    let seal = move || {
        is_registered.get().then(|| {
            view! {
                <span class="registered-mark" role="img" aria-label=t.registered title=t.registered>
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M12.0 1.4 14.8 3.5 18.2 3.4 19.2 6.8 22.1 8.7 20.9 12.0 22.1 15.3 19.2 17.2 18.2 20.6 14.8 20.5 12.0 22.6 9.2 20.5 5.8 20.6 4.8 17.2 1.9 15.3 3.1 12.0 1.9 8.7 4.8 6.8 5.8 3.4 9.2 3.5z"></path>
                        <path d="m7.8 12.4 2.9 2.9 5.5-6"></path>
                    </svg>
                </span>
            }
        })
    };
    // Who is given another role comes back with it.
    let role_now =
        move || if settled { role } else { store.presence.with(|presence| presence.role(id)).unwrap_or(role) };
    let badge = move || {
        let name = match role_now() {
            Role::Member => "",
            Role::Moderator => t.moderator,
            Role::Owner => t.owner,
        };
        (!name.is_empty()).then(|| view! { <small class="role">{name}</small> }).boxed_as(name)
    };
    view! {
        <span class=format!("user-name {class}")>
            <bdi translate="no">{t.name_of(&nickname).to_owned()}</bdi>
            {live_view(seal)}
            {if settled { badge() } else { live(badge).boxed() }}
        </span>
    }
}
