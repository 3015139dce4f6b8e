//! The completion of names in the composer. Only code of the lazy chunk `chat` may use these texts.

use crate::ui::i18n::translations::Translations;

pub(crate) struct CompletionTexts {
    /// The name of the list.
    pub(crate) choices: &'static str,
    /// How many choices there are, and which one is active.
    pub(crate) choice_status: fn(usize, &str) -> String,
    /// What is typed after `@` to mention everyone in a room. The server knows this word.
    pub(crate) everyone_sign: &'static str,
    pub(crate) everyone_in_room: &'static str,
    pub(crate) not_in_room: &'static str,
}

pub(crate) static COMPLETION: Translations<CompletionTexts> = Translations {
    english: CompletionTexts {
        choices: "Suggestions",
        choice_status: |count, active| match count {
            1 => format!("{active}. 1 suggestion"),
            count => format!("{active}. {count} suggestions"),
        },
        everyone_sign: "room",
        everyone_in_room: "Everyone in this room",
        not_in_room: "not in this room",
    },
    chinese: CompletionTexts {
        choices: "建议",
        choice_status: |count, active| format!("{active}，共 {count} 条建议"),
        everyone_sign: "所有人",
        everyone_in_room: "群里的所有人",
        not_in_room: "不在群里",
    },
};
