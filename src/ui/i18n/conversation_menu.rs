//! The menu of a conversation. Only code of the lazy chunk `chat` may use these texts.

use crate::ui::i18n::translations::Translations;

pub(crate) struct ConversationMenuTexts {
    pub(crate) mute: &'static str,
    pub(crate) unmute: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) unpin: &'static str,
}

pub(crate) static CONVERSATION_MENU: Translations<ConversationMenuTexts> = Translations {
    english: ConversationMenuTexts {
        mute: "Mute",
        unmute: "Unmute",
        pin: "Keep at the top",
        unpin: "Don’t keep at the top",
    },
    chinese: ConversationMenuTexts {
        mute: "免打扰", unmute: "取消免打扰", pin: "置顶", unpin: "取消置顶"
    },
};
