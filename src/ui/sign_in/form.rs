//! What the door is about: what was typed, how it is tried, and what comes of it.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{Refusal, Store, join},
    domain::{EndReason, UserKind},
    protocol::{ErrorCode, SessionRequest},
    ui::{
        InitialState,
        context::router::{LOBBY, Navigator},
        kit::{
            form_request::Asking,
            password_field::{field, fill, focus, is_open, typed},
            reactive::effect,
        },
    },
};

/// Somebody at the door. A handle: copies are the same arrival.
#[derive(Clone, Copy)]
pub(crate) struct SignInForm {
    store: Store,
    here: Navigator,
    viewer: StoredValue<InitialState>,
    /// The password as far as it was typed, if it was asked for.
    kept_password: RwSignal<Option<String>>,
    /// Whether the password is asked for.
    pub(crate) signs_in: RwSignal<bool>,
    pub(crate) asking: Asking,
}

impl SignInForm {
    pub(crate) fn new(
        store: Store,
        viewer: StoredValue<InitialState>,
        kept_password: RwSignal<Option<String>>,
    ) -> Self {
        let attempt = viewer.with_value(|viewer| viewer.attempt.clone());
        let ended = store.ended.get_untracked();
        let kept = kept_password.get_untracked();
        let was_wrong = attempt.error == Some(ErrorCode::WrongPassword);
        let was_registered = ended.as_ref().is_some_and(|me| me.kind == UserKind::Registered);
        let guests_ended = store.end_reason.get_untracked() == Some(EndReason::GuestsEnded);
        let refusal = attempt.error.filter(|_| ended.is_none()).map(|code| Refusal::Refused {
            code,
            suggestion: attempt.suggestion,
            retry_after_ms: None,
        });
        let arrival = Self {
            store,
            here: expect_context(),
            viewer,
            kept_password,
            signs_in: RwSignal::new(
                was_registered || kept.is_some() || was_wrong || attempt.claim.is_some() || guests_ended,
            ),
            asking: Asking::new(refusal),
        };
        // Once the fields are there.
        effect(move || {
            if let Some(kept) = &kept {
                fill("password", kept);
            }
            arrival.keep();
        });
        arrival
    }

    /// A name that is free.
    pub(crate) fn suggestion(self) -> Option<String> {
        match self.asking.refusal()? {
            Refusal::Refused { suggestion, .. } => suggestion,
            Refusal::Unreachable => None,
        }
    }

    /// Comes in with what was typed.
    pub(crate) fn submit(self) {
        self.come_in(typed("nickname"), Some(typed("password")).filter(|password| !password.is_empty()));
    }

    /// Comes in by the name that is free.
    pub(crate) fn take_suggestion(self) {
        if let Some(name) = untrack(|| self.suggestion()) {
            fill("nickname", &name);
            self.come_in(name, None);
        }
    }

    fn come_in(self, name: String, password: Option<String>) {
        if !self.asking.begin() {
            return;
        }
        spawn_local(async move {
            let (invite, claim) =
                self.viewer.with_value(|InitialState { attempt, .. }| (attempt.invite.clone(), attempt.claim.clone()));
            match join(SessionRequest { nickname: name, password, invite, claim }).await {
                Ok(me) => {
                    self.kept_password.set(None);
                    // Whoever comes to this page after them may be somebody else.
                    self.viewer.update_value(|viewer| viewer.attempt.nickname = None);
                    self.here.replace(LOBBY);
                    // Nobody needs to wait for the connection to begin to write.
                    if let Some(lobby) = self.here.lobby {
                        self.store.expect_room(lobby);
                    }
                    self.store.me.set(Some(me));
                }
                Err(refusal) => {
                    let is_wrong = refusal.code() == Some(ErrorCode::WrongPassword);
                    self.asking.end(Some(refusal));
                    focus(if is_wrong { "password" } else { "nickname" });
                }
            }
        });
    }

    /// What was typed outlives a change of language.
    pub(crate) fn keep(self) {
        if field("nickname").is_some() {
            self.viewer.update_value(|viewer| viewer.attempt.nickname = Some(typed("nickname")));
            self.kept_password.set(self.signs_in.get_untracked().then(|| typed("password")));
        }
    }

    /// The password is asked for, or not any more.
    pub(crate) fn disclose(self) {
        let is_open = is_open("sign-in");
        if is_open && !self.signs_in.get_untracked() {
            focus(if typed("nickname").is_empty() { "nickname" } else { "password" });
        }
        self.signs_in.set(is_open);
        // What is not to be seen is not sent.
        if !is_open {
            fill("password", "");
        }
        self.keep();
    }
}
