//! What a recipient picker does: suggests recipients, and opens the conversation with one of them. Loads lazily.

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use crate::{
    client::ClientStore,
    domain::{find_substring, lowercase},
    protocol::ErrorCode,
    ui::{
        chat::recipient::choice::{Recipient, RecipientChoice, RecipientProblem},
        context::router::{LOBBY_PATH, conversation_path},
        i18n::{Texts, texts},
        kit::{
            avatar::Avatar,
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{on, reactive, reactive_view},
            user_name::UserName,
        },
    },
};

/// The greatest number of suggestions.
const MAX_SUGGESTIONS: usize = 8;

/// The functions that load lazily.
#[derive(Clone, Copy)]
pub(super) struct RecipientFunctions {
    /// The recipients that match a text.
    pub(super) suggest: fn(ClientStore, &Texts, &str) -> Vec<Recipient>,
    /// The view of the suggestions, in the picker of this name.
    pub(super) options: fn(&RecipientChoice, &'static str) -> Boxed,
    pub(super) on_key_down: fn(RecipientChoice, &KeyboardEvent),
    pub(super) submit: fn(RecipientChoice),
}

pub(super) const FUNCTIONS: RecipientFunctions =
    RecipientFunctions { suggest, options, on_key_down: RecipientChoice::on_key_down, submit: RecipientChoice::submit };

/// The id of a suggestion.
pub(super) fn option_id(name: &str, index: usize) -> String {
    format!("target-{name}-{index}")
}

/// The suggestions.
fn options(choice: &RecipientChoice, name: &'static str) -> Boxed {
    let (choice, t) = (*choice, texts());
    let option = move |(index, recipient): (usize, Recipient)| {
        let label = match recipient.clone() {
            Recipient::Everyone => view! {
                <span class="icon-box">{icons::hash()}</span>
                <span class="name">{t.users.everyone}</span>
            }
            .boxed(),
            Recipient::User(user) => {
                let is_namesake = choice.store.conversations.with(|conversations| conversations.is_namesake(&user));
                view! {
                    <Avatar id=user.id nickname=user.nickname.clone() small=true online=true/>
                    <UserName user class="name"/>
                    {is_namesake.then(|| view! { <span class="quiet small">{t.users.namesake}</span> })}
                }
                .boxed()
            }
        };
        view! {
            <li
                id=option_id(name, index)
                class="row"
                role="option"
                aria-selected=reactive(move || (choice.active_index() == Some(index)).to_string())
                on:pointerdown=move |event| {
                    // By default the field would lose the focus, which closes the list before the click. An active option
                    // also keeps the list from changing under the finger.
                    event.prevent_default();
                    choice.active.set(Some(index));
                }
                on:click=on(move |_| choice.open_conversation_with(recipient.clone()))
            >
                {label}
            </li>
        }
    };
    reactive_view(move || choice.suggestions.get().into_iter().enumerate().map(option).collect_view()).boxed()
}

impl RecipientChoice {
    /// Arrow keys move through the list. Escape closes the list; if there is `on_done` or the list is closed, it clears the
    /// text and ends the choice.
    fn on_key_down(self, event: &KeyboardEvent) {
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
    fn submit(self) {
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
    fn open_conversation_with(self, recipient: Recipient) {
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

    fn move_active(self, next: impl Fn(Option<usize>) -> usize) {
        self.open.set(true);
        self.active.update(|active| *active = Some(next(*active)));
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
