//! The user's own account: password, sessions, signing out and deletion.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};

use crate::{
    client::ClientStore,
    domain::KeptMessages,
    protocol::ErrorCode,
    ui::{
        i18n::{InSentence, settings::SETTINGS, texts},
        kit::{
            boxed::Boxing as _,
            dom::{close, focus_by_id, input_by_id, input_value, is_open, set_input_value},
            form_request::FormRequest,
            password_field::PasswordField,
            reactive::{memo, on, reactive, reactive_view},
            sentence::sentence,
        },
        settings::sessions::{SessionList, UserSessions},
    },
};

// The ids of elements.
const PASSWORD_FORM: &str = "password-form";
const PASSWORD_SUMMARY: &str = "password-summary";
const CURRENT_PASSWORD: &str = "current-password";
const NEW_PASSWORD: &str = "new-password";
const SIGN_OUT_BUTTON: &str = "way-out";
const DELETION_PASSWORD: &str = "last-password";
const DELETE_MESSAGES: &str = "messages-go";

/// The settings of the user's own settings.
#[component]
pub(super) fn AccountSettings() -> impl IntoView {
    let (store, settings) = (expect_context::<ClientStore>(), SETTINGS.current());
    let is_registered = memo(move || store.is_registered());
    let sessions = UserSessions::new();
    view! {
        <h2>{settings.your_nickname}</h2>
        <p class="small">{reactive(move || if is_registered.get() { settings.registered_note } else { settings.guest_note })}</p>
        <PasswordForm is_registered sessions/>
        {reactive_view(move || is_registered.get().then(|| view! { <SessionList sessions/> }))}
        <SignOut is_registered/>
        <DeleteAccount is_registered/>
    }
}

/// Sets a password, which registers a guest, or changes it.
#[component]
fn PasswordForm(
    /// Whether the user has a password already.
    is_registered: Memo<bool>,
    /// The user's sessions. A change of the password ends the other ones, so the list is loaded again.
    sessions: UserSessions,
) -> impl IntoView {
    let (store, t, settings) = (expect_context::<ClientStore>(), texts(), SETTINGS.current());
    let success = RwSignal::new(None::<&str>);
    let request = FormRequest::new(None);
    let nickname = store.nickname().unwrap_or_default();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !request.start() {
            return;
        }
        success.set(None);
        let was_registered = is_registered.get_untracked();
        let (new, current) = (input_value(NEW_PASSWORD), was_registered.then(|| input_value(CURRENT_PASSWORD)));
        spawn_local(async move {
            if let Err(refusal) = store.set_password(new, current).await {
                let is_current = refusal.code() == Some(ErrorCode::WrongPassword);
                request.finish(Some(refusal));
                return focus_by_id(if is_current { CURRENT_PASSWORD } else { NEW_PASSWORD });
            }
            request.finish(None);
            set_input_value(CURRENT_PASSWORD, "");
            set_input_value(NEW_PASSWORD, "");
            close(PASSWORD_FORM);
            success.try_set(Some(if was_registered { settings.password_changed } else { settings.password_set }));
            sessions.load();
            focus_by_id(PASSWORD_SUMMARY);
        });
    };
    let toggled = move |_| {
        if is_open(PASSWORD_FORM) {
            success.set(None);
            focus_by_id(if is_registered.get_untracked() { CURRENT_PASSWORD } else { NEW_PASSWORD });
        }
    };
    let current_password = move || {
        is_registered.get().then(|| {
            view! {
                <PasswordField
                    id=CURRENT_PASSWORD
                    label=settings.current_password
                    autocomplete="current-password"
                    request
                    error_code=ErrorCode::WrongPassword
                    error_text=settings.wrong_current_password.to_owned()
                />
            }
        })
    };
    let shown_by_fields = [ErrorCode::WrongPassword, ErrorCode::InvalidPassword];
    view! {
        <p class="done small" role="status">{reactive(move || success.get())}</p>
        <details id=PASSWORD_FORM class="change" on:toggle=on(toggled)>
            <summary id=PASSWORD_SUMMARY>
                {reactive(move || if is_registered.get() { settings.change_password } else { settings.set_password })}
            </summary>
            <form class="fields" on:submit=on(submit)>
                // Tells password managers which user the password is for.
                <input class="for-password-managers" type="text" name="username" autocomplete="username" value=nickname/>
                {reactive_view(current_password)}
                <PasswordField
                    id=NEW_PASSWORD
                    label=settings.new_password
                    autocomplete="new-password"
                    hint=settings.password_hint
                    request
                    error_code=ErrorCode::InvalidPassword
                    error_text=(t.errors.error)(ErrorCode::InvalidPassword)
                />
                <p class="quiet small">{reactive(move || if is_registered.get() { settings.other_sessions_end } else { "" })}</p>
                <p class="problem small" role="alert">{reactive(move || request.error_text(t, &shown_by_fields))}</p>
                <button type="submit" class="button" aria-disabled=reactive(move || request.is_blocked().to_string())>
                    {reactive(move || request.button_label(t, t.composer.save, settings.saving))}
                </button>
            </form>
        </details>
    }
}

