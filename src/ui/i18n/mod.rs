//! Every string that a person reads, in each language.

mod en;
mod in_sentence;
mod zh;

use leptos::prelude::*;
use serde::{Serialize, Serializer};

use crate::{
    domain::{EndReason, MAX_BODY_CHARACTERS, MAX_NICKNAME_CHARACTERS, MAX_REACTIONS, ModerationNotice, Nickname},
    protocol::ErrorCode,
};

pub use in_sentence::InSentence;
pub(crate) use in_sentence::sentence;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The BCP 47 tag, as in `<html lang>` and in the cookie.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// What it calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// The language that a BCP 47 tag names, if the page speaks it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.trim().to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// What a browser would like best (`Accept-Language`, RFC 9110 §12.5.4).
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let weighted = header.split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>).ok()?;
            Some((weight, Self::from_tag(tag.trim())?)).filter(|(weight, _)| *weight > 0.0)
        });
        // The first of the heaviest: `max_by` would give the last.
        weighted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }

    /// Its texts.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &en::TEXTS,
            Self::Chinese => &zh::TEXTS,
        }
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

/// The texts of the language that the reader has chosen. Another choice makes the page anew, so nothing follows it.
pub(crate) fn texts() -> &'static Texts {
    expect_context::<RwSignal<Language>>().get_untracked().texts()
}

/// What the page says. Functions where a number or a name belongs inside; what they give is shown by [`sentence`], or as an
/// attribute as it is.
pub struct Texts {
    pub invitation: &'static str,
    pub accounts_only: &'static str,
    pub nickname: &'static str,
    pub enter: &'static str,
    pub entering: &'static str,
    pub people_here: fn(u64) -> String,
    pub nobody_here: &'static str,
    pub try_name: fn(InSentence) -> String,
    pub have_password: &'static str,
    pub this_is_me: &'static str,
    pub password: &'static str,
    pub show_password: &'static str,
    pub sign_in: &'static str,
    pub removed: &'static str,
    pub ended: fn(EndReason) -> &'static str,
    pub claim: &'static str,
    pub come_back: &'static str,
    pub notice: fn(&ModerationNotice) -> String,
    pub wait: fn(u32) -> String,
    pub language: &'static str,

    pub main_navigation: &'static str,
    pub rooms: &'static str,
    pub private: &'static str,
    pub here_now: fn(u64) -> String,
    pub here: fn(u64) -> String,
    pub alone: &'static str,
    pub too_many_to_list: &'static str,
    pub lobby: &'static str,
    pub lobby_topic: &'static str,
    pub private_topic: fn(InSentence) -> String,
    pub namesake_topic: fn(InSentence) -> String,
    pub namesake: &'static str,
    pub is_here: &'static str,
    pub is_away: &'static str,
    pub has_left: &'static str,
    pub gone: &'static str,
    pub left_note: fn(InSentence) -> String,
    pub hide: &'static str,
    pub block: &'static str,
    pub unblock: &'static str,
    pub blocked: &'static str,
    pub show_more: &'static str,
    pub unread: fn(u32) -> String,
    pub back: &'static str,
    pub you: &'static str,
    pub former_user: &'static str,

    pub settings: &'static str,
    pub office: &'static str,
    pub theme: &'static str,
    pub theme_auto: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,

    pub your_nickname: &'static str,
    pub guest_note: &'static str,
    pub registered_note: &'static str,
    pub set_password: &'static str,
    pub change_password: &'static str,
    pub saving: &'static str,
    pub current_password: &'static str,
    pub new_password: &'static str,
    pub password_hint: &'static str,
    pub others_end: &'static str,
    pub wrong_current: &'static str,
    pub password_set: &'static str,
    pub password_changed: &'static str,
    pub owner: &'static str,
    pub moderator: &'static str,
    pub registered: &'static str,
    pub sessions: &'static str,
    pub this_session: &'static str,
    pub lately: &'static str,
    pub unknown_program: &'static str,
    pub end_session: &'static str,
    pub sign_out: &'static str,
    pub leave: &'static str,
    pub stay: &'static str,
    pub give_up: &'static str,
    pub leave_question: fn(InSentence) -> String,
    pub delete_account: &'static str,
    pub delete_means: &'static str,
    pub your_messages: &'static str,
    pub messages_stay: &'static str,
    pub messages_go: &'static str,
    pub delete_now: &'static str,
    pub deleting: &'static str,
    pub account_deleted: &'static str,
    pub last_used: fn(&str) -> String,
    pub program_on: fn(&str, &str) -> String,

