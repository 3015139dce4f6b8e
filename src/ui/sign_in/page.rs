//! The view of the sign-in page.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    client::ClientStore,
    protocol::ErrorCode,
    ui::{
        context::{initial_state::InitialState, preferences::LanguageChoice, router::append_query},
        i18n::{InSentence, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            icons,
            password_field::PasswordField,
            reactive::{on, reactive, reactive_view},
            sentence::sentence,
        },
        sign_in::form::SignInForm,
    },
};

/// The sign-in page. Its form is a real HTML form, which works without WebAssembly, too.
#[component]
pub(crate) fn SignInPage(
    /// The state that the document came with, including the outcome of a form that was sent without WebAssembly.
    initial_state: StoredValue<InitialState>,
    /// The text in the password field, if the field is open. It survives a change of language.
    typed_password: RwSignal<Option<String>>,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let InitialState { some_online, online_count, registered_only, sign_in_attempt: attempt, .. } =
        initial_state.get_value();
    let form = SignInForm::new(store, initial_state, typed_password);
    let request = form.request;
    // Without WebAssembly a change of language loads the page again. Its link must keep the tokens. It leaves out what was
    // typed, which must not be in a URL.
    let mut query = String::new();
    for (name, value) in [("invite", &attempt.invite), ("claim", &attempt.claim)] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            append_query(&mut query, name, value);
        }
    }
    let asks_password = form.asks_password.get_untracked();
    let ended = store.previous_user.get_untracked();
    let is_claiming = attempt.claim.is_some();
    let last_nickname = ended.as_ref().map(|me| me.nickname.as_str().to_owned());

    // For browsers without WebAssembly; otherwise `SignInForm` takes the tokens from the initial state.
    let hidden_tokens = move || hidden_tokens(initial_state);
    let is_taken = move || request.error_code() == Some(ErrorCode::NicknameTaken);
    let offers_password = move || registered_only || is_taken();
    // There are two submit buttons. The style sheet hides one of them, depending on whether the password field is open, so
    // that this works without WebAssembly.
    let submit_button = |label| {
        view! {
            <button type="submit" class="button" aria-disabled=reactive(move || request.is_blocked().to_string())>
                {reactive(move || request.button_label(t, label, t.sign_in.joining))}
            </button>
        }
        .boxed()
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit();
    };
    let accept_suggestion = move |event: SubmitEvent| {
        event.prevent_default();
        form.accept_suggestion();
    };
    let suggestion = move || {
        form.suggestion().map(|nickname| {
            view! {
                <form method="post" action=form.destination() on:submit=on(accept_suggestion)>
                    <input type="hidden" name="nickname" value=nickname.clone()/>
                    {hidden_tokens()}
                    <button type="submit" class="button secondary">{sentence(&(t.sign_in.try_name)(InSentence(&nickname)))}</button>
                </form>
            }
        })
    };
    view! {
        <main class="sign-in-page">
            <div class="sign-in-card">
                <span class="logo">{icons::cup()}</span>
                <h1 class="sign-in-title">"Teahouse" <small lang="zh-Hans">"茶馆"</small></h1>
                <p class="quiet">{if registered_only { t.sign_in.accounts_only } else { t.sign_in.tagline }}</p>
                {store.end_reason.get_untracked().map(|reason| {
                    view! { <p class="notice small" role="alert">{(t.sign_in.ended)(reason)}</p> }
                })}
                {is_claiming.then(|| view! { <p class="notice small">{t.sign_in.claim}</p> })}
                {reactive_view(move || {
                    let text = t.sign_in.account_deleted;
                    store.account_deleted.get().then(|| view! { <p class="notice small" role="status">{text}</p> })
                })}
                <form class="sign-in-form fields" method="post" action=form.destination() on:submit=on(submit)>
                    {hidden_tokens()}
                    <label for="nickname">{t.sign_in.nickname}</label>
                    <input
                        id="nickname"
                        name="nickname"
                        class="field"
                        value=last_nickname.or(attempt.nickname).unwrap_or_default()
                        autocomplete="username"
                        autocapitalize="off"
                        spellcheck="false"
                        required=true
                        autofocus=!asks_password
                        aria-invalid=reactive(move || request.error_code().is_some().to_string())
                        aria-describedby="nickname-problem"
                        on:input=move |_| form.save_input()
                    />
                    <p id="nickname-problem" class="problem small" role="alert">
                        {reactive(move || request.error_text(t, &[ErrorCode::WrongPassword]))}
                    </p>
                    {submit_button(t.sign_in.join)}
                    <details
                        id="sign-in"
                        class="with-password"
                        class:suggested=reactive(offers_password)
                        open=asks_password
                        on:toggle=on(move |_| form.password_toggled())
                        on:input=move |_| form.save_input()
                    >
                        <summary>{reactive(move || if is_taken() { t.sign_in.this_is_me } else { t.sign_in.have_password })}</summary>
                        <PasswordField
                            id="password"
                            label=t.sign_in.password
                            autocomplete=if is_claiming { "new-password" } else { "current-password" }
                            request
                            error_code=ErrorCode::WrongPassword
                            error_text=(t.errors.error)(ErrorCode::WrongPassword)
                            autofocus=asks_password
                        />
                        {submit_button(t.sign_in.sign_in)}
                    </details>
                </form>
                {reactive_view(suggestion)}
                <p class="who-is-online quiet small">
                    <span class="avatar-stack">
                        {some_online.into_iter().map(|user| view! { <Avatar id=user.id nickname=user.nickname small=true/> }).collect_view()}
                    </span>
                    {match online_count {
                        0 if registered_only => String::new(),
                        0 => t.sign_in.nobody_online.to_owned(),
                        count => (t.sign_in.users_online)(count),
                    }}
                </p>
                <LanguageChoice query/>
            </div>
        </main>
    }
}

/// The invite token and the claim token as hidden fields of a form.
fn hidden_tokens(initial_state: StoredValue<InitialState>) -> Boxed {
    let tokens = initial_state.with_value(|InitialState { sign_in_attempt, .. }| {
        [("invite", sign_in_attempt.invite.clone()), ("claim", sign_in_attempt.claim.clone())]
    });
    let hidden = |(name, value): (&'static str, Option<String>)| {
        value.map(|value| view! { <input type="hidden" name=name value=value/> }.boxed())
    };
    tokens.map(hidden).into_iter().flatten().collect_view().boxed()
}
