//! What users are called where their nickname does not say it.

use crate::ui::i18n::translations::Translations;

pub(crate) struct UsersTexts {
    pub(crate) you: &'static str,
    pub(crate) former_user: &'static str,
    pub(crate) everyone: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) moderator: &'static str,
    pub(crate) registered: &'static str,
    pub(crate) namesake: &'static str,
    pub(crate) online: &'static str,
    pub(crate) offline: &'static str,
    pub(crate) has_left: &'static str,
}

pub(crate) static USERS: Translations<UsersTexts> = Translations {
    english: UsersTexts {
        you: "you",
        former_user: "Former user",
        everyone: "Everyone",
        owner: "owner",
        moderator: "moderator",
        registered: "registered",
        namesake: "not the same person as before",
        online: "online",
        offline: "offline",
        has_left: "left for good",
    },
    chinese: UsersTexts {
        you: "你",
        former_user: "已注销用户",
        everyone: "所有人",
        owner: "所有者",
        moderator: "管理员",
        registered: "已注册",
        namesake: "不是之前那位",
        online: "在线",
        offline: "离线",
        has_left: "已离开",
    },
};
