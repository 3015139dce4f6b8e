//! A request that a form sends to the server: one at a time, with its outcome and its waiting time.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::{client::RequestError, protocol::ErrorCode, ui::i18n::Texts};

/// The state of a form's request. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct FormRequest(RwSignal<FormRequestState>);

#[derive(Clone, Default)]
struct FormRequestState {
    /// Whether a request is on its way.
    is_busy: bool,
    /// After a rate limit: the seconds until the user may try again.
    wait_seconds: u32,
    /// Why the last request failed.
    refusal: Option<RequestError>,
}

impl FormRequest {
    /// Starts idle; with a `refusal` if the form was sent without WebAssembly before and refused.
    pub(crate) fn new(refusal: Option<RequestError>) -> Self {
        Self(RwSignal::new(FormRequestState { refusal, ..FormRequestState::default() }))
    }

    /// Starts a request, unless one is on its way or the user has to wait. Returns whether it started.
    pub(crate) fn start(self) -> bool {
        let state = self.0.get_untracked();
        let may_start = !state.is_busy && state.wait_seconds == 0;
        if may_start {
            self.0.try_set(FormRequestState { is_busy: true, ..state });
        }
        may_start
    }

    /// Ends the request. Does nothing if the form has gone from the page.
    pub(crate) fn finish(self, refusal: Option<RequestError>) {
        match refusal {
            Some(RequestError::Refused { code: ErrorCode::RateLimited, retry_after_ms, .. }) => {
                self.count_down(refusal, retry_after_ms.unwrap_or(1_000));
            }
            refusal => drop(self.0.try_set(FormRequestState { refusal, ..FormRequestState::default() })),
        }
    }

    /// Why the last request failed.
    pub(crate) fn refusal(self) -> Option<RequestError> {
        self.0.get().refusal
    }

    /// The error code of the last request; `None` also if the server was not reached.
    pub(crate) fn error_code(self) -> Option<ErrorCode> {
        self.refusal().as_ref().and_then(RequestError::code)
    }

    /// The text for the last request's error. `None` for the codes in `shown_elsewhere`, which a field shows itself.
    pub(crate) fn error_text(self, t: &Texts, shown_elsewhere: &[ErrorCode]) -> Option<String> {
        match self.refusal()?.code() {
            Some(code) if shown_elsewhere.contains(&code) => None,
            code => Some(t.errors.refusal(code)),
        }
    }

    /// Whether pressing the submit button would do nothing.
    pub(crate) fn is_blocked(self) -> bool {
        let state = self.0.get();
        state.is_busy || state.wait_seconds > 0
    }

    /// The label of the submit button: `idle`, `busy`, or the seconds that are left to wait.
    pub(crate) fn button_label(self, t: &Texts, idle: &'static str, busy: &'static str) -> String {
        match self.0.get() {
            FormRequestState { wait_seconds: seconds @ 1.., .. } => (t.errors.retry_in)(seconds),
            FormRequestState { is_busy: true, .. } => busy.to_owned(),
            FormRequestState { .. } => idle.to_owned(),
        }
    }

    /// Counts the seconds down on the button. The error stays until the last of them.
    fn count_down(self, refusal: Option<RequestError>, milliseconds: u64) {
        let seconds = u32::try_from(milliseconds.div_ceil(1_000).max(1)).unwrap_or(u32::MAX);
        spawn_local(async move {
            for wait_seconds in (1..=seconds).rev() {
                let state = FormRequestState { is_busy: false, wait_seconds, refusal: refusal.clone() };
                if self.0.try_set(state).is_some() {
                    // The form has gone from the page.
                    return;
                }
                TimeoutFuture::new(1_000).await;
            }
            self.0.try_set(FormRequestState::default());
        });
    }
}