/// Deletes the settings. The user chooses whether their messages stay.
#[component]
fn DeleteAccount(
    /// Whether the user has to give a password.
    is_registered: Memo<bool>,
) -> impl IntoView {
    let (store, t, settings) = (expect_context::<ClientStore>(), texts(), SETTINGS.current());
    let request = FormRequest::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !request.start() {
            return;
        }
        let password = is_registered.get_untracked().then(|| input_value(DELETION_PASSWORD));
        let deletes_messages = input_by_id(DELETE_MESSAGES).is_some_and(|field| field.checked());
        let messages = if deletes_messages { KeptMessages::Delete } else { KeptMessages::Keep };
        spawn_local(async move {
            if let Err(refusal) = store.delete_account(password, messages).await {
                request.finish(Some(refusal));
                focus_by_id(DELETION_PASSWORD);
            }
        });
    };
    let password = move || {
        is_registered.get().then(|| {
            view! {
                <PasswordField
                    id=DELETION_PASSWORD
                    label=t.sign_in.password
                    autocomplete="current-password"
                    request
                    error_code=ErrorCode::WrongPassword
                    error_text=settings.wrong_current_password.to_owned()
                />
            }
        })
    };
    let choice = |id: &'static str, label, checked| {
        view! { <label class="small"><input type="radio" name="messages" id=id checked=checked/>{label}</label> }
            .boxed()
    };
    view! {
        <details class="change">
            <summary>{settings.delete_account}</summary>
            <form class="fields" on:submit=on(submit)>
                <p class="small">{settings.delete_account_effect}</p>
                <fieldset class="choice">
                    <legend>{settings.your_messages}</legend>
                    {choice("messages-stay", settings.messages_kept, true)}
                    {choice(DELETE_MESSAGES, settings.messages_deleted, false)}
                </fieldset>
                {reactive_view(password)}
                <p class="problem small" role="alert">
                    {reactive(move || request.error_text(t, &[ErrorCode::WrongPassword]))}
                </p>
                <button type="submit" class="button danger" aria-disabled=reactive(move || request.is_blocked().to_string())>
                    {reactive(move || request.button_label(t, settings.delete_account_now, settings.deleting))}
                </button>
            </form>
        </details>
    }
}

/// Signs out. A guest loses the nickname by this, and so has to confirm first.
#[component]
fn SignOut(
    /// Whether the nickname outlives the session.
    is_registered: Memo<bool>,
) -> impl IntoView {
    let (store, t, settings) = (expect_context::<ClientStore>(), texts(), SETTINGS.current());
    let asks_confirmation = RwSignal::new(false);
    let problem = RwSignal::new(None::<&str>);
    let sign_out = move |_: MouseEvent| {
        problem.set(None);
        spawn_local(async move {
            if !store.sign_out().await {
                problem.try_set(Some(t.errors.unreachable));
            }
        });
    };
    // The pressed button is replaced by another with the same id, which gets the focus.
    let toggle_confirmation = move |_: MouseEvent| {
        asks_confirmation.set(!asks_confirmation.get_untracked());
        request_animation_frame(|| focus_by_id(SIGN_OUT_BUTTON));
    };
    let button = |class, id, label, press| {
        view! { <button type="button" class=class id=id on:click=press>{label}</button> }.boxed()
    };
    let view = move || match (is_registered.get(), asks_confirmation.get()) {
        (true, _) => button("button secondary", SIGN_OUT_BUTTON, settings.sign_out, on(sign_out)),
        (false, false) => button("button secondary", SIGN_OUT_BUTTON, settings.leave, on(toggle_confirmation)),
        (false, true) => {
            let question = (settings.leave_question)(InSentence(&store.nickname().unwrap_or_default()));
            view! {
                <div class="question" role="group" aria-labelledby="leave-question">
                    <p id="leave-question" class="small">{sentence(&question)}</p>
                    {button("button secondary", SIGN_OUT_BUTTON, settings.stay, on(toggle_confirmation))}
                    {button("button danger", "give-up", settings.release_nickname, on(sign_out))}
                </div>
            }
            .boxed()
        }
    };
    view! {
        {reactive_view(view)}
        <p class="problem small" role="alert">{reactive(move || problem.get())}</p>
    }
}
