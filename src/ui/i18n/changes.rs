//! Pinned messages, earlier texts of a message, and what changed while the reader was away. Only code of the lazy chunk
//! `conversation` may use these texts.

use crate::ui::i18n::{
    in_sentence::{InSentence, join},
    translations::Translations,
};

pub(crate) struct ChangesTexts {
    // Pinned messages
    pub(crate) pinned_messages: &'static str,
    pub(crate) show_pinned: fn(usize) -> String,
    pub(crate) nothing_pinned: &'static str,
    pub(crate) show_in_conversation: &'static str,
    pub(crate) unpin: &'static str,
    pub(crate) close: &'static str,

    // Earlier texts
    pub(crate) versions: &'static str,
    pub(crate) first_version: &'static str,
    pub(crate) present_version: &'static str,

    // While the reader was away
    pub(crate) away: &'static str,
    pub(crate) edited: fn(InSentence, usize) -> String,
    pub(crate) deleted: fn(usize) -> String,
    /// The emoji, the users who are named, how many more there are, and to how many messages.
    pub(crate) reacted: fn(&str, &[InSentence], usize, usize) -> String,
    pub(crate) pinned: fn(usize) -> String,
    pub(crate) more: fn(usize) -> String,
    /// A link to a message whose text is empty or gone, by its time.
    pub(crate) message_of: fn(&str) -> String,
}

pub(crate) static CHANGES: Translations<ChangesTexts> = Translations {
    english: ChangesTexts {
        pinned_messages: "Pinned messages",
        show_pinned: |count| if count == 1 { "1 pinned message".into() } else { format!("{count} pinned messages") },
        nothing_pinned: "No message is pinned.",
        show_in_conversation: "Show in the conversation",
        unpin: "Unpin",
        close: "Close",

        versions: "Versions of this message",
        first_version: "First version",
        present_version: "Now",

        away: "While you were away",
        edited: |name, count| match count {
            1 => format!("{name} edited 1 message"),
            count => format!("{name} edited {count} messages"),
        },
        deleted: |count| if count == 1 { "1 message deleted".into() } else { format!("{count} messages deleted") },
        reacted: |emoji, names, more, messages| {
            let people = match (names, more) {
                ([one], 0) => one.to_string(),
                ([others @ .., last], 0) => format!("{} and {last}", join(others, ", ")),
                (_, 1) => format!("{} and 1 other", join(names, ", ")),
                _ => format!("{} and {more} others", join(names, ", ")),
            };
            let to = if messages == 1 { "your message".into() } else { format!("{messages} of your messages") };
            format!("{emoji} from {people} on {to}")
        },
        pinned: |count| if count == 1 { "1 message pinned".into() } else { format!("{count} messages pinned") },
        more: |count| format!("and {count} more"),
        message_of: |time| format!("message of {time}"),
    },
    chinese: ChangesTexts {
        pinned_messages: "置顶消息",
        show_pinned: |count| format!("{count} 条置顶消息"),
        nothing_pinned: "还没有置顶消息。",
        show_in_conversation: "在会话中查看",
        unpin: "取消置顶",
        close: "关闭",

        versions: "消息的历史版本",
        first_version: "最初版本",
        present_version: "当前版本",

        away: "你不在的时候",
        edited: |name, count| format!("{name}编辑了 {count} 条消息"),
        deleted: |count| format!("{count} 条消息被撤回"),
        reacted: |emoji, names, more, messages| {
            let people = match more {
                0 => join(names, "、"),
                more => format!("{}等 {} 人", join(names, "、"), names.len() + more),
            };
            let to = if messages == 1 { "你的消息".into() } else { format!("你的 {messages} 条消息") };
            format!("{people}用 {emoji} 回应了{to}")
        },
        pinned: |count| format!("{count} 条消息被置顶"),
        more: |count| format!("还有 {count} 条"),
        message_of: |time| format!("{time} 的消息"),
    },
};
