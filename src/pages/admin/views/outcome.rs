//! The result of the last form, at the top of a page.

use leptos::prelude::*;

use crate::{domain::Action, pages::admin::i18n::AdminTexts, protocol::ErrorCode, ui::i18n::texts};

/// The result of submitting a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages::admin) enum ActionOutcome {
    /// The action was carried out.
    Done(Action),
    /// The action was refused, for this reason.
    Refused(ErrorCode),
}

/// The result as a status or an alert; nothing if no form was submitted.
pub(super) fn outcome(outcome: Option<ActionOutcome>, t: &'static AdminTexts) -> Option<AnyView> {
    Some(match outcome? {
        ActionOutcome::Done(action) => {
            view! { <p class="outcome done" role="status">{(t.done)(action)}</p> }.into_any()
        }
        ActionOutcome::Refused(code) => {
            view! { <p class="outcome refused" role="alert">{t.failed} " " {refusal(code, t)}</p> }.into_any()
        }
    })
}

/// The reason for a refusal in the reader's language: the admin pages' own text, or else the chat page's.
pub(super) fn refusal(code: ErrorCode, t: &'static AdminTexts) -> String {
    match (t.error)(code) {
        "" => (texts().errors.error)(code),
        text => text.to_owned(),
    }
}
