//! Formatted messages. Only code of the lazy chunk `markdown` may use these texts.

use crate::ui::i18n::translations::Translations;

pub(crate) struct MarkdownTexts {
    pub(crate) code: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) not_copied: &'static str,
    pub(crate) table: &'static str,
    pub(crate) show_all: &'static str,
    pub(crate) show_less: &'static str,
    /// Everyone in a room, after `@`.
    pub(crate) everyone: &'static str,
}

pub(crate) static MARKDOWN: Translations<MarkdownTexts> = Translations {
    english: MarkdownTexts {
        code: "Code",
        copy: "Copy",
        copied: "Copied",
        not_copied: "Couldn’t copy",
        table: "Table",
        show_all: "Show all",
        show_less: "Show less",
        everyone: "room",
    },
    chinese: MarkdownTexts {
        code: "代码",
        copy: "复制",
        copied: "已复制",
        not_copied: "复制失败",
        table: "表格",
        show_all: "展开",
        show_less: "收起",
        everyone: "所有人",
    },
};