    pub talk_to: &'static str,
    pub talk_to_placeholder: &'static str,
    pub talk_to_hint: &'static str,
    pub everyone: &'static str,
    pub to: &'static str,
    pub change_target: fn(InSentence) -> String,
    pub suggestions: &'static str,
    pub open: &'static str,

    pub message: &'static str,
    pub write_to_everyone: &'static str,
    pub write_to: fn(InSentence) -> String,
    pub send: &'static str,
    pub sending: &'static str,
    pub waiting: &'static str,
    pub not_sent: &'static str,
    pub not_changed: &'static str,
    pub retry: &'static str,
    pub discard: &'static str,

    pub edited: &'static str,
    pub deleted: &'static str,
    pub reactions: &'static str,
    pub who_reacted: fn(&[InSentence], usize) -> String,
    pub menu: &'static str,
    pub menu_hint: &'static str,
    pub more_emoji: &'static str,
    pub edit: &'static str,
    pub delete: &'static str,
    pub delete_question: &'static str,
    pub keep: &'static str,
    pub moderate: &'static str,
    pub report: &'static str,
    pub report_question: &'static str,
    pub report_reason: &'static str,
    pub reported: &'static str,
    pub editing: &'static str,
    pub empty_edit: &'static str,
    pub cancel: &'static str,
    pub save: &'static str,

    pub messages: &'static str,
    pub today: &'static str,
    pub yesterday: &'static str,
    pub new_messages: &'static str,
    pub to_latest: &'static str,
    pub loading: &'static str,
    pub load_failed: &'static str,
    pub beginning: &'static str,
    pub empty_lobby: &'static str,
    pub empty_direct: fn(InSentence) -> String,
    pub typing: fn(&[InSentence]) -> String,
    pub no_such_talk: &'static str,

    pub connecting: &'static str,
    /// Told by the server only, to those who will not have the program.
    #[cfg(feature = "ssr")]
    pub needs_script: &'static str,
    #[cfg(feature = "ssr")]
    pub no_program: &'static str,
    #[cfg(feature = "ssr")]
    pub load_anew: &'static str,
    pub connection_lost: &'static str,
    pub restarting: &'static str,
    pub not_kept: &'static str,
    pub understood: &'static str,
    pub unreachable: &'static str,
    pub not_found: &'static str,
    pub go_home: &'static str,

    pub error: fn(ErrorCode) -> String,
    pub unknown_user: fn(InSentence) -> String,
    pub goes_to: fn(Option<InSentence>, InSentence) -> String,
}

impl Texts {
    /// What somebody is called.
    pub(crate) fn name_of<'a>(&self, nickname: &'a Nickname) -> &'a str {
        if nickname.is_former() { self.former_user } else { nickname.as_str() }
    }

    /// The same inside a sentence.
    pub(crate) fn name_in<'a>(&self, nickname: &'a Nickname) -> InSentence<'a> {
        InSentence(self.name_of(nickname))
    }
}

/// What the texts say of limits.
const LIMITS: (usize, usize, usize) = (MAX_NICKNAME_CHARACTERS, MAX_BODY_CHARACTERS, MAX_REACTIONS);

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_favourite_language_wins() {
        let best = |header| Language::from_accept_language(header);
        assert_eq!(best("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(best("fr, en-GB;q=0.7, zh;q=0.3"), Some(Language::English));
        assert_eq!(best("en;q=0.2, zh-Hant-TW"), Some(Language::Chinese));
        assert_eq!(best("de, zh;q=0"), None);
        assert_eq!(best(";;q=x,,"), None);
    }

    #[test]
    fn languages_are_found_by_their_tags() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
    }
}
