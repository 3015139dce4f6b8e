//! What happens in a room.

use crate::{
    domain::{Action, ModerationNotice, Posting, Role, RoomChange, Visibility},
    ui::i18n::{
        in_sentence::{InSentence, join},
        translations::Translations,
    },
};

pub(crate) struct RoomNoticesTexts {
    /// What the author did, and for an added user the name.
    pub(crate) change: fn(InSentence, Option<InSentence>, &RoomChange) -> String,
    /// What the author did to another user.
    pub(crate) moderated: fn(InSentence, InSentence, &ModerationNotice) -> String,
    pub(crate) people_joined: fn(&[InSentence], usize) -> String,
    pub(crate) people_left: fn(&[InSentence], usize) -> String,
    pub(crate) both: fn(String, String) -> String,
    pub(crate) show_each: &'static str,
}

/// The names and the number of further people.
fn english_people(names: &[InSentence], more: usize) -> String {
    match (names, more) {
        ([one], 0) => one.to_string(),
        ([others @ .., last], 0) => format!("{} and {last}", join(others, ", ")),
        (_, 1) => format!("{} and 1 other", join(names, ", ")),
        _ => format!("{} and {more} others", join(names, ", ")),
    }
}

fn chinese_people(names: &[InSentence], more: usize) -> String {
    match more {
        0 => join(names, "、"),
        more => format!("{}等 {} 人", join(names, "、"), names.len() + more),
    }
}

pub(crate) static ROOM_NOTICES: Translations<RoomNoticesTexts> = Translations {
    english: RoomNoticesTexts {
        change: |author, added, change| match change {
            RoomChange::Created { .. } => format!("{author} created this room"),
            RoomChange::Renamed { name } => format!("{author} renamed the room to “{}”", InSentence(name.as_str())),
            RoomChange::Topic { topic } if topic.is_empty() => format!("{author} removed the topic"),
            RoomChange::Topic { topic } => format!("{author} set the topic: {}", InSentence(topic.as_str())),
            RoomChange::Visibility { visibility: Visibility::Public } => format!("{author} made the room public"),
            RoomChange::Visibility { visibility: Visibility::Private } => format!("{author} made the room private"),
            RoomChange::Posting { posting: Posting::Everyone } => format!("{author} lets all members write"),
            RoomChange::Posting { posting: Posting::Moderators } => format!("{author} lets only moderators write"),
            RoomChange::Archived => format!("{author} archived the room"),
            RoomChange::Restored => format!("{author} restored the room"),
            RoomChange::Joined => format!("{author} joined"),
            RoomChange::Left => format!("{author} left"),
            RoomChange::Added { .. } => match added {
                Some(added) => format!("{author} added {added}"),
                None => format!("{author} added somebody"),
            },
        },
        moderated: |author, name, notice| {
            let done = match (notice.action, notice.role) {
                (Action::Mute, _) => "muted",
                (Action::Unmute, _) => "unmuted",
                (Action::Remove, _) => "removed",
                (Action::Ban, _) => "banned",
                (Action::Unban, _) => "unbanned",
                (Action::Appoint, Some(Role::Owner)) => return format!("{author} made {name} an owner"),
                (Action::Appoint, Some(Role::Moderator)) => return format!("{author} made {name} a moderator"),
                (Action::Appoint, _) => return format!("{author} made {name} a member"),
            };
            format!("{author} {done} {name}")
        },
        people_joined: |names, more| format!("{} joined", english_people(names, more)),
        people_left: |names, more| format!("{} left", english_people(names, more)),
        both: |joined, left| format!("{joined}, {left}"),
        show_each: "Show each",
    },
    chinese: RoomNoticesTexts {
        change: |author, added, change| match change {
            RoomChange::Created { .. } => format!("{author}创建了此群"),
            RoomChange::Renamed { name } => format!("{author}将群名改为“{}”", InSentence(name.as_str())),
            RoomChange::Topic { topic } if topic.is_empty() => format!("{author}移除了主题"),
            RoomChange::Topic { topic } => format!("{author}将主题设为：{}", InSentence(topic.as_str())),
            RoomChange::Visibility { visibility: Visibility::Public } => format!("{author}将此群设为公开"),
            RoomChange::Visibility { visibility: Visibility::Private } => format!("{author}将此群设为私密"),
            RoomChange::Posting { posting: Posting::Everyone } => format!("{author}允许所有成员发言"),
            RoomChange::Posting { posting: Posting::Moderators } => format!("{author}设为仅管理员可发言"),
            RoomChange::Archived => format!("{author}归档了此群"),
            RoomChange::Restored => format!("{author}恢复了此群"),
            RoomChange::Joined => format!("{author}加入了"),
            RoomChange::Left => format!("{author}退出了"),
            RoomChange::Added { .. } => match added {
                Some(added) => format!("{author}添加了{added}"),
                None => format!("{author}添加了成员"),
            },
        },
        moderated: |author, name, notice| match (notice.action, notice.role) {
            (Action::Mute, _) => format!("{author}禁言了{name}"),
            (Action::Unmute, _) => format!("{author}解除了{name}的禁言"),
            (Action::Remove, _) => format!("{author}移出了{name}"),
            (Action::Ban, _) => format!("{author}封禁了{name}"),
            (Action::Unban, _) => format!("{author}解除了{name}的封禁"),
            (Action::Appoint, Some(Role::Owner)) => format!("{author}将{name}设为所有者"),
            (Action::Appoint, Some(Role::Moderator)) => format!("{author}将{name}设为管理员"),
            (Action::Appoint, _) => format!("{author}将{name}设为普通成员"),
        },
        people_joined: |names, more| format!("{}加入了", chinese_people(names, more)),
        people_left: |names, more| format!("{}退出了", chinese_people(names, more)),
        both: |joined, left| format!("{joined}，{left}"),
        show_each: "逐条显示",
    },
};
