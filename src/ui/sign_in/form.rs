//! The state of the sign-in form, and the requests that it sends.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, sign_in},
    domain::{EndReason, UserKind},
    protocol::{ErrorCode, SessionRequest},
    ui::{
        context::{
            initial_state::InitialState,
            router::{LOBBY_PATH, Navigator, path_after_sign_in},
        },
        kit::{
            dom::{focus_by_id, input_by_id, input_value, is_open, set_input_value},
            form_request::FormRequest,
            reactive::effect,
        },
    },
};

/// The sign-in form. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct SignInForm {
    store: ClientStore,
    navigator: Navigator,
    initial_state: StoredValue<InitialState>,
    /// The text in the password field, if the field is open.
    typed_password: RwSignal<Option<String>>,
    /// Whether the password field is open.
    pub(super) asks_password: RwSignal<bool>,
    pub(super) request: FormRequest,
}

impl SignInForm {
    pub(super) fn new(
        store: ClientStore,
        initial_state: StoredValue<InitialState>,
        typed_password: RwSignal<Option<String>>,
    ) -> Self {
        let attempt = initial_state.with_value(|state| state.sign_in_attempt.clone());
        let ended = store.previous_user.get_untracked();
        let password = typed_password.get_untracked();
        let was_wrong = attempt.error == Some(ErrorCode::WrongPassword);
        let was_registered = ended.as_ref().is_some_and(|me| me.kind == UserKind::Registered);
        let guests_ended = store.end_reason.get_untracked() == Some(EndReason::GuestsEnded);
        let refusal = attempt.error.filter(|_| ended.is_none()).map(|code| RequestError::Refused {
            code,
            suggestion: attempt.suggestion,
            retry_after_ms: None,
        });
        let form = Self {
            store,
            navigator: expect_context(),
            initial_state,
            typed_password,
            asks_password: RwSignal::new(
                was_registered || password.is_some() || was_wrong || attempt.claim.is_some() || guests_ended,
            ),
            request: FormRequest::new(refusal),
        };
        // In an effect, because the fields must be in the document.
        effect(move || {
            if let Some(password) = &password {
                set_input_value("password", password);
            }
            form.save_input();
        });
        form
    }

    /// A nickname that is free, if the typed one was taken.
    pub(super) fn suggestion(self) -> Option<String> {
        match self.request.refusal()? {
            RequestError::Refused { suggestion, .. } => suggestion,
            RequestError::Unreachable => None,
        }
    }

    /// Signs in with the typed nickname and password.
    pub(super) fn submit(self) {
        let password = Some(input_value("password")).filter(|password| !password.is_empty());
        self.sign_in(input_value("nickname"), password);
    }

    /// Signs in with the suggested nickname.
    pub(super) fn accept_suggestion(self) {
        if let Some(nickname) = untrack(|| self.suggestion()) {
            set_input_value("nickname", &nickname);
            self.sign_in(nickname, None);
        }
    }

    fn sign_in(self, nickname: String, password: Option<String>) {
        if !self.request.start() {
            return;
        }
        spawn_local(async move {
            let (invite, claim) = self.initial_state.with_value(|InitialState { sign_in_attempt, .. }| {
                (sign_in_attempt.invite.clone(), sign_in_attempt.claim.clone())
            });
            match sign_in(SessionRequest { nickname, password, invite, claim }).await {
                Ok(me) => {
                    self.typed_password.set(None);
                    // After this user signs out, somebody else may use the page.
                    self.initial_state.update_value(|state| state.sign_in_attempt.nickname = None);
                    let destination = self.destination();
                    self.navigator.replace(&destination);
                    // The user can write in the Lobby at once, before there is a connection.
                    if let Some(lobby) = self.navigator.lobby.filter(|_| destination == LOBBY_PATH) {
                        self.store.expect_lobby(lobby);
                    }
                    self.store.me.set(Some(me));
                }
                Err(refusal) => {
                    let is_wrong = refusal.code() == Some(ErrorCode::WrongPassword);
                    self.request.finish(Some(refusal));
                    focus_by_id(if is_wrong { "password" } else { "nickname" });
                }
            }
        });
    }

    /// The path that is shown after signing in. Not that of a user who was signed in here before: it may be of a conversation
    /// that concerns nobody else.
    pub(super) fn destination(self) -> String {
        self.initial_state.with_value(|state| match state.me {
            None => path_after_sign_in(&state.path).to_owned(),
            Some(_) => LOBBY_PATH.to_owned(),
        })
    }

    /// Saves the typed text outside the view, which a change of language renders again.
    pub(super) fn save_input(self) {
        if input_by_id("nickname").is_some() {
            self.initial_state.update_value(|state| state.sign_in_attempt.nickname = Some(input_value("nickname")));
            self.typed_password.set(self.asks_password.get_untracked().then(|| input_value("password")));
        }
    }

    /// The user has opened or closed the password field.
    pub(super) fn password_toggled(self) {
        let is_open = is_open("sign-in");
        if is_open && !self.asks_password.get_untracked() {
            focus_by_id(if input_value("nickname").is_empty() { "nickname" } else { "password" });
        }
        self.asks_password.set(is_open);
        // A password that the user cannot see must not be sent.
        if !is_open {
            set_input_value("password", "");
        }
        self.save_input();
    }
}
