//! The recipient picker.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct RecipientTexts {
    pub(crate) recipient_label: &'static str,
    pub(crate) recipient_placeholder: &'static str,
    pub(crate) recipient_hint: &'static str,
    pub(crate) suggestions: &'static str,
    pub(crate) unknown_user: fn(InSentence) -> String,
}

pub(crate) static RECIPIENT: Translations<RecipientTexts> = Translations {
    english: RecipientTexts {
        recipient_label: "Talk to",
        recipient_placeholder: "Talk to …",
        recipient_hint: "Everyone, or a nickname",
        suggestions: "Suggestions",
        unknown_user: |name| format!("No user is called “{name}”."),
    },
    chinese: RecipientTexts {
        recipient_label: "聊天对象",
        recipient_placeholder: "找人聊天…",
        recipient_hint: "所有人，或某个昵称",
        suggestions: "建议",
        unknown_user: |name| format!("没有叫“{name}”的用户。"),
    },
};
