//! Replies, threads and mentions. Only code of the lazy chunk `chat` may use these texts.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct ThreadsTexts {
    /// In place of a message that is replied to.
    pub(crate) not_available: &'static str,
    pub(crate) close: &'static str,
    pub(crate) mute_thread: &'static str,
    pub(crate) unmute_thread: &'static str,
    /// What muting a thread does.
    pub(crate) mute_effect: &'static str,
    pub(crate) mentions: &'static str,
    pub(crate) no_mentions: &'static str,
    pub(crate) how_to_mention: &'static str,
    /// The conversation of a message.
    pub(crate) in_room: fn(InSentence) -> String,
    pub(crate) in_direct: &'static str,
    pub(crate) show_more: &'static str,
    pub(crate) loading: &'static str,
    pub(crate) retry: &'static str,
}

pub(crate) static THREADS: Translations<ThreadsTexts> = Translations {
    english: ThreadsTexts {
        not_available: "This message isn’t available",
        close: "Close thread",
        mute_thread: "Mute thread",
        unmute_thread: "Unmute thread",
        mute_effect: "Replies here no longer count as mentions.",
        mentions: "Mentions",
        no_mentions: "Nobody has mentioned you yet.",
        how_to_mention: "When somebody writes @ and your name, or replies in a thread of yours, you find it here.",
        in_room: |room| format!("in {room}"),
        in_direct: "direct message",
        show_more: "Show more",
        loading: "Loading …",
        retry: "Try again",
    },
    chinese: ThreadsTexts {
        not_available: "无法显示这条消息",
        close: "关闭话题",
        mute_thread: "话题免打扰",
        unmute_thread: "取消话题免打扰",
        mute_effect: "话题里的回复不再算作提到你。",
        mentions: "提到我的",
        no_mentions: "还没有人提到你。",
        how_to_mention: "有人用 @ 提到你，或在你参与的话题里回复时，会显示在这里。",
        in_room: |room| format!("在{room}"),
        in_direct: "私聊",
        show_more: "显示更多",
        loading: "正在加载…",
        retry: "重试",
    },
};
