//! Completes the nicknames of those whom a message may mention.

use leptos::prelude::*;

use crate::{
    client::completions,
    domain::{Completions, ConversationKind, Role, User, lowercase},
    ui::{
        chat::composer::completion::{
            choices::{Choice, ChoiceLabel, Completion},
            source::{CompletionSource, PendingChoices},
        },
        i18n::completion::COMPLETION,
        rooms::rank,
    },
};

/// How many spaces a nickname may have that is completed.
const MAX_SPACES: usize = 2;

/// Names that mention everyone. The first is that of the page's language.
const EVERYONE: [&str; 3] = ["room", "everyone", "所有人"];

pub(super) const MENTIONS: CompletionSource = CompletionSource { sign: '@', may_complete, delay: 120, find };

/// Whether this may be a nickname, and not an address of mail: no letter or digit stands before the sign, unless it is one of a
/// script that has no spaces.
fn may_complete(before: Option<char>, typed: &str) -> bool {
    let is_address = before.is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}');
    !is_address && !typed.starts_with(char::is_whitespace) && typed.matches(char::is_whitespace).count() <= MAX_SPACES
}

fn find(completion: Completion, typed: String) -> PendingChoices {
    let (store, conversation) = (completion.store(), completion.conversation);
    let me = store.me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let mentions_everyone = store.conversations.with_untracked(|conversations| {
        let kind = conversations.get(conversation).map(|conversation| &conversation.kind);
        matches!(kind, Some(ConversationKind::Room(room)) if untrack(|| rank(store, room)) >= Role::Moderator)
    });
    let everyone = COMPLETION.current().everyone_sign;
    Box::pin(async move {
        let Completions { members, others } = completions(conversation, &typed).await.unwrap_or_default();
        let user = |user: User, is_outside| Choice {
            text: format!("@{}", user.nickname.as_str()),
            label: ChoiceLabel::User { user, is_outside },
        };
        let members = members.into_iter().filter(|user| Some(user.id) != me).map(|it| user(it, false));
        let mut choices: Vec<Choice> = members.chain(others.into_iter().map(|it| user(it, true))).collect();
        let typed = lowercase(&typed);
        if mentions_everyone && EVERYONE.iter().any(|name| name.starts_with(&typed)) {
            let everyone = Choice { text: format!("@{everyone}"), label: ChoiceLabel::Everyone };
            // Last unless it was begun, so that a slip does not call everyone.
            choices.insert(if typed.is_empty() { choices.len() } else { 0 }, everyone);
        }
        choices
    })
}
