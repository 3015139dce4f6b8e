//! A form that asks the server for something: one thing at a time, and what became of it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::{client::Refusal, protocol::ErrorCode, ui::i18n::Texts};

/// How the asking stands. A handle: copies are the same form.
#[derive(Clone, Copy)]
pub(crate) struct Asking(RwSignal<State>);

#[derive(Clone, Default)]
struct State {
    /// Whether an answer is on its way.
    is_busy: bool,
    /// Seconds until the server listens again.
    wait: u32,
    /// Why it was not done.
    refusal: Option<Refusal>,
}

impl Asking {
    /// Begins with what became of it before, if it was asked before this code was there.
    pub(crate) fn new(refusal: Option<Refusal>) -> Self {
        Self(RwSignal::new(State { refusal, ..State::default() }))
    }

    /// Whether one may ask now; if so, one does.
    pub(crate) fn begin(self) -> bool {
        let state = self.0.get_untracked();
        let may_begin = !state.is_busy && state.wait == 0;
        if may_begin {
            self.0.try_set(State { is_busy: true, ..state });
        }
        may_begin
    }

    /// The answer has come. The page may show something else by now.
    pub(crate) fn end(self, refusal: Option<Refusal>) {
        match refusal {
            Some(Refusal::Refused { code: ErrorCode::RateLimited, retry_after_ms, .. }) => {
                self.count_down(refusal, retry_after_ms.unwrap_or(1_000));
            }
            refusal => drop(self.0.try_set(State { refusal, ..State::default() })),
        }
    }

    /// Why it was not done.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        self.0.get().refusal
    }

    /// Why it was not done, by the server.
    pub(crate) fn code(self) -> Option<ErrorCode> {
        self.refusal().as_ref().and_then(Refusal::code)
    }

    /// Why it was not done, unless that is for `others` to say.
    pub(crate) fn explanation(self, t: &Texts, others: &[ErrorCode]) -> Option<String> {
        match self.refusal()?.code() {
            Some(code) if others.contains(&code) => None,
            Some(code) => Some((t.error)(code)),
            None => Some(t.unreachable.to_owned()),
        }
    }

    /// Whether a press of the button would do nothing.
    pub(crate) fn is_closed(self) -> bool {
        let state = self.0.get();
        state.is_busy || state.wait > 0
    }

    /// What stands on the button.
    pub(crate) fn button(self, t: &Texts, name: &'static str, busy: &'static str) -> String {
        match self.0.get() {
            State { wait: seconds @ 1.., .. } => (t.wait)(seconds),
            State { is_busy: true, .. } => busy.to_owned(),
            State { .. } => name.to_owned(),
        }
    }

    /// A calm wait: the seconds stand on the button, and what was said goes with the last one.
    fn count_down(self, refusal: Option<Refusal>, milliseconds: u64) {
        let seconds = u32::try_from(milliseconds.div_ceil(1_000).max(1)).unwrap_or(u32::MAX);
        spawn_local(async move {
            for wait in (1..=seconds).rev() {
                if self.0.try_set(State { is_busy: false, wait, refusal: refusal.clone() }).is_some() {
                    // Nobody sees it any more.
                    return;
                }
                TimeoutFuture::new(1_000).await;
            }
            self.0.try_set(State::default());
        });
    }
}
