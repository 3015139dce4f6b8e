//! One's own nickname: keeping it by a password, changing that, and the way out.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};

use crate::{
    client::Store,
    domain::KeptMessages,
    protocol::ErrorCode,
    ui::{
        i18n::{InSentence, sentence, texts},
        kit::{
            boxed::Boxing as _,
            form_request::Asking,
            password_field::{PasswordField, close, field, fill, focus, is_open, typed},
            reactive::{live, live_view, memo, on},
        },
        settings::sessions::{SessionList, Sessions},
    },
};

/// What the parts are called in the document.
const FORM: &str = "password-form";
const SUMMARY: &str = "password-summary";
const CURRENT: &str = "current-password";
const NEW: &str = "new-password";
const WAY_OUT: &str = "way-out";
const LAST: &str = "last-password";
const GO: &str = "messages-go";

/// What belongs to the nickname: its password, where one is signed in, and leaving.
#[component]
pub(crate) fn Account() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let is_registered = memo(move || store.is_registered());
    let sessions = Sessions::new();
    view! {
        <h2>{t.your_nickname}</h2>
        <p class="small">{live(move || if is_registered.get() { t.registered_note } else { t.guest_note })}</p>
        <PasswordForm is_registered sessions/>
        {live_view(move || is_registered.get().then(|| view! { <SessionList sessions/> }))}
        <Leaving is_registered/>
        <Deletion is_registered/>
    }
}

/// Sets a password, or changes it.
#[component]
fn PasswordForm(
    /// Whether there is one already.
    is_registered: Memo<bool>,
    /// The other ones end.
    sessions: Sessions,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let done = RwSignal::new(None::<&str>);
    let asking = Asking::new(None);
    let nickname = store.nickname().unwrap_or_default();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !asking.begin() {
            return;
        }
        done.set(None);
        let had_one = is_registered.get_untracked();
        let (new, current) = (typed(NEW), had_one.then(|| typed(CURRENT)));
        spawn_local(async move {
            if let Err(refusal) = store.set_password(new, current).await {
                let is_current = refusal.code() == Some(ErrorCode::WrongPassword);
                asking.end(Some(refusal));
                return focus(if is_current { CURRENT } else { NEW });
            }
            asking.end(None);
            fill(CURRENT, "");
            fill(NEW, "");
            close(FORM);
            done.try_set(Some(if had_one { t.password_changed } else { t.password_set }));
            sessions.load();
            focus(SUMMARY);
        });
    };
    let disclose = move |_| {
        if is_open(FORM) {
            done.set(None);
            focus(if is_registered.get_untracked() { CURRENT } else { NEW });
        }
    };
    let current_field = move || {
        is_registered.get().then(|| {
            view! {
                <PasswordField
                    id=CURRENT
                    label=t.current_password
                    autocomplete="current-password"
                    asking
                    wrong=ErrorCode::WrongPassword
                    explanation=t.wrong_current.to_owned()
                />
            }
        })
    };
    let of_fields = [ErrorCode::WrongPassword, ErrorCode::InvalidPassword];
    view! {
        <p class="done small" role="status">{live(move || done.get())}</p>
        <details id=FORM class="change" on:toggle=on(disclose)>
            <summary id=SUMMARY>
                {live(move || if is_registered.get() { t.change_password } else { t.set_password })}
            </summary>
            <form class="fields" on:submit=on(submit)>
                // Tells password managers whose password it is.
                <input class="for-password-managers" type="text" name="username" autocomplete="username" value=nickname/>
                {live_view(current_field)}
                <PasswordField
                    id=NEW
                    label=t.new_password
                    autocomplete="new-password"
                    hint=t.password_hint
                    asking
                    wrong=ErrorCode::InvalidPassword
                    explanation=(t.error)(ErrorCode::InvalidPassword)
                />
                <p class="quiet small">{live(move || if is_registered.get() { t.others_end } else { "" })}</p>
                <p class="problem small" role="alert">{live(move || asking.explanation(t, &of_fields))}</p>
                <button type="submit" class="button" aria-disabled=live(move || asking.is_closed().to_string())>
                    {live(move || asking.button(t, t.save, t.saving))}
                </button>
            </form>
        </details>
    }
}

/// Deletes the account, after a question of what is to become of one's messages.
#[component]
fn Deletion(
    /// Whether there is a password to show.
    is_registered: Memo<bool>,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let asking = Asking::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !asking.begin() {
            return;
        }
        let password = is_registered.get_untracked().then(|| typed(LAST));
        let goes = field(GO).is_some_and(|field| field.checked());
        let messages = if goes { KeptMessages::Delete } else { KeptMessages::Keep };
        spawn_local(async move {
            if let Err(refusal) = store.delete_account(password, messages).await {
                asking.end(Some(refusal));
                focus(LAST);
            }
        });
    };
    let password = move || {
        is_registered.get().then(|| {
            view! {
                <PasswordField
                    id=LAST
                    label=t.password
                    autocomplete="current-password"
                    asking
                    wrong=ErrorCode::WrongPassword
                    explanation=t.wrong_current.to_owned()
                />
            }
        })
    };
    let choice = |id: &'static str, words, checked| {
        view! { <label class="small"><input type="radio" name="messages" id=id checked=checked/>{words}</label> }
            .boxed()
    };
    view! {
        <details class="change">
            <summary>{t.delete_account}</summary>
            <form class="fields" on:submit=on(submit)>
                <p class="small">{t.delete_means}</p>
                <fieldset class="choice">
                    <legend>{t.your_messages}</legend>
                    {choice("messages-stay", t.messages_stay, true)}
                    {choice(GO, t.messages_go, false)}
                </fieldset>
                {live_view(password)}
                <p class="problem small" role="alert">
                    {live(move || asking.explanation(t, &[ErrorCode::WrongPassword]))}
                </p>
                <button type="submit" class="button danger" aria-disabled=live(move || asking.is_closed().to_string())>
                    {live(move || asking.button(t, t.delete_now, t.deleting))}
                </button>
            </form>
        </details>
    }
}

/// Signs out. A guest gives the nickname up by it, and so is asked first.
#[component]
fn Leaving(
    /// Whether the nickname outlives the session.
    is_registered: Memo<bool>,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let asks = RwSignal::new(false);
    let problem = RwSignal::new(None::<&str>);
    let leave = move |_: MouseEvent| {
        problem.set(None);
        spawn_local(async move {
            if !store.leave().await {
                problem.try_set(Some(t.unreachable));
            }
        });
    };
    // The button that was pressed is replaced by another, and the focus goes there.
    let ask = move |_: MouseEvent| {
        asks.set(!asks.get_untracked());
        request_animation_frame(|| focus(WAY_OUT));
    };
    let button = |class, id, name, press| {
        view! { <button type="button" class=class id=id on:click=press>{name}</button> }.boxed()
    };
    let way_out = move || {
        match (is_registered.get(), asks.get()) {
        (true, _) => button("button secondary", WAY_OUT, t.sign_out, on(leave)),
        (false, false) => button("button secondary", WAY_OUT, t.leave, on(ask)),
        (false, true) => view! {
            <div class="question" role="group" aria-labelledby="leave-question">
                <p id="leave-question" class="small">{sentence(&(t.leave_question)(InSentence(&store.nickname().unwrap_or_default())))}</p>
                {button("button secondary", WAY_OUT, t.stay, on(ask))}
                {button("button danger", "give-up", t.give_up, on(leave))}
            </div>
        }
        .boxed(),
    }
    };
    view! {
        {live_view(way_out)}
        <p class="problem small" role="alert">{live(move || problem.get())}</p>
    }
}
