//! The door: pick a nickname and come in.

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

use super::{
    Viewer,
    app::LanguageChoice,
    face::Face,
    i18n::texts,
    icons,
    live::{effect, live, live_view, on},
    place::{Here, LOBBY},
};
use crate::{
    client::{JoinError, Store, join},
    protocol::ErrorCode,
};

/// Why one is still outside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Problem {
    Refused(ErrorCode),
    Unreachable,
}

/// The nickname form. A real form: it works before WebAssembly has arrived, and without it.
#[component]
pub(super) fn Join(
    /// Who is at the door, and what became of the form if it was sent without WebAssembly.
    viewer: StoredValue<Viewer>,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Here>();
    let Viewer { faces, online_count, attempt, .. } = viewer.get_value();
    let input = NodeRef::<html::Input>::new();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(attempt.error.map(Problem::Refused));
    let suggestion = RwSignal::new(attempt.suggestion);

    let come_in = Callback::new(move |nickname: String| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let joined = join(nickname).await;
            busy.set(false);
            suggestion.set(None);
            match joined {
                Ok(me) => {
                    here.replace(LOBBY);
                    store.me.set(Some(me));
                    return;
                }
                Err(JoinError::Unreachable) => problem.set(Some(Problem::Unreachable)),
                Err(JoinError::Refused { code, suggestion: free }) => {
                    problem.set(Some(Problem::Refused(code)));
                    suggestion.set(free);
                }
            }
            if let Some(input) = input.try_get_untracked().flatten() {
                // Focus can only fail where the field is gone.
                drop(input.focus());
            }
        });
    });
    // Read from the field itself: it may have been filled before this code was there to hear of it.
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.try_get_untracked().flatten() {
            come_in.run(input.value());
        }
    };
    let take_suggestion = move |event: SubmitEvent| {
        event.prevent_default();
        if let (Some(name), Some(input)) = (suggestion.get_untracked(), input.try_get_untracked().flatten()) {
            input.set_value(&name);
            come_in.run(name);
        }
    };
    // What was typed outlives a change of language.
    let keep = move |typed: String| viewer.update_value(|viewer| viewer.attempt.nickname = Some(typed));
    effect(move || input.get().into_iter().for_each(|input| keep(input.value())));
    let explanation = move || {
        problem.get().map(|problem| match problem {
            Problem::Refused(code) => (t.error)(code),
            Problem::Unreachable => t.unreachable.to_owned(),
        })
    };

    let offer = move || {
        suggestion.get().map(|name| {
            view! {
                <form method="post" action="/api/session" on:submit=on(take_suggestion)>
                    <input type="hidden" name="nickname" value=name.clone()/>
                    <button type="submit" class="button gentle">{(t.try_name)(&name)}</button>
                </form>
            }
        })
    };
    view! {
        <main class="door">
            <div class="door-card">
                <span class="mark">{icons::cup()}</span>
                <h1 class="door-name">"Teahouse" <small lang="zh-Hans">"茶馆"</small></h1>
                <p class="quiet">{t.invitation}</p>
                <form class="door-form" method="post" action="/api/session" on:submit=on(submit)>
                    <label for="nickname">{t.nickname}</label>
                    <input
                        id="nickname"
                        name="nickname"
                        class="field"
                        node_ref=input
                        value=attempt.nickname.unwrap_or_default()
                        autocomplete="nickname"
                        autocapitalize="off"
                        spellcheck="false"
                        required=true
                        autofocus=true
                        aria-invalid=live(move || problem.get().is_some().to_string())
                        aria-describedby="nickname-problem"
                        on:input:target=move |event| keep(event.target().value())
                    />
                    <p id="nickname-problem" class="problem small" role="alert">{live(explanation)}</p>
                    <button type="submit" class="button" aria-disabled=live(move || busy.get().to_string())>
                        {live(move || if busy.get() { t.entering } else { t.enter })}
                    </button>
                </form>
                {live_view(offer)}
                <p class="who quiet small">
                    <span class="stack">
                        {faces.into_iter().map(|user| view! { <Face id=user.id nickname=user.nickname small=true/> }).collect_view()}
                    </span>
                    {if online_count == 0 { t.nobody_here.to_owned() } else { (t.people_here)(online_count) }}
                </p>
                <LanguageChoice/>
            </div>
        </main>
    }
}
