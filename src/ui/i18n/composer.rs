//! The composer.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct ComposerTexts {
    pub(crate) message: &'static str,
    pub(crate) write_to_everyone: &'static str,
    pub(crate) write_to: fn(InSentence) -> String,
    pub(crate) to: &'static str,
    pub(crate) change_recipient: fn(InSentence) -> String,
    pub(crate) recipient_mismatch: fn(Option<InSentence>, InSentence) -> String,
    pub(crate) send: &'static str,
    pub(crate) emoji: &'static str,
    pub(crate) paste_as_code: &'static str,
    pub(crate) editing: &'static str,
    pub(crate) replying: &'static str,
    pub(crate) write_in_thread: &'static str,
    pub(crate) empty_edit: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) save: &'static str,
    pub(crate) typing: fn(&[InSentence]) -> String,
    pub(crate) user_left_note: fn(InSentence) -> String,
}

pub(crate) static COMPOSER: Translations<ComposerTexts> = Translations {
    english: ComposerTexts {
        message: "Message",
        write_to_everyone: "Write to everyone in the Lobby",
        write_to: |name| format!("Write to {name} privately"),
        to: "to",
        change_recipient: |name| format!("Writing to {name}. Change recipient"),
        recipient_mismatch: |to, wanted| match to {
            None => format!("This goes to everyone in the Lobby, not to “{wanted}”. Send it again if that is right."),
            Some(to) => format!("This goes to {to} alone, not to “{wanted}”. Send it again if that is right."),
        },
        send: "Send",
        emoji: "Emoji",
        paste_as_code: "Paste as code block",
        editing: "Editing your message",
        replying: "Replying to",
        write_in_thread: "Reply in this thread",
        empty_edit: "Your message is empty. Write something, or cancel and delete it.",
        cancel: "Cancel",
        save: "Save",
        typing: |names| match names {
            [one] => format!("{one} is typing …"),
            [one, two] => format!("{one} and {two} are typing …"),
            _ => "Several people are typing …".into(),
        },
        user_left_note: |name| format!("{name} has left for good and won’t read new messages."),
    },
    chinese: ComposerTexts {
        message: "消息",
        write_to_everyone: "发消息给大厅里的所有人",
        write_to: |name| format!("发私信给{name}"),
        to: "发给",
        change_recipient: |name| format!("正在发给{name}，点击更换"),
        recipient_mismatch: |to, wanted| match to {
            None => format!("这条消息会发给大厅里的所有人，而不是“{wanted}”。确认无误请再次发送。"),
            Some(to) => format!("这条消息只会发给{to}，而不是“{wanted}”。确认无误请再次发送。"),
        },
        send: "发送",
        emoji: "表情",
        paste_as_code: "作为代码块粘贴",
        editing: "正在编辑消息",
        replying: "正在回复",
        write_in_thread: "在话题中回复",
        empty_edit: "消息内容为空。请输入内容，或取消编辑后撤回。",
        cancel: "取消",
        save: "保存",
        typing: |names| match names {
            [one] => format!("{one}正在输入…"),
            [one, two] => format!("{one}和{two}正在输入…"),
            _ => "多人正在输入…".into(),
        },
        user_left_note: |name| format!("{name}已离开，不会再看到新消息。"),
    },
};
