//! The state of a recipient picker: its text, the suggestions, and what came of the last attempt.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::User,
    protocol::ErrorCode,
    ui::{
        context::router::Navigator,
        i18n::{InSentence, Texts, texts},
    },
};

/// Whom to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// Everyone in the Lobby.
    Everyone,
    /// One user, in a direct.
    User(User),
}

impl Recipient {
    /// The name that the suggestions show.
    pub(super) fn name(&self, texts: &Texts) -> String {
        match self {
            Self::Everyone => texts.users.everyone.to_owned(),
            Self::User(user) => user.nickname.as_str().to_owned(),
        }
    }
}

/// Why no conversation was opened.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum RecipientProblem {
    /// No user has this nickname.
    Unknown(String),
    /// The server refused.
    Refused(ErrorCode),
    /// The server was not reached.
    Unreachable,
}

impl RecipientProblem {
    /// From the error of a request, which has no code if the server was not reached.
    pub(super) fn from_code(code: Option<ErrorCode>) -> Self {
        code.map_or(Self::Unreachable, Self::Refused)
    }
}

/// The state of a recipient picker. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct RecipientChoice {
    pub(super) store: ClientStore,
    pub(super) texts: &'static Texts,
    /// The text in the field. All recipient pickers share it.
    pub(super) text: RwSignal<String>,
    /// Whether the list of suggestions is open. An empty list is not shown.
    pub(super) open: RwSignal<bool>,
    /// The index of the suggestion that the arrow keys or a finger have reached.
    pub(super) active: RwSignal<Option<usize>>,
    /// The recipients that match the text. While one of them is active, the list does not change when users come and go.
    pub(super) suggestions: Memo<Vec<Recipient>>,
    pub(super) problem: RwSignal<Option<RecipientProblem>>,
    pub(super) navigator: Navigator,
    pub(super) on_done: Option<Callback<()>>,
}

impl RecipientChoice {
    /// `suggest` finds the recipients that match a text; it may follow signals.
    pub(super) fn new(
        store: ClientStore,
        on_done: Option<Callback<()>>,
        suggest: impl Fn(&str) -> Vec<Recipient> + Send + Sync + 'static,
    ) -> Self {
        let (texts, navigator) = (texts(), expect_context::<Navigator>());
        let text = navigator.pending_recipient.text;
        let (open, active, problem) = (RwSignal::new(false), RwSignal::new(None::<usize>), RwSignal::new(None));
        let suggestions = Memo::new(move |before: Option<&Vec<Recipient>>| match before {
            Some(before) if active.with(Option::is_some) => before.clone(),
            _ => suggest(&text.get()),
        });
        Self { store, texts, text, open, active, suggestions, problem, navigator, on_done }
    }

    /// The user has changed the text.
    pub(super) fn on_input(self, text: String) {
        self.navigator.pending_recipient.set_text(text);
        self.problem.set(None);
        self.active.set(None);
        self.open.set(true);
    }

    /// Whether the list of suggestions is visible.
    pub(super) fn is_open(self) -> bool {
        self.open.get() && self.suggestions.with(|suggestions| !suggestions.is_empty())
    }

    /// The index of the suggestion that is highlighted: the active one, or the first if there is a text.
    pub(super) fn active_index(self) -> Option<usize> {
        self.active.get().or_else(|| (!self.text.with(|text| text.trim().is_empty())).then_some(0))
    }

    /// Whether the last submission failed.
    pub(super) fn has_problem(self) -> bool {
        self.problem.with(Option::is_some)
    }

    /// The text for the last submission's error.
    pub(super) fn problem_text(self) -> Option<String> {
        self.problem.get().map(|problem| match problem {
            RecipientProblem::Unknown(name) => (self.texts.recipient.unknown_user)(InSentence(&name)),
            RecipientProblem::Refused(code) => (self.texts.errors.error)(code),
            RecipientProblem::Unreachable => self.texts.errors.unreachable.to_owned(),
        })
    }

    /// Closes the list of suggestions.
    pub(super) fn close(self) {
        self.open.set(false);
        self.active.set(None);
    }

    /// Clears the text and ends the choice.
    pub(super) fn finish(self) {
        self.navigator.pending_recipient.set_text(String::new());
        self.close();
        if let Some(on_done) = self.on_done {
            on_done.run(());
        }
    }
}
