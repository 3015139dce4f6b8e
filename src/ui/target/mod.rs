//! The target form: whom to talk to. Everyone, somebody who is here, or anybody by exact name.
//!
//! A combobox with a list, after the ARIA Authoring Practices: arrows choose, Enter takes, Escape closes.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};
use leptos_router::hooks::use_navigate;

use super::{
    face::Face,
    i18n::texts,
    icons,
    place::{LOBBY, address},
};
use crate::{client::Store, domain::User, protocol::ErrorCode};

/// How many users are offered at once.
const OFFERED: usize = 8;

/// Whom to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Everyone,
    User(User),
}

impl Target {
    fn name(&self) -> String {
        match self {
            Self::Everyone => texts().everyone.to_owned(),
            Self::User(user) => user.nickname.as_str().to_owned(),
        }
    }
}

/// Why there is nobody to talk to.
#[derive(Clone, PartialEq, Eq)]
enum Problem {
    Unknown(String),
    Refused(ErrorCode),
    Unreachable,
}

/// The target form. There may be several on a page; `name` tells them apart.
#[component]
pub(super) fn TargetForm(
    /// Makes the ids of its parts unique in the document.
    name: &'static str,
    /// Called when a conversation was opened or the form was left by Escape.
    #[prop(optional)]
    on_done: Option<Callback<()>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let navigate = use_navigate();
    let text = RwSignal::new(String::new());
    let open = RwSignal::new(false);
    let active = RwSignal::new(None::<usize>);
    let problem = RwSignal::new(None::<Problem>);

    let offered = Memo::new(move |_| {
        let wanted = text.with(|text| text.trim().to_lowercase());
        let me = store.me.with(|me| me.as_ref().map(|me| me.id));
        let fits = |name: &str| name.to_lowercase().contains(&wanted);
        let everyone = Some(Target::Everyone).filter(|everyone| fits(&everyone.name()));
        let users = store.presence.with(|presence| {
            let others = presence.online().iter().filter(|user| Some(user.id) != me && fits(user.nickname.as_str()));
            others.take(OFFERED).cloned().map(Target::User).collect::<Vec<_>>()
        });
        everyone.into_iter().chain(users).collect::<Vec<_>>()
    });
    let done = move || {
        text.set(String::new());
        open.set(false);
        active.set(None);
        if let Some(on_done) = on_done {
            on_done.run(());
        }
    };
    let talk_to = Callback::new(move |target: Option<Target>| {
        let typed = text.get_untracked().trim().to_owned();
        let nickname = match target {
            Some(Target::User(user)) => user.nickname.as_str().to_owned(),
            None if typed.to_lowercase() != Target::Everyone.name().to_lowercase() => typed,
            Some(Target::Everyone) | None => {
                navigate(LOBBY, Default::default());
                return done();
            }
        };
        let navigate = navigate.clone();
        spawn_local(async move {
            match store.open_direct(nickname.clone()).await {
                Ok(conversation) => {
                    navigate(&address(conversation), Default::default());
                    done();
                }
                Err(Some(ErrorCode::UnknownUser | ErrorCode::InvalidNickname)) => {
                    problem.set(Some(Problem::Unknown(nickname)));
                }
                Err(Some(code)) => problem.set(Some(Problem::Refused(code))),
                Err(None) => problem.set(Some(Problem::Unreachable)),
            }
            open.set(false);
        });
    });
    let chosen =
        move || active.get_untracked().and_then(|index| offered.with_untracked(|offered| offered.get(index).cloned()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = chosen();
        if chosen.is_some() || text.with_untracked(|text| !text.trim().is_empty()) {
            talk_to.run(chosen);
        }
    };
    let keydown = move |event: KeyboardEvent| {
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let count = offered.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if count > 0 => {
                event.prevent_default();
                open.set(true);
                let down = event.key() == "ArrowDown";
                active.update(|active| {
                    *active = Some(match *active {
                        None if down => 0,
                        None => count - 1,
                        Some(index) if down => (index + 1) % count,
                        Some(index) => (index + count - 1) % count,
                    });
                });
            }
            "Escape" => {
                if open.get_untracked() && on_done.is_none() {
                    open.set(false);
                    active.set(None);
                } else {
                    done();
                }
            }
            _ => {}
        }
    };
    let explanation = move || {
        problem.get().map(|problem| match problem {
            Problem::Unknown(name) => (texts().unknown_user)(&name),
            Problem::Refused(code) => (texts().error)(code),
            Problem::Unreachable => texts().unreachable.to_owned(),
        })
    };
    let (input_id, list_id, problem_id) =
        (format!("target-{name}"), format!("targets-{name}"), format!("target-problem-{name}"));
    let option_id = move |index: usize| format!("target-{name}-{index}");
    let is_open = move || open.get() && offered.with(|offered| !offered.is_empty());

    view! {
        <form class="target" on:submit=submit>
            <label class="unseen" for=input_id.clone()>{move || texts().talk_to}</label>
            <input
                id=input_id
                class="field"
                role="combobox"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="go"
                placeholder=move || texts().talk_to_placeholder
                title=move || texts().talk_to_hint
                aria-autocomplete="list"
                aria-controls=list_id.clone()
                aria-expanded=move || is_open().to_string()
                aria-activedescendant=move || active.get().filter(|_| is_open()).map(option_id)
                aria-invalid=move || problem.with(Option::is_some).to_string()
                aria-describedby=problem_id.clone()
                prop:value=text
                on:input:target=move |event| {
                    text.set(event.target().value());
                    problem.set(None);
                    active.set(None);
                    open.set(true);
                }
                on:focus=move |_| open.set(true)
                on:click=move |_| open.set(true)
                on:blur=move |_| open.set(false)
                on:keydown=keydown
            />
            <ul id=list_id class="targets" role="listbox" aria-label=move || texts().suggestions hidden=move || !is_open()>
                {move || offered.get().into_iter().enumerate().map(|(index, target)| {
                    let name = target.name();
                    let picture = match &target {
                        Target::Everyone => view! { <span class="icon-box">{icons::hash()}</span> }.into_any(),
                        Target::User(user) => {
                            view! { <Face id=user.id nickname=user.nickname.clone() small=true here=true/> }.into_any()
                        }
                    };
                    view! {
                        <li
                            id=option_id(index)
                            class="row"
                            role="option"
                            aria-selected=move || (active.get() == Some(index)).to_string()
                            // Before the field loses the focus, which closes the list.
                            on:pointerdown=move |event| event.prevent_default()
                            on:click=move |_| talk_to.run(Some(target.clone()))
                        >
                            {picture}
                            <bdi class="name">{name}</bdi>
                        </li>
                    }
                }).collect_view()}
            </ul>
            <p id=problem_id class="problem small" role="alert">{explanation}</p>
        </form>
    }
}
