//! The list of the user's sessions.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{RequestError, end_session, sessions},
    domain::{SessionId, SessionInfo},
    ui::{
        i18n::{Language, Texts, settings::SETTINGS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            reactive::{on, reactive, reactive_view},
            time_format,
        },
        settings::user_agent::ClientProgram,
    },
};

/// The id of the list.
const LIST: &str = "session-list";

/// The sessions as they were last fetched. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct UserSessions {
    list: RwSignal<Vec<SessionInfo>>,
    problem: RwSignal<Option<String>>,
    texts: &'static Texts,
}

impl UserSessions {
    pub(super) fn new() -> Self {
        Self { list: RwSignal::default(), problem: RwSignal::new(None), texts: texts() }
    }

    /// Fetches the sessions. Until they arrive, the old list stays.
    pub(super) fn load(self) {
        spawn_local(async move {
            match sessions().await {
                Ok(list) => drop(self.list.try_set(list)),
                Err(refusal) => self.show_refusal(&refusal),
            }
        });
    }

    fn end(self, session: SessionId) {
        self.problem.set(None);
        spawn_local(async move {
            if let Err(refusal) = end_session(session).await {
                self.show_refusal(&refusal);
            }
            // The button with the focus is about to disappear.
            focus_by_id(LIST);
            self.load();
        });
    }

    fn show_refusal(self, refusal: &RequestError) {
        let text = self.texts.errors.refusal(refusal.code());
        self.problem.try_set(Some(text));
    }
}

/// The list of sessions, with a button to end each except the current one.
#[component]
pub(super) fn SessionList(
    /// The sessions to show.
    sessions: UserSessions,
) -> impl IntoView {
    let settings = SETTINGS.current();
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    sessions.load();
    let row = move |info: SessionInfo| {
        let SessionInfo { id, seen_at, agent, current, .. } = info;
        let ClientProgram { name, system } = ClientProgram::from_user_agent(&agent);
        let name = match system {
            _ if name.is_empty() => settings.unknown_program.to_owned(),
            Some(system) => (settings.program_on)(&name, system),
            None => name,
        };
        let end = move |_: MouseEvent| sessions.end(id);
        let end_button = (!current).then(|| {
            let label = format!("{}: {name}", settings.end_session);
            view! {
                <button type="button" class="button secondary small" aria-label=label on:click=on(end)>{settings.end_session}</button>
            }
        });
        let last_use = if current {
            settings.this_session.to_owned()
        } else {
            (settings.last_used)(&time_format::relative_time(seen_at, language, settings))
        };
        view! {
            <li class="session">
                <p title=agent>
                    <bdi>{name}</bdi>
                    <small class=if current { "this" } else { "quiet" }>{last_use}</small>
                </p>
                {end_button}
            </li>
        }
        .boxed()
    };
    let rows = move || sessions.list.get().into_iter().map(row).collect::<Vec<Boxed>>();
    view! {
        <h2 id="sessions">{settings.sessions}</h2>
        <ul id=LIST tabindex="-1" aria-labelledby="sessions">{reactive_view(rows)}</ul>
        <p class="problem small" role="alert">{reactive(move || sessions.problem.get())}</p>
    }
}
