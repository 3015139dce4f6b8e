//! The sidebar: the lists of conversations and users.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct SidebarTexts {
    pub(crate) main_navigation: &'static str,
    pub(crate) rooms: &'static str,
    pub(crate) private: &'static str,
    pub(crate) online_now: fn(u64) -> String,
    pub(crate) only_you_online: &'static str,
    pub(crate) too_many_to_list: &'static str,
    pub(crate) former_users: &'static str,
    pub(crate) show_more: &'static str,
    pub(crate) unread: fn(u32) -> String,
    pub(crate) mentions: fn(u32) -> String,
    /// After the name of a conversation, for screen readers.
    pub(crate) muted: &'static str,
    pub(crate) pinned: &'static str,
    pub(crate) options: fn(InSentence) -> String,
    pub(crate) told: &'static str,
    /// The mark of a conversation in which the user has begun a message.
    pub(crate) draft: &'static str,
}

pub(crate) static SIDEBAR: Translations<SidebarTexts> = Translations {
    english: SidebarTexts {
        main_navigation: "Conversations",
        rooms: "Rooms",
        private: "Direct messages",
        online_now: |count| format!("Online · {count}"),
        only_you_online: "Just you. Send friends the address of this page.",
        too_many_to_list: "Too many to list. Search by name above.",
        former_users: "Left",
        show_more: "Show more",
        unread: |count| format!("{count} unread"),
        mentions: |count| if count == 1 { "1 mention".into() } else { format!("{count} mentions") },
        muted: "muted",
        pinned: "at the top",
        options: |name| format!("Options: {name}"),
        told: "Mentions",
        draft: "Draft",
    },
    chinese: SidebarTexts {
        main_navigation: "会话",
        rooms: "群聊",
        private: "私聊",
        online_now: |count| format!("在线 · {count}"),
        only_you_online: "目前只有你在线，把网址发给朋友吧。",
        too_many_to_list: "人数太多，无法全部列出，请在上方搜索。",
        former_users: "已离开",
        show_more: "显示更多",
        unread: |count| format!("{count} 条未读"),
        mentions: |count| format!("{count} 条提到你"),
        muted: "免打扰",
        pinned: "已置顶",
        options: |name| format!("{name}的选项"),
        told: "提到我的",
        draft: "草稿",
    },
};
