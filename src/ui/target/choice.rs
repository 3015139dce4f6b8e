//! What the target form is about: what was typed, who fits, and what comes of it.

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::super::{
    i18n::{Texts, texts},
    place::{Here, LOBBY, address},
};
use crate::{
    client::Store,
    domain::{ConversationId, User, lowercase, place_of},
    protocol::ErrorCode,
};

/// How many users are offered at once.
const OFFERED: usize = 8;

/// Whom to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The Lobby.
    Everyone,
    /// One user, alone.
    User(User),
}

impl Target {
    /// What to call it.
    pub(super) fn name(&self, texts: &Texts) -> String {
        match self {
            Self::Everyone => texts.everyone.to_owned(),
            Self::User(user) => user.nickname.as_str().to_owned(),
        }
    }
}

/// Why there is nobody to talk to.
#[derive(Clone, PartialEq, Eq)]
enum Problem {
    Unknown(String),
    Refused(ErrorCode),
    Unreachable,
}

/// The choice as it stands. A handle: copies are the same choice.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    store: Store,
    texts: &'static Texts,
    /// What was typed.
    pub(super) text: RwSignal<String>,
    /// Whether the list is shown, if there is anything in it.
    pub(super) open: RwSignal<bool>,
    /// Which of the offered the arrows, or a finger, have reached.
    pub(super) active: RwSignal<Option<usize>>,
    /// Who fits what was typed. Whoever comes or goes, it stays as it is while one of them is reached.
    pub(super) offered: Memo<Vec<Target>>,
    problem: RwSignal<Option<Problem>>,
    here: Here,
    on_done: Option<Callback<()>>,
}

impl Choice {
    pub(super) fn new(store: Store, on_done: Option<Callback<()>>) -> Self {
        let texts = texts();
        let text = RwSignal::new(String::new());
        let (open, active, problem) = (RwSignal::new(false), RwSignal::new(None::<usize>), RwSignal::new(None));
        let offered = Memo::new(move |before: Option<&Vec<Target>>| match before {
            Some(before) if active.with(Option::is_some) => before.clone(),
            _ => offered(store, texts, &text.get()),
        });
        Self { store, texts, text, open, active, offered, problem, here: expect_context(), on_done }
    }

    /// Something was typed.
    pub(super) fn typed(self, text: String) {
        self.text.set(text);
        self.problem.set(None);
        self.active.set(None);
        self.open.set(true);
    }

    /// Whether there is a list to see.
    pub(super) fn is_open(self) -> bool {
        self.open.get() && self.offered.with(|offered| !offered.is_empty())
    }

    /// Whether what was typed led nowhere.
    pub(super) fn has_problem(self) -> bool {
        self.problem.with(Option::is_some)
    }

    /// Why it led nowhere.
    pub(super) fn explanation(self) -> Option<String> {
        self.problem.get().map(|problem| match problem {
            Problem::Unknown(name) => (self.texts.unknown_user)(&name),
            Problem::Refused(code) => (self.texts.error)(code),
            Problem::Unreachable => self.texts.unreachable.to_owned(),
        })
    }

    /// Arrows move through the list, Escape leaves it.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
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

    /// Takes what the arrows have reached, or the name as typed.
    pub(super) fn take(self) {
        let reached = self.active.get_untracked();
        let target = reached.and_then(|index| self.offered.with_untracked(|offered| offered.get(index).cloned()));
        let typed = self.text.with_untracked(|text| text.trim().to_owned());
        let everyone = lowercase(self.texts.everyone);
        match target {
            Some(target) => self.talk_to(target),
            None if typed.is_empty() => {}
            None if lowercase(&typed) == everyone => self.talk_to(Target::Everyone),
            None => self.open(self.store.open_direct(typed.clone()), typed),
        }
    }

    /// Opens the conversation with that target.
    pub(super) fn talk_to(self, target: Target) {
        match target {
            Target::Everyone => {
                self.here.go(LOBBY);
                self.done();
            }
            // The very user who was offered, whoever has the name by now.
            Target::User(user) => self.open(self.store.open_direct_with(user.id), user.nickname.as_str().to_owned()),
        }
    }

    fn open(
        self,
        opening: impl Future<Output = Result<ConversationId, Option<ErrorCode>>> + 'static,
        nickname: String,
    ) {
        spawn_local(async move {
            match opening.await {
                Ok(conversation) => {
                    self.here.go(&address(conversation));
                    return self.done();
                }
                Err(Some(ErrorCode::UnknownUser | ErrorCode::InvalidNickname)) => {
                    self.problem.set(Some(Problem::Unknown(nickname)));
                }
                Err(Some(code)) => self.problem.set(Some(Problem::Refused(code))),
                Err(None) => self.problem.set(Some(Problem::Unreachable)),
            }
            self.open.set(false);
        });
    }

    /// Shows no list any more.
    pub(super) fn close(self) {
        self.open.set(false);
        self.active.set(None);
    }

    fn step(self, next: impl Fn(Option<usize>) -> usize) {
        self.open.set(true);
        self.active.update(|active| *active = Some(next(*active)));
    }

    fn done(self) {
        self.text.set(String::new());
        self.close();
        if let Some(on_done) = self.on_done {
            on_done.run(());
        }
    }
}

/// Everyone and the users who are here, as far as their names hold what was typed.
fn offered(store: Store, texts: &Texts, typed: &str) -> Vec<Target> {
    let wanted = lowercase(typed.trim());
    let me = store.me.with(|me| me.as_ref().map(|me| me.id));
    let fits = |target: &Target| place_of(&wanted, &lowercase(&target.name(texts))).is_some();
    let users = store.presence.with(|presence| {
        let others = presence.online().iter().filter(|user| Some(user.id) != me).cloned().map(Target::User);
        others.filter(fits).take(OFFERED).collect::<Vec<_>>()
    });
    [Target::Everyone].into_iter().filter(fits).chain(users).collect()
}
