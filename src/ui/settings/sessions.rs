//! Where one is signed in.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{Refusal, end_session, sessions},
    domain::{SessionId, SessionInfo},
    ui::{
        Language,
        i18n::{Texts, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            password_field::focus,
            reactive::{live, live_view, on},
            time_format,
        },
        settings::user_agent::Program,
    },
};

/// What the list is called in the document.
const LIST: &str = "session-list";

/// The list as it was fetched last. A handle: copies are the same list.
#[derive(Clone, Copy)]
pub(crate) struct Sessions {
    list: RwSignal<Vec<SessionInfo>>,
    problem: RwSignal<Option<String>>,
    texts: &'static Texts,
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self { list: RwSignal::default(), problem: RwSignal::new(None), texts: texts() }
    }

    /// Fetches the list. Until it comes, the last one stands.
    pub(crate) fn load(self) {
        spawn_local(async move {
            match sessions().await {
                Ok(list) => drop(self.list.try_set(list)),
                Err(refusal) => self.explain(&refusal),
            }
        });
    }

    fn end(self, session: SessionId) {
        self.problem.set(None);
        spawn_local(async move {
            if let Err(refusal) = end_session(session).await {
                self.explain(&refusal);
            }
            // The button is about to go, and the focus with it.
            focus(LIST);
            self.load();
        });
    }

    fn explain(self, refusal: &Refusal) {
        let explanation = refusal.code().map_or_else(|| self.texts.unreachable.to_owned(), self.texts.error);
        self.problem.try_set(Some(explanation));
    }
}

/// The list, with a way to end each of the others.
#[component]
pub(crate) fn SessionList(
    /// What it shows.
    sessions: Sessions,
) -> impl IntoView {
    let t = texts();
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    sessions.load();
    let row = move |info: SessionInfo| {
        let SessionInfo { id, seen_at, agent, current, .. } = info;
        let Program { name, system } = Program::of(&agent);
        let name = match system {
            _ if name.is_empty() => t.unknown_program.to_owned(),
            Some(system) => (t.program_on)(&name, system),
            None => name,
        };
        let end = move |_: MouseEvent| sessions.end(id);
        let end = (!current).then(|| {
            let label = format!("{}: {name}", t.end_session);
            view! {
                <button type="button" class="button secondary small" aria-label=label on:click=on(end)>{t.end_session}</button>
            }
        });
        let when = if current {
            t.this_session.to_owned()
        } else {
            (t.last_used)(&time_format::how_long_ago(seen_at, language, t))
        };
        view! {
            <li class="session">
                <p title=agent>
                    <bdi>{name}</bdi>
                    <small class=if current { "this" } else { "quiet" }>{when}</small>
                </p>
                {end}
            </li>
        }
        .boxed()
    };
    let rows = move || sessions.list.get().into_iter().map(row).collect::<Vec<Boxed>>();
    view! {
        <h2 id="sessions">{t.sessions}</h2>
        <ul id=LIST tabindex="-1" aria-labelledby="sessions">{live_view(rows)}</ul>
        <p class="problem small" role="alert">{live(move || sessions.problem.get())}</p>
    }
}
