//! The message menu. Only code of the lazy chunk `message_menu` may use these texts.

use crate::ui::i18n::translations::Translations;

pub(crate) struct MessageMenuTexts {
    pub(crate) menu: &'static str,
    pub(crate) more_emoji: &'static str,
    pub(crate) edit: &'static str,
    pub(crate) delete: &'static str,
    pub(crate) delete_question: &'static str,
    pub(crate) keep: &'static str,
    pub(crate) moderate: &'static str,
    pub(crate) report: &'static str,
    pub(crate) report_question: &'static str,
    pub(crate) report_reason: &'static str,
    pub(crate) reported: &'static str,
    pub(crate) copy_link: &'static str,
    pub(crate) link_copied: &'static str,
    pub(crate) copy_failed: &'static str,
}

pub(crate) static MESSAGE_MENU: Translations<MessageMenuTexts> = Translations {
    english: MessageMenuTexts {
        menu: "Message actions",
        more_emoji: "More emoji",
        edit: "Edit",
        delete: "Delete",
        delete_question: "Delete this message?",
        keep: "Keep it",
        moderate: "Moderate …",
        report: "Report",
        report_question: "Moderators will see this message and those around it.",
        report_reason: "Reason (optional)",
        reported: "Reported. Moderators will look at it.",
        copy_link: "Copy link",
        link_copied: "Link copied",
        copy_failed: "The browser didn’t allow copying.",
    },
    chinese: MessageMenuTexts {
        menu: "消息操作",
        more_emoji: "更多表情",
        edit: "编辑",
        delete: "撤回",
        delete_question: "撤回这条消息？",
        keep: "取消",
        moderate: "管理…",
        report: "举报",
        report_question: "管理员会看到这条消息及其前后消息。",
        report_reason: "原因（选填）",
        reported: "已举报，管理员会尽快查看。",
        copy_link: "复制链接",
        link_copied: "链接已复制",
        copy_failed: "浏览器不允许复制。",
    },
};
