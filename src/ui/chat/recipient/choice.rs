//! What the target form is about: what was typed, who fits, and what comes of it.

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use crate::{
    client::Store,
    domain::{User, find_substring, lowercase},
    protocol::ErrorCode,
    ui::{
        context::router::{LOBBY, Navigator, address},
        i18n::{InSentence, Texts, texts},
    },
};

/// How many users are offered at once.
const OFFERED: usize = 8;

/// Whom to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// The Lobby.
    Everyone,
    /// One user, alone.
    User(User),
}

impl Recipient {
    /// What to call it.
    pub(crate) fn name(&self, texts: &Texts) -> String {
        match self {
            Self::Everyone => texts.everyone.to_owned(),
            Self::User(user) => user.nickname.as_str().to_owned(),
        }
    }
}

/// Why there is nobody to talk to.
#[derive(Clone, PartialEq, Eq)]
enum RecipientProblem {
    Unknown(String),
    Refused(ErrorCode),
    Unreachable,
}

impl RecipientProblem {
    /// Why the server opened nothing; no code where it could not be asked.
    fn of(code: Option<ErrorCode>) -> Self {
        code.map_or(Self::Unreachable, Self::Refused)
    }
}

/// The choice as it stands. A handle: copies are the same choice.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    store: Store,
    texts: &'static Texts,
    /// What was typed, in whichever form.
    pub(crate) text: RwSignal<String>,
    /// Whether the list is shown, if there is anything in it.
    pub(crate) open: RwSignal<bool>,
    /// Which of the offered the arrows, or a finger, have reached.
    pub(crate) active: RwSignal<Option<usize>>,
    /// Who fits what was typed. Whoever comes or goes, it stays as it is while one of them is reached.
    pub(crate) offered: Memo<Vec<Recipient>>,
    problem: RwSignal<Option<RecipientProblem>>,
    here: Navigator,
    on_done: Option<Callback<()>>,
}

impl Choice {
    pub(crate) fn new(store: Store, on_done: Option<Callback<()>>) -> Self {
        let (texts, here) = (texts(), expect_context::<Navigator>());
        let text = here.wanted.text;
        let (open, active, problem) = (RwSignal::new(false), RwSignal::new(None::<usize>), RwSignal::new(None));
        let offered = Memo::new(move |before: Option<&Vec<Recipient>>| match before {
            Some(before) if active.with(Option::is_some) => before.clone(),
            _ => offered(store, texts, &text.get()),
        });
        Self { store, texts, text, open, active, offered, problem, here, on_done }
    }

    /// Something was typed.
    pub(crate) fn typed(self, text: String) {
        self.here.wanted.typed(text);
        self.problem.set(None);
        self.active.set(None);
        self.open.set(true);
    }

    /// Whether there is a list to see.
    pub(crate) fn is_open(self) -> bool {
        self.open.get() && self.offered.with(|offered| !offered.is_empty())
    }

    /// What Enter takes, as far as it is known: what the arrows have reached, or else the first that fits what was typed.
    pub(crate) fn reached(self) -> Option<usize> {
        self.active.get().or_else(|| (!self.text.with(|text| text.trim().is_empty())).then_some(0))
    }

    /// Whether what was typed led nowhere.
    pub(crate) fn has_problem(self) -> bool {
        self.problem.with(Option::is_some)
    }

    /// Why it led nowhere.
    pub(crate) fn explanation(self) -> Option<String> {
        self.problem.get().map(|problem| match problem {
            RecipientProblem::Unknown(name) => (self.texts.unknown_user)(InSentence(&name)),
            RecipientProblem::Refused(code) => (self.texts.error)(code),
            RecipientProblem::Unreachable => self.texts.unreachable.to_owned(),
        })
    }

