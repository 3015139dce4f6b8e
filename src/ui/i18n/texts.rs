//! The texts of the page's main file.

#[cfg(feature = "ssr")]
use crate::ui::i18n::language::Language;
use crate::{
    domain::Nickname,
    ui::i18n::{
        composer::{COMPOSER, ComposerTexts},
        connection::{CONNECTION, ConnectionTexts},
        conversation::{CONVERSATION, ConversationTexts},
        errors::{ERRORS, ErrorTexts},
        in_sentence::InSentence,
        preferences::{PREFERENCES, PreferencesTexts},
        recipient::{RECIPIENT, RecipientTexts},
        rooms::{ROOMS, RoomsTexts},
        sidebar::{SIDEBAR, SidebarTexts},
        sign_in::{SIGN_IN, SignInTexts},
        timeline::{TIMELINE, TimelineTexts},
        translations::Translations,
        users::{USERS, UsersTexts},
    },
};

/// The texts of the page's main file in one language, by feature. Those with a number or a name in them are functions;
/// `kit::sentence` shows a sentence with names. The texts of a lazy chunk are apart from these: each has its own table.
pub struct Texts {
    pub(crate) sign_in: &'static SignInTexts,
    pub(crate) preferences: &'static PreferencesTexts,
    pub(crate) users: &'static UsersTexts,
    pub(crate) sidebar: &'static SidebarTexts,
    pub(crate) recipient: &'static RecipientTexts,
    pub(crate) conversation: &'static ConversationTexts,
    pub(crate) rooms: &'static RoomsTexts,
    pub(crate) timeline: &'static TimelineTexts,
    pub(crate) composer: &'static ComposerTexts,
    pub(crate) connection: &'static ConnectionTexts,
    pub(crate) errors: &'static ErrorTexts,
}

static TEXTS: Translations<Texts> = Translations {
    english: Texts {
        sign_in: &SIGN_IN.english,
        preferences: &PREFERENCES.english,
        users: &USERS.english,
        sidebar: &SIDEBAR.english,
        recipient: &RECIPIENT.english,
        conversation: &CONVERSATION.english,
        rooms: &ROOMS.english,
        timeline: &TIMELINE.english,
        composer: &COMPOSER.english,
        connection: &CONNECTION.english,
        errors: &ERRORS.english,
    },
    chinese: Texts {
        sign_in: &SIGN_IN.chinese,
        preferences: &PREFERENCES.chinese,
        users: &USERS.chinese,
        sidebar: &SIDEBAR.chinese,
        recipient: &RECIPIENT.chinese,
        conversation: &CONVERSATION.chinese,
        rooms: &ROOMS.chinese,
        timeline: &TIMELINE.chinese,
        composer: &COMPOSER.chinese,
        connection: &CONNECTION.chinese,
        errors: &ERRORS.chinese,
    },
};

/// The texts of the main file in the language that the reader has chosen.
pub(crate) fn texts() -> &'static Texts {
    TEXTS.current()
}

impl Texts {
    /// The texts of the main file in a language.
    #[cfg(feature = "ssr")]
    pub(crate) fn in_language(language: Language) -> &'static Self {
        TEXTS.in_language(language)
    }

    /// A user's nickname, or what stands for that of a user whose account is deleted.
    pub(crate) fn name_of<'a>(&self, nickname: &'a Nickname) -> &'a str {
        if nickname.is_former() { self.users.former_user } else { nickname.as_str() }
    }

    /// The same for use inside a sentence.
    pub(crate) fn name_in<'a>(&self, nickname: &'a Nickname) -> InSentence<'a> {
        InSentence(self.name_of(nickname))
    }
}
