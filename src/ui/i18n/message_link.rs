//! The link to a message, in the menu of the message.

use crate::ui::i18n::translations::Translations;

pub(crate) struct MessageLinkTexts {
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) not_copied: &'static str,
}

pub(crate) static MESSAGE_LINK: Translations<MessageLinkTexts> = Translations {
    english: MessageLinkTexts {
        copy: "Copy link",
        copied: "Link copied",
        not_copied: "The browser didn’t allow copying.",
    },
    chinese: MessageLinkTexts {
        copy: "复制链接", copied: "链接已复制", not_copied: "浏览器不允许复制。"
    },
};
