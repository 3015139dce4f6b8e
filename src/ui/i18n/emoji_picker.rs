//! The emoji picker. Only code of the lazy chunk `emoji` may use these texts.

use crate::ui::i18n::translations::Translations;

pub(crate) struct EmojiPickerTexts {
    pub(crate) picker: &'static str,
    pub(crate) search: &'static str,
    pub(crate) search_hint: &'static str,
    pub(crate) recent: &'static str,
    pub(crate) found: fn(usize) -> String,
    pub(crate) groups_label: &'static str,
    /// The headings, in the order of Unicode's groups.
    pub(crate) groups: [&'static str; 9],
    pub(crate) tone: &'static str,
    /// The skin tones: none, then from light to dark.
    pub(crate) tones: [&'static str; 6],
    pub(crate) close: &'static str,
}

pub(crate) static EMOJI_PICKER: Translations<EmojiPickerTexts> = Translations {
    english: EmojiPickerTexts {
        picker: "Emoji",
        search: "Search emoji",
        search_hint: "Tea, 茶 …",
        recent: "Recently used",
        found: |count| match count {
            0 => "No emoji has such a name.".into(),
            1 => "1 emoji".into(),
            count => format!("{count} emoji"),
        },
        groups_label: "Groups",
        groups: [
            "Smileys and emotion",
            "People and body",
            "Animals and nature",
            "Food and drink",
            "Travel and places",
            "Activities",
            "Objects",
            "Symbols",
            "Flags",
        ],
        tone: "Skin tone",
        tones: ["No skin tone", "Light", "Medium-light", "Medium", "Medium-dark", "Dark"],
        close: "Close",
    },
    chinese: EmojiPickerTexts {
        picker: "表情",
        search: "搜索表情",
        search_hint: "茶、tea…",
        recent: "最近使用",
        found: |count| if count == 0 { "没有找到这个表情。".into() } else { format!("{count} 个表情") },
        groups_label: "分类",
        groups: ["笑脸与情绪", "人物与身体", "动物与自然", "食物与饮料", "旅行与地点", "活动", "物品", "符号", "旗帜"],
        tone: "肤色",
        tones: ["默认肤色", "较浅肤色", "中等偏浅肤色", "中等肤色", "中等偏深肤色", "较深肤色"],
        close: "关闭",
    },
};
