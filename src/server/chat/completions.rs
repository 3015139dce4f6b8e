//! Whose nickname somebody may be typing.

use std::cmp::Reverse;

use pinyin::ToPinyin as _;

use crate::{
    domain::{
        Completions, ConversationId, ConversationKind, CurrentUser, MAX_NICKNAME_CHARACTERS, Nickname, User, UserId,
        UserKind, Visibility, lowercase,
    },
    server::{
        chat::service::ChatService,
        error::ChatError,
        store::{CompletionUsers, HistoryWindow},
    },
};

/// How many users of each kind a completion has at most.
const MAX_COMPLETIONS: usize = 8;

/// How many of the newest messages are looked at for those who wrote last, and how many bytes of them.
const NEWEST_MESSAGES: (u32, usize) = (50, 64 * 1024);

impl ChatService {
    /// Returns users whose nickname begins with `typed`, or looks like it; or of whom a word of the name, or its pinyin, does.
    /// Without a text, it returns those who wrote last. Registered users also find users who are not in a public room.
    pub(in crate::server) async fn completions(
        &self,
        me: &CurrentUser,
        conversation: ConversationId,
        typed: &str,
    ) -> Result<Completions, ChatError> {
        let typed: String = typed.trim().chars().take(MAX_NICKNAME_CHARACTERS).collect();
        let view = self.store.conversation(me.id, conversation).await?;
        let is_public = matches!(&view.kind, ConversationKind::Room(room) if room.visibility == Visibility::Public);
        let finds_others = is_public && me.kind == UserKind::Registered && !typed.is_empty();
        let prefix = Nickname::parse_existing(&typed).ok().map(|name| name.key()).filter(|_| finds_others);
        // Members among them are left out.
        let limit = u32::try_from(2 * MAX_COMPLETIONS).unwrap_or(u32::MAX);
        let CompletionUsers { mut members, mut others } =
            self.store.completion_users(me.id, conversation, prefix, limit).await?;
        others.retain(|user| user.id != me.id && members.iter().all(|member| member.id != user.id));
        others.truncate(MAX_COMPLETIONS);
        members.retain(|user| user.id != me.id && !user.nickname.is_former());
        let members = if typed.is_empty() {
            let authors = self.newest_authors(me.id, conversation).await?;
            let place = |user: &User| authors.iter().position(|author| *author == user.id).unwrap_or(usize::MAX);
            members.sort_by_cached_key(|user| (place(user), lowercase(user.nickname.as_str())));
            members
        } else {
            best_matches(members, &typed)
        };
        Ok(Completions { members: members.into_iter().take(MAX_COMPLETIONS).collect(), others })
    }

    /// The authors of the newest messages; who wrote last comes first.
    async fn newest_authors(&self, me: UserId, conversation: ConversationId) -> Result<Vec<UserId>, ChatError> {
        let (limit, bytes) = NEWEST_MESSAGES;
        let page = self.store.messages(me, conversation, HistoryWindow::Newest, limit, bytes).await?;
        let written = page.messages.iter().rev().filter(|message| !message.is_notice());
        Ok(written.map(|message| message.author.id).collect())
    }
}

/// The users whose nickname `typed` may begin, the best first.
fn best_matches(users: Vec<User>, typed: &str) -> Vec<User> {
    let search = Search::new(typed);
    let mut found: Vec<(Match, String, User)> = users
        .into_iter()
        .filter_map(|user| {
            let name = lowercase(user.nickname.as_str());
            Some((search.rank(&user.nickname, &name)?, name, user))
        })
        .collect();
    found.sort_by(|(rank, name, _), (other_rank, other, _)| (Reverse(rank), name).cmp(&(Reverse(other_rank), other)));
    found.into_iter().map(|(.., user)| user).collect()
}

/// How well a nickname matches, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// The initials of its pinyin begin with it.
    Initials,
    /// Its pinyin begins with it.
    Pinyin,
    /// A word of it does.
    Word,
    /// It does.
    Start,
    Whole,
}

/// A text that is looked for.
struct Search {
    text: String,
    /// The key of the text, if it is a valid nickname.
    key: Option<String>,
    /// Without spaces.
    letters: String,
}

impl Search {
    fn new(typed: &str) -> Self {
        let text = lowercase(typed);
        let key = Nickname::parse_existing(typed).ok().map(|name| name.key().as_str().to_owned());
        let letters = text.chars().filter(|c| !c.is_whitespace()).collect();
        Self { text, key, letters }
    }

    /// How well a nickname matches; `lower` is the same in small letters.
    fn rank(&self, nickname: &Nickname, lower: &str) -> Option<Match> {
        if lower == self.text {
            return Some(Match::Whole);
        }
        let key = nickname.key();
        if lower.starts_with(&self.text) || self.key.as_ref().is_some_and(|start| key.as_str().starts_with(start)) {
            return Some(Match::Start);
        }
        if lower.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&self.text)) {
            return Some(Match::Word);
        }
        if !self.letters.is_ascii() {
            return None;
        }
        let syllables: Vec<&str> = lower.chars().filter_map(|c| Some(c.to_pinyin()?.plain())).collect();
        let whole = syllables.concat();
        let initials: String = syllables.iter().filter_map(|syllable| syllable.chars().next()).collect();
        if !whole.is_empty() && whole.starts_with(&self.letters) {
            Some(Match::Pinyin)
        } else {
            (!initials.is_empty() && initials.starts_with(&self.letters)).then_some(Match::Initials)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str) -> Vec<String> {
        let names = ["阿玲", "Ada Lovelace", "ada", "李小明", "小明", "Bob"];
        let user = |name: &&str| User::guest(UserId::generate(), Nickname::parse(name).expect("a nickname"));
        let users = best_matches(names.iter().map(user).collect(), typed);
        users.into_iter().map(|user| user.nickname.as_str().to_owned()).collect()
    }

    #[test]
    fn a_name_is_found_by_its_start_a_word_of_it_and_its_pinyin_in_this_order() {
        assert_eq!(found("ADA"), ["ada", "Ada Lovelace"]);
        assert_eq!(found("love"), ["Ada Lovelace"]);
        assert_eq!(found("小"), ["小明"]);
        assert_eq!(found("xiao ming"), ["小明"]);
        assert_eq!(found("lxm"), ["李小明"]);
        assert_eq!(found("a"), ["ada", "Ada Lovelace", "阿玲"]);
        assert_eq!(found("0"), [""; 0]);
        assert_eq!(found("b0b"), ["Bob"], "as it looks");
    }
}
