//! The open conversation, and what shows in its place.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct ConversationTexts {
    pub(crate) lobby: &'static str,
    pub(crate) lobby_topic: &'static str,
    pub(crate) private_topic: fn(InSentence) -> String,
    pub(crate) namesake_topic: fn(InSentence) -> String,
    pub(crate) online_count: fn(u64) -> String,
    pub(crate) options: &'static str,
    pub(crate) hide: &'static str,
    pub(crate) block: &'static str,
    pub(crate) back: &'static str,
    pub(crate) open: &'static str,
    pub(crate) removed: &'static str,
    pub(crate) rejoin: &'static str,
    pub(crate) unknown_conversation: &'static str,
    pub(crate) not_found: &'static str,
    pub(crate) back_to_chat: &'static str,
}

pub(crate) static CONVERSATION: Translations<ConversationTexts> = Translations {
    english: ConversationTexts {
        lobby: "Lobby",
        lobby_topic: "Everyone on this server is here",
        private_topic: |name| format!("Only {name} and you can read this"),
        namesake_topic: |name| format!("This is not the {name} you wrote with before"),
        online_count: |count| format!("{count} online"),
        options: "Options",
        hide: "Hide from list",
        block: "Block user",
        back: "Back to the list",
        open: "Open",
        removed: "A moderator removed you.",
        rejoin: "Rejoin",
        unknown_conversation: "This conversation doesn’t exist, or you aren’t in it.",
        not_found: "Page not found.",
        back_to_chat: "Back to chat",
    },
    chinese: ConversationTexts {
        lobby: "大厅",
        lobby_topic: "所有人都在这里",
        private_topic: |name| format!("仅你和{name}可见"),
        namesake_topic: |name| format!("这不是之前和你聊过的{name}"),
        online_count: |count| format!("{count} 人在线"),
        options: "会话选项",
        hide: "从列表中隐藏",
        block: "屏蔽该用户",
        back: "返回列表",
        open: "打开",
        removed: "你已被管理员移出。",
        rejoin: "重新加入",
        unknown_conversation: "会话不存在，或你不在其中。",
        not_found: "页面不存在。",
        back_to_chat: "返回聊天",
    },
};