    /// Arrows move through the list, Escape leaves it.
    pub(crate) fn pressed(self, event: &KeyboardEvent) {
        // An input method needs these keys for itself; Safari tells so by the key code alone.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let count = self.offered.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => self.step(|active| active.map_or(0, |index| (index + 1) % count)),
            "ArrowUp" if count > 0 => self.step(|active| active.map_or(count - 1, |index| (index + count - 1) % count)),
            "Escape" if self.open.get_untracked() && self.on_done.is_none() => return self.close(),
            "Escape" => return self.done(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Takes what the arrows have reached; or else the name as typed; or else, where nobody is called so, the first that fits.
    pub(crate) fn take(self) {
        let reached = self.active.get_untracked();
        let at = |index: usize| self.offered.with_untracked(|offered| offered.get(index).cloned());
        let typed = self.text.with_untracked(|text| text.trim().to_owned());
        match reached.and_then(at) {
            Some(target) => self.talk_to(target),
            None if typed.is_empty() => {}
            None if lowercase(&typed) == lowercase(self.texts.everyone) => self.talk_to(Recipient::Everyone),
            None => self.open(Some(typed), at(0)),
        }
    }

    /// Opens the conversation with that target.
    pub(crate) fn talk_to(self, target: Recipient) {
        self.open(None, Some(target));
    }

    /// Opens the conversation with whoever has this name, or else with that target.
    fn open(self, name: Option<String>, target: Option<Recipient>) {
        let before = self.text.get_untracked();
        spawn_local(async move {
            let outcome = self.find(name, target).await;
            // Whoever types on is about to choose somebody else, or writes in the wrong field: nothing of that may go.
            if self.text.try_get_untracked().as_ref() != Some(&before) {
                return;
            }
            match outcome {
                Ok(address) => {
                    self.here.go(&address);
                    self.done();
                }
                Err(problem) => {
                    self.problem.try_set(Some(problem));
                    self.open.try_set(false);
                }
            }
        });
    }

    /// Where the conversation is found.
    async fn find(self, name: Option<String>, target: Option<Recipient>) -> Result<String, RecipientProblem> {
        let mut refused = None;
        if let Some(name) = name {
            match self.store.open_direct(name.clone()).await {
                Ok(conversation) => return Ok(address(conversation)),
                Err(Some(ErrorCode::UnknownUser | ErrorCode::InvalidNickname)) => {
                    refused = Some(RecipientProblem::Unknown(name));
                }
                Err(code) => return Err(RecipientProblem::of(code)),
            }
        }
        match (target, refused) {
            (Some(Recipient::Everyone), _) => Ok(LOBBY.to_owned()),
            // The very user who was offered, whoever has the name by now.
            (Some(Recipient::User(user)), _) => {
                self.store.open_direct_with(user.id).await.map(address).map_err(RecipientProblem::of)
            }
            (None, refused) => Err(refused.unwrap_or(RecipientProblem::Unreachable)),
        }
    }

    /// Shows no list any more.
    pub(crate) fn close(self) {
        self.open.set(false);
        self.active.set(None);
    }

    fn step(self, next: impl Fn(Option<usize>) -> usize) {
        self.open.set(true);
        self.active.update(|active| *active = Some(next(*active)));
    }

    fn done(self) {
        self.here.wanted.typed(String::new());
        self.close();
        if let Some(on_done) = self.on_done {
            on_done.run(());
        }
    }
}

/// The users who are here and everyone, as far as their names hold what was typed: first the name itself, then names that
/// begin so. Everyone comes last unless nothing was typed: what is meant for one is not to go to all by a slip.
fn offered(store: Store, texts: &Texts, typed: &str) -> Vec<Recipient> {
    let wanted = lowercase(typed.trim());
    let me = store.me.with(|me| me.as_ref().map(|me| me.id));
    let mut offered: Vec<((bool, usize, bool), Recipient)> = Vec::with_capacity(OFFERED + 1);
    store.presence.with(|presence| {
        let others = presence.online().iter().filter(|user| Some(user.id) != me).cloned().map(Recipient::User);
        let rank = |target: Recipient| {
            let name = lowercase(&target.name(texts));
            let place = find_substring(&wanted, &name)?;
            let is_last = target == Recipient::Everyone && !wanted.is_empty();
            Some(((is_last, place.min(1), name != wanted), target))
        };
        for (rank, target) in [Recipient::Everyone].into_iter().chain(others).filter_map(rank) {
            let place = offered.partition_point(|(before, _)| *before <= rank);
            offered.insert(place, (rank, target));
            offered.truncate(OFFERED);
        }
    });
    offered.into_iter().map(|(_, target)| target).collect()
}
