//! The messages of a conversation, and their way to the server.

use crate::{
    domain::{Action, ModerationNotice, Role},
    ui::i18n::{
        in_sentence::{InSentence, join},
        translations::Translations,
    },
};

pub(crate) struct TimelineTexts {
    pub(crate) messages: &'static str,
    pub(crate) menu_hint: &'static str,
    pub(crate) today: &'static str,
    pub(crate) yesterday: &'static str,
    pub(crate) new_messages: &'static str,
    pub(crate) to_latest: &'static str,
    pub(crate) loading: &'static str,
    pub(crate) load_failed: &'static str,
    pub(crate) start_of_history: &'static str,
    pub(crate) empty_lobby: &'static str,
    pub(crate) empty_direct: fn(InSentence) -> String,
    pub(crate) edited: &'static str,
    pub(crate) deleted: &'static str,
    /// With the name of the user that it is about.
    pub(crate) notice: fn(InSentence, &ModerationNotice) -> String,
    pub(crate) reactions: &'static str,
    pub(crate) who_reacted: fn(&[InSentence], usize) -> String,
    pub(crate) sending: &'static str,
    pub(crate) waiting_for_connection: &'static str,
    pub(crate) not_sent: &'static str,
    pub(crate) not_changed: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) discard: &'static str,
}

pub(crate) static TIMELINE: Translations<TimelineTexts> = Translations {
    english: TimelineTexts {
        messages: "Messages",
        menu_hint: "Use the arrow keys to choose a message and Enter to open its actions",
        today: "Today",
        yesterday: "Yesterday",
        new_messages: "New",
        to_latest: "Jump to latest message",
        loading: "Loading messages …",
        load_failed: "The messages couldn’t be loaded.",
        start_of_history: "This is the beginning",
        empty_lobby: "No messages yet. Say hello!",
        empty_direct: |name| {
            format!("No messages yet. What you write is only for {name}, who will find it even if offline now.")
        },
        edited: "edited",
        deleted: "Message deleted",
        notice: |name, notice| {
            let done = match notice.action {
                Action::Mute => "muted",
                Action::Unmute => "unmuted",
                Action::Remove => "removed",
                Action::Ban => "banned",
                Action::Unban => "unbanned",
                Action::Appoint => match notice.role {
                    Some(Role::Owner) => "made an owner",
                    Some(Role::Moderator) => "made a moderator",
                    _ => "made a member",
                },
            };
            format!("{name} was {done}")
        },
        reactions: "Reactions",
        who_reacted: |names, more| match (names, more) {
            ([one], 0) => one.to_string(),
            ([others @ .., last], 0) => format!("{} and {last}", join(others, ", ")),
            _ => format!("{} and {more} more", join(names, ", ")),
        },
        sending: "sending …",
        waiting_for_connection: "waiting for the connection",
        not_sent: "Not sent.",
        not_changed: "Not changed.",
        retry: "Try again",
        discard: "Discard",
    },
    chinese: TimelineTexts {
        messages: "消息记录",
        menu_hint: "用方向键选择消息，按回车键打开操作",
        today: "今天",
        yesterday: "昨天",
        new_messages: "新消息",
        to_latest: "跳到最新消息",
        loading: "正在加载消息…",
        load_failed: "消息加载失败。",
        start_of_history: "没有更早的消息了",
        empty_lobby: "还没有消息，打个招呼吧！",
        empty_direct: |name| format!("还没有消息。你发的内容只有{name}能看到，对方离线也能稍后查看。"),
        edited: "已编辑",
        deleted: "消息已撤回",
        notice: |name, notice| {
            let done = match notice.action {
                Action::Mute => "已被禁言",
                Action::Unmute => "已解除禁言",
                Action::Remove => "已被移出",
                Action::Ban => "已被封禁",
                Action::Unban => "已解除封禁",
                Action::Appoint => match notice.role {
                    Some(Role::Owner) => "已成为所有者",
                    Some(Role::Moderator) => "已成为管理员",
                    _ => "已成为普通成员",
                },
            };
            format!("{name} {done}")
        },
        reactions: "表情回应",
        who_reacted: |names, more| match more {
            0 => join(names, "、"),
            more => format!("{}等 {} 人", join(names, "、"), names.len() + more),
        },
        sending: "发送中…",
        waiting_for_connection: "等待网络连接",
        not_sent: "未发送。",
        not_changed: "未修改。",
        retry: "重试",
        discard: "放弃",
    },
};
