//! The state of a recipient picker: its text, the suggestions, and the opening of the conversation.

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use crate::{
    client::ClientStore,
    domain::{User, find_substring, lowercase},
    protocol::ErrorCode,
    ui::{
        context::router::{LOBBY_PATH, Navigator, conversation_path},
        i18n::{InSentence, Texts, texts},
    },
};

/// The greatest number of suggestions.
const MAX_SUGGESTIONS: usize = 8;

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
enum RecipientProblem {
    /// No user has this nickname.
    Unknown(String),
    /// The server refused.
    Refused(ErrorCode),
    /// The server was not reached.
    Unreachable,
}

impl RecipientProblem {
    /// From the error of a request, which has no code if the server was not reached.
    fn from_code(code: Option<ErrorCode>) -> Self {
        code.map_or(Self::Unreachable, Self::Refused)
    }
}

/// The state of a recipient picker. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct RecipientChoice {
    store: ClientStore,
    texts: &'static Texts,
    /// The text in the field. All recipient pickers share it.
    pub(super) text: RwSignal<String>,
    /// Whether the list of suggestions is open. An empty list is not shown.
    pub(super) open: RwSignal<bool>,
    /// The index of the suggestion that the arrow keys or a finger have reached.
    pub(super) active: RwSignal<Option<usize>>,
    /// The recipients that match the text. While one of them is active, the list does not change when users come and go.
    pub(super) suggestions: Memo<Vec<Recipient>>,
    problem: RwSignal<Option<RecipientProblem>>,
    navigator: Navigator,
    on_done: Option<Callback<()>>,
}

impl RecipientChoice {
    pub(super) fn new(store: ClientStore, on_done: Option<Callback<()>>) -> Self {
        let (texts, navigator) = (texts(), expect_context::<Navigator>());
        let text = navigator.pending_recipient.text;
        let (open, active, problem) = (RwSignal::new(false), RwSignal::new(None::<usize>), RwSignal::new(None));
        let suggestions = Memo::new(move |before: Option<&Vec<Recipient>>| match before {
            Some(before) if active.with(Option::is_some) => before.clone(),
            _ => suggest(store, texts, &text.get()),
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

    /// Arrow keys move through the list. Escape closes the list; if there is `on_done` or the list is closed, it clears the
    /// text and ends the choice.
    pub(super) fn on_key_down(self, event: &KeyboardEvent) {
        // These keys belong to the input method while it composes. Safari reports that by the key code only.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let count = self.suggestions.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => {
                self.move_active(|active| active.map_or(0, |index| (index + 1) % count));
            }
            "ArrowUp" if count > 0 => {
                self.move_active(|active| active.map_or(count - 1, |index| (index + count - 1) % count));
            }
            "Escape" if self.open.get_untracked() && self.on_done.is_none() => return self.close(),
            "Escape" => return self.finish(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Opens the conversation with the active suggestion; without one, with the user of exactly this nickname; without such
    /// a user, with the first suggestion.
    pub(super) fn submit(self) {
        let active = self.active.get_untracked();
        let suggestion_at = |index: usize| self.suggestions.with_untracked(|all| all.get(index).cloned());
        let typed = self.text.with_untracked(|text| text.trim().to_owned());
        match active.and_then(suggestion_at) {
            Some(recipient) => self.open_conversation_with(recipient),
            None if typed.is_empty() => {}
            None if lowercase(&typed) == lowercase(self.texts.users.everyone) => {
                self.open_conversation_with(Recipient::Everyone);
            }
            None => self.open_conversation(Some(typed), suggestion_at(0)),
        }
    }

    /// Opens the conversation with a suggested recipient.
    pub(super) fn open_conversation_with(self, recipient: Recipient) {
        self.open_conversation(None, Some(recipient));
    }

    /// Opens the conversation with the user of this nickname; without such a user, with `fallback`.
    fn open_conversation(self, nickname: Option<String>, fallback: Option<Recipient>) {
        let before = self.text.get_untracked();
        spawn_local(async move {
            let outcome = self.find_path(nickname, fallback).await;
            // If the user went on typing, they want another recipient or mistook the field for the composer. Opening a
            // conversation would lose that text.
            if self.text.try_get_untracked().as_ref() != Some(&before) {
                return;
            }
            match outcome {
                Ok(path) => {
                    self.navigator.go_to(&path);
                    self.finish();
                }
                Err(problem) => {
                    self.problem.try_set(Some(problem));
                    self.open.try_set(false);
                }
            }
        });
    }

    /// The path of the conversation. Begins the direct if there is none yet.
    async fn find_path(
        self,
        nickname: Option<String>,
        fallback: Option<Recipient>,
    ) -> Result<String, RecipientProblem> {
        let mut unknown = None;
        if let Some(nickname) = nickname {
            match self.store.open_direct(nickname.clone()).await {
                Ok(conversation) => return Ok(conversation_path(conversation)),
                Err(Some(ErrorCode::UnknownUser | ErrorCode::InvalidNickname)) => {
                    unknown = Some(RecipientProblem::Unknown(nickname));
                }
                Err(code) => return Err(RecipientProblem::from_code(code)),
            }
        }
        match (fallback, unknown) {
            (Some(Recipient::Everyone), _) => Ok(LOBBY_PATH.to_owned()),
            // By id, because another user may have taken the nickname since it was suggested.
            (Some(Recipient::User(user)), _) => {
                let conversation = self.store.open_direct_with(user.id).await;
                conversation.map(conversation_path).map_err(RecipientProblem::from_code)
            }
            (None, unknown) => Err(unknown.unwrap_or(RecipientProblem::Unreachable)),
        }
    }

    /// Closes the list of suggestions.
    pub(super) fn close(self) {
        self.open.set(false);
        self.active.set(None);
    }

    fn move_active(self, next: impl Fn(Option<usize>) -> usize) {
        self.open.set(true);
        self.active.update(|active| *active = Some(next(*active)));
    }

    fn finish(self) {
        self.navigator.pending_recipient.set_text(String::new());
        self.close();
        if let Some(on_done) = self.on_done {
            on_done.run(());
        }
    }
}

/// Suggests everyone and the online users whose names contain the text: first an exact match, then names that begin with the
/// text. Everyone comes last unless the text is empty, so that a slip does not send a private message to all.
fn suggest(store: ClientStore, texts: &Texts, typed: &str) -> Vec<Recipient> {
    let typed = lowercase(typed.trim());
    let me = store.me.with(|me| me.as_ref().map(|me| me.id));
    let mut suggestions: Vec<((bool, usize, bool), Recipient)> = Vec::with_capacity(MAX_SUGGESTIONS + 1);
    store.presence.with(|presence| {
        let others = presence.online().iter().filter(|user| Some(user.id) != me).cloned().map(Recipient::User);
        let rank = |recipient: Recipient| {
            let name = lowercase(&recipient.name(texts));
            let index = find_substring(&typed, &name)?;
            let is_last = recipient == Recipient::Everyone && !typed.is_empty();
            Some(((is_last, index.min(1), name != typed), recipient))
        };
        // Inserts into a sorted list, because the code of `slice::sort` is large.
        for (rank, recipient) in [Recipient::Everyone].into_iter().chain(others).filter_map(rank) {
            let index = suggestions.partition_point(|(before, _)| *before <= rank);
            suggestions.insert(index, (rank, recipient));
            suggestions.truncate(MAX_SUGGESTIONS);
        }
    });
    suggestions.into_iter().map(|(_, recipient)| recipient).collect()
}
