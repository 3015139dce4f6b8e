//! The door: pick a nickname and come in, or sign in with the password of one's own.

mod form;

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    client::Store,
    protocol::ErrorCode,
    ui::{
        InitialState,
        context::router::{LOBBY, ask_for},
        i18n::{InSentence, sentence, texts},
        kit::{
            avatar::Face,
            boxed::{Boxed, Boxing as _},
            icons,
            password_field::PasswordField,
            reactive::{live, live_view, on},
        },
        root::app::LanguageChoice,
        sign_in::form::SignInForm,
    },
};

/// The nickname form. A real form: it works before WebAssembly has arrived, and without it.
#[component]
pub(crate) fn Join(
    /// Who is at the door, and what became of the form if it was sent without WebAssembly.
    viewer: StoredValue<InitialState>,
    /// The password as far as it was typed, if it was asked for: it outlives a change of language.
    kept_password: RwSignal<Option<String>>,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let InitialState { faces, online_count, accounts_only, attempt, .. } = viewer.get_value();
    let arrival = SignInForm::new(store, viewer, kept_password);
    let asking = arrival.asking;
    // What the page was asked for must not be lost where another language loads it anew. What was typed stands in no address.
    let mut query = String::new();
    for (name, value) in [("invite", &attempt.invite), ("claim", &attempt.claim)] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            ask_for(&mut query, name, value);
        }
    }
    let asks_for_password = arrival.signs_in.get_untracked();
    let ended = store.ended.get_untracked();
    let claims = attempt.claim.is_some();
    let known_as = ended.as_ref().map(|me| me.nickname.as_str().to_owned());

    // For browsers without script; the others take it from the viewer.
    let hidden_passes = move || hidden_passes(viewer);
    let is_taken = move || asking.code() == Some(ErrorCode::NicknameTaken);
    let offers_password = move || accounts_only || is_taken();
    // What is not to be seen is not pressed: one of the two is, by the style sheet, which needs no script for it.
    let submit_button = |name| {
        view! {
            <button type="submit" class="button" aria-disabled=live(move || asking.is_closed().to_string())>
                {live(move || asking.button(t, name, t.entering))}
            </button>
        }
        .boxed()
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        arrival.submit();
    };
    let take_suggestion = move |event: SubmitEvent| {
        event.prevent_default();
        arrival.take_suggestion();
    };
    let offer = move || {
        arrival.suggestion().map(|name| {
            view! {
                <form method="post" action=LOBBY on:submit=on(take_suggestion)>
                    <input type="hidden" name="nickname" value=name.clone()/>
                    {hidden_passes()}
                    <button type="submit" class="button secondary">{sentence(&(t.try_name)(InSentence(&name)))}</button>
                </form>
            }
        })
    };
    view! {
        <main class="sign-in-page">
            <div class="sign-in-card">
                <span class="logo">{icons::cup()}</span>
                <h1 class="sign-in-title">"Teahouse" <small lang="zh-Hans">"茶馆"</small></h1>
                <p class="quiet">{if accounts_only { t.accounts_only } else { t.invitation }}</p>
                {store.end_reason.get_untracked().map(|reason| {
                    view! { <p class="notice small" role="alert">{(t.ended)(reason)}</p> }
                })}
                {claims.then(|| view! { <p class="notice small">{t.claim}</p> })}
                {live_view(move || {
                    let words = t.account_deleted;
                    store.deleted.get().then(|| view! { <p class="notice small" role="status">{words}</p> })
                })}
                <form class="sign-in-form fields" method="post" action=LOBBY on:submit=on(submit)>
                    {hidden_passes()}
                    <label for="nickname">{t.nickname}</label>
                    <input
                        id="nickname"
                        name="nickname"
                        class="field"
                        value=known_as.or(attempt.nickname).unwrap_or_default()
                        autocomplete="username"
                        autocapitalize="off"
                        spellcheck="false"
                        required=true
                        autofocus=!asks_for_password
                        aria-invalid=live(move || asking.code().is_some().to_string())
                        aria-describedby="nickname-problem"
                        on:input=move |_| arrival.keep()
                    />
                    <p id="nickname-problem" class="problem small" role="alert">
                        {live(move || asking.explanation(t, &[ErrorCode::WrongPassword]))}
                    </p>
                    {submit_button(t.enter)}
                    <details
                        id="sign-in"
                        class="with-password"
                        class:suggested=live(offers_password)
                        open=asks_for_password
                        on:toggle=on(move |_| arrival.disclose())
                        on:input=move |_| arrival.keep()
                    >
                        <summary>{live(move || if is_taken() { t.this_is_me } else { t.have_password })}</summary>
                        <PasswordField
                            id="password"
                            label=t.password
                            autocomplete=if claims { "new-password" } else { "current-password" }
                            asking
                            wrong=ErrorCode::WrongPassword
                            explanation=(t.error)(ErrorCode::WrongPassword)
                            autofocus=asks_for_password
                        />
                        {submit_button(t.sign_in)}
                    </details>
                </form>
                {live_view(offer)}
                <p class="who-is-online quiet small">
                    <span class="avatar-stack">
                        {faces.into_iter().map(|user| view! { <Face id=user.id nickname=user.nickname small=true/> }).collect_view()}
                    </span>
                    {match online_count {
                        0 if accounts_only => String::new(),
                        0 => t.nobody_here.to_owned(),
                        count => (t.people_here)(count),
                    }}
                </p>
                <LanguageChoice query/>
            </div>
        </main>
    }
}

/// What lets one in, as fields that are not seen.
fn hidden_passes(viewer: StoredValue<InitialState>) -> Boxed {
    let passes = viewer.with_value(|InitialState { attempt, .. }| {
        [("invite", attempt.invite.clone()), ("claim", attempt.claim.clone())]
    });
    let hidden = |(name, value): (&'static str, Option<String>)| {
        value.map(|value| view! { <input type="hidden" name=name value=value/> }.boxed())
    };
    passes.map(hidden).into_iter().flatten().collect_view().boxed()
}
